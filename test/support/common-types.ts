// The common types of columns, as each database calls them, with values as SQL. Of two names of a type in one database the
// first is for the one side of a pair, the last for the other.

export type System = 'PostgreSQL' | 'MariaDB' | 'MySQL' | 'SQLite'

export interface CommonType {
  readonly name: string
  readonly columns: Readonly<Partial<Record<System, readonly [string, ...string[]]>>>
  readonly values: readonly string[]
  /** Of a database that writes them in another way. */
  readonly own?: Readonly<Partial<Record<System, readonly string[]>>>
  /** How one value may be shown by two databases; default: as numbers. */
  readonly form?: Form
  /** It cannot be a key. */
  readonly isNoKey?: true
}

type Form =
  | ('number' | 'float' | 'float32' | 'boolean' | 'time' | 'blanks' | 'letters')
  | ('json' | 'numbers' | 'host' | 'mac' | 'money' | 'text' | 'bytes')

function type(
  name: string,
  columns: Readonly<Partial<Record<Exclude<System, 'MySQL'>, string>>>,
  values: readonly string[],
  form: Form = 'number',
  more: Pick<CommonType, 'own' | 'isNoKey'> = {},
): CommonType {
  const MySQL = columns.MariaDB?.replaceAll(/\b(uuid|inet6)\b/g, (word) => missing.get(word)!)
  const all = { ...columns, ...(MySQL === undefined ? {} : { MySQL }) }
  const named = Object.entries(all).map(([system, names]) => [system, names.split(' | ')])
  return { name, columns: Object.fromEntries(named) as CommonType['columns'], values, form, ...more }
}

/** What MariaDB has and MySQL has not. */
const missing: ReadonlyMap<string, string> = new Map([
  ['uuid', 'char(36)'],
  ['inet6', 'varchar(39)'],
])

const integers = { PostgreSQL: 'int | bigint', MariaDB: 'int | bigint', SQLite: 'int | integer' }
const texts = ["'Ada'", "'ada'", "''", "'b '", "'ä😀é'", "'e\u0301'", "'1.0'", "'1.00'", "' x'"]

export const commonTypes: readonly CommonType[] = [
  type(
    'boolean',
    { PostgreSQL: 'boolean', MariaDB: 'boolean', SQLite: 'boolean' },
    ['true', 'false'],
    'boolean',
  ),
  type(
    'boolean and int',
    { PostgreSQL: 'boolean | boolean', MariaDB: 'int | boolean', SQLite: 'integer | boolean' },
    ['true', 'false'],
    'boolean',
  ),
  type('smallint', { PostgreSQL: 'smallint | int', MariaDB: 'smallint | int', SQLite: 'smallint' }, [
    '-32768',
    '32767',
    '0',
    '7',
  ]),
  type('int', integers, ['-2147483648', '2147483647', '0', '8']),
  type(
    'bigint',
    { PostgreSQL: 'bigint | numeric(20,0)', MariaDB: 'bigint | decimal(20,0)', SQLite: 'bigint' },
    ['-9223372036854775808', '9223372036854775807', '0', '9'],
  ),
  type(
    'unsigned',
    { PostgreSQL: 'numeric(20,0) | numeric', MariaDB: 'bigint unsigned', SQLite: 'bigint' },
    ['0', '1', '9007199254740993', '18446744073709551615'],
    'number',
    { own: { SQLite: ['0', '1', '9007199254740993', '5'] } },
  ),
  type(
    'decimal',
    {
      PostgreSQL: 'numeric(10,2) | numeric(12,3)',
      MariaDB: 'decimal(10,2) | decimal(12,3)',
      SQLite: 'numeric(10,2) | decimal',
    },
    ['1.5', '1.00', '-2.25', '0', '100', '99999.99', '-0.01'],
  ),
  type(
    'decimal of another scale',
    { PostgreSQL: 'numeric(10,1) | numeric', MariaDB: 'decimal(12,4)', SQLite: 'real' },
    ['1.5', '2.0', '-2.5', '0', '100', '7'],
  ),
  type('numeric', { PostgreSQL: 'numeric | numeric(12,3)', MariaDB: 'decimal(30,10)', SQLite: 'numeric' }, [
    '1.50',
    '1',
    '2.000',
    '0',
    '0.125',
    '-3.10',
  ]),
  type(
    'real',
    { PostgreSQL: 'real | double precision', MariaDB: 'float | double', SQLite: 'real' },
    ['0.5', '1', '-1.25', '16777216', '1e30', '0.1'],
    'float32',
  ),
  type(
    'double',
    { PostgreSQL: 'double precision', MariaDB: 'double', SQLite: 'double' },
    ['0.1', '1e300', '-1e-300', '0', '1', '123456789012345680', '1e15', '1e21', '0.000001', '1.5'],
    'float',
  ),
  type(
    'double and decimal',
    { PostgreSQL: 'double precision | numeric', MariaDB: 'decimal(20,4) | double', SQLite: 'numeric' },
    ['0.5', '1', '1.25', '100000', '-7'],
    'float',
  ),
  type(
    'no numbers',
    { PostgreSQL: 'double precision | numeric', MariaDB: 'double', SQLite: 'real' },
    ['1', '2', '3'],
    'float',
    { own: { PostgreSQL: ["'NaN'", "'Infinity'", "'-Infinity'", "'-0'"], SQLite: ['9e999', '-9e999', '4'] } },
  ),
  type(
    'text',
    { PostgreSQL: 'text', MariaDB: 'varchar(100) character set utf8mb4 collate utf8mb4_bin', SQLite: 'text' },
    texts,
    'text',
  ),
  type(
    'varchar',
    { PostgreSQL: 'varchar(20) | text', MariaDB: 'varchar(20) | varchar(30)', SQLite: 'varchar(20)' },
    texts,
    'text',
  ),
  type(
    'char',
    { PostgreSQL: 'char(5) | char(8)', MariaDB: 'char(5) | char(8)', SQLite: 'char(5)' },
    ["'ab'", "'cd   '", "''", "'ABCDE'"],
    'blanks',
  ),
  type(
    'char and text',
    { PostgreSQL: 'char(5) | text', MariaDB: 'varchar(10)', SQLite: 'text' },
    ["'ab'", "'cd   '", "''", "'Ab'"],
    'blanks',
  ),
  type(
    'bytes',
    { PostgreSQL: 'bytea', MariaDB: 'varbinary(50)', SQLite: 'blob' },
    ["x'00ff'", "x'61'", "x'6100'", "x'0a'"],
    'bytes',
    { own: { PostgreSQL: ["'\\x00ff'", "'\\x61'", "'\\x6100'", "'\\x0a'"] } },
  ),
  type(
    'binary(4)',
    { PostgreSQL: 'bytea', MariaDB: 'binary(4)', SQLite: 'blob' },
    ["x'00ff0000'", "x'61620000'", "x'61'", "x'7a7a7a7a'"],
    'bytes',
    { own: { PostgreSQL: ["'\\x00ff0000'", "'\\x6162'", "'\\x61'", "'\\x7a7a7a7a'"] } },
  ),
  type(
    'date',
    { PostgreSQL: 'date', MariaDB: 'date', SQLite: 'date' },
    ["'2024-02-29'", "'0001-01-01'", "'9999-12-31'", "'1970-01-01'"],
    'time',
    { own: { PostgreSQL: ["'infinity'", "'0044-03-15 BC'", "'1985-02-03'", "'1970-01-02'"] } },
  ),
  type(
    'date and timestamp',
    { PostgreSQL: 'date | timestamp', MariaDB: 'datetime | date', SQLite: 'date' },
    ["'2024-02-29'", "'2000-01-01'", "'1999-12-31'", "'1970-01-01'"],
    'time',
  ),
  type(
    'time',
    { PostgreSQL: 'time', MariaDB: 'time(6)', SQLite: 'time' },
    ["'12:34:56'", "'00:00:00'", "'23:59:59.999999'", "'01:02:03.5'"],
    'time',
  ),
  type(
    'timetz',
    { PostgreSQL: 'timetz', MariaDB: 'varchar(30)', SQLite: 'text' },
    ["'12:34:56+02'", "'00:00:00+00'", "'23:59:59.5-03:30'"],
    'text',
  ),
  type(
    'timestamp',
    { PostgreSQL: 'timestamp', MariaDB: 'datetime(6)', SQLite: 'timestamp' },
    [
      "'2024-02-29 12:34:56'",
      "'2024-02-29 12:34:56.123456'",
      "'1969-12-31 23:59:59.5'",
      "'2024-01-01 00:00:00'",
    ],
    'time',
    {
      own: {
        PostgreSQL: [
          "'2024-03-01 12:34:56.123456'",
          "'2024-02-28 12:34:56'",
          "'infinity'",
          "'0044-03-15 01:02:03 BC'",
        ],
      },
    },
  ),
  type(
    'timestamptz',
    { PostgreSQL: 'timestamptz | timestamptz(3)', MariaDB: 'timestamp(6)', SQLite: 'datetime' },
    [
      "'2024-02-29 12:34:56'",
      "'2024-02-29 12:34:56.123000'",
      "'1985-12-31 23:59:59.5'",
      "'2024-01-01 00:00:00'",
    ],
    'time',
    {
      own: {
        PostgreSQL: [
          "'2024-02-29 12:34:56+05:30'",
          "'2024-02-29 12:34:56.123-03'",
          "'0044-03-15 01:02:03 BC'",
          "'-infinity'",
          "'2024-05-05 05:05:05'",
        ],
      },
    },
  ),
  type(
    'timestamptz and timestamp',
    { PostgreSQL: 'timestamptz | timestamp', MariaDB: 'datetime | timestamp', SQLite: 'timestamp' },
    ["'2024-02-29 12:34:56'", "'1985-12-31 23:59:59'", "'2024-01-01 00:00:00'"],
    'time',
  ),
  type(
    'interval',
    { PostgreSQL: 'interval', MariaDB: 'varchar(60)', SQLite: 'text' },
    ["'P1Y2M3DT4H5M6S'", "'PT0S'", "'P1D'"],
    'text',
    { own: { PostgreSQL: ["'1 year 2 mons'", "'-3 days 04:05:06.7'", "'24 hours'", "'1 day'"] } },
  ),
  type(
    'uuid',
    { PostgreSQL: 'uuid', MariaDB: 'uuid', SQLite: 'text' },
    [
      "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
      "'00000000-0000-0000-0000-000000000000'",
      "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A12'",
    ],
    'letters',
  ),
  type(
    'uuid and text',
    { PostgreSQL: 'uuid | text', MariaDB: 'char(36) | uuid', SQLite: 'text' },
    [
      "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
      "'00000000-0000-0000-0000-000000000000'",
      "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A12'",
      "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A13'",
    ],
    'letters',
  ),
  type(
    'json',
    { PostgreSQL: 'json | jsonb', MariaDB: 'json', SQLite: 'json' },
    ['\'{"b": 1.0, "a": [1, null, "x"]}\'', "'1'", '\'"t"\'', "'null'", "'[]'"],
    'json',
    { isNoKey: true },
  ),
  type(
    'jsonb',
    { PostgreSQL: 'jsonb', MariaDB: 'json', SQLite: 'json' },
    ['\'{"b":1.0,"a":[1,null,"x"]}\'', "'1e2'", "'[ ]'", '\'{"a": 1, "b": {"c": 2}}\''],
    'json',
    { isNoKey: true },
  ),
  type(
    'array',
    { PostgreSQL: 'int[] | bigint[]', MariaDB: 'varchar(60)', SQLite: 'text' },
    ["'{1,2}'", "'{}'", "'{{1},{2}}'", "'{NULL}'"],
    'text',
  ),
  type(
    'array of numeric',
    { PostgreSQL: 'numeric(5,2)[] | numeric(6,3)[]', MariaDB: 'varchar(60)', SQLite: 'text' },
    ["'{1.50,2.00}'", "'{}'", "'{0.25}'"],
    'numbers',
  ),
  type(
    'range',
    { PostgreSQL: 'int4range | int8range', MariaDB: 'varchar(60)', SQLite: 'text' },
    ["'[1,5)'", "'empty'", "'[7,)'"],
    'text',
  ),
  type(
    'enum',
    { PostgreSQL: 'mood | text', MariaDB: "enum('sad','ok','happy') | varchar(20)", SQLite: 'text' },
    ["'sad'", "'ok'", "'happy'"],
    'text',
  ),
  type(
    'set',
    { PostgreSQL: 'text', MariaDB: "set('a','b','c') | varchar(20)", SQLite: 'text' },
    ["'a'", "'a,b'", "'c'", "''"],
    'text',
  ),
  type('bit', { PostgreSQL: 'bit(4)', MariaDB: 'bit(4)', SQLite: 'integer' }, ['5', '0', '15'], 'text', {
    own: { PostgreSQL: ["B'0101'", "B'0000'", "B'1111'"] },
  }),
  type(
    'inet',
    { PostgreSQL: 'inet | cidr', MariaDB: 'inet6', SQLite: 'text' },
    ["'::1'", "'2001:db8::ff'", "'::'"],
    'host',
    { own: { PostgreSQL: ["'10.0.0.0/8'", "'192.168.1.1'", "'::1'"] } },
  ),
  type(
    'inet and text',
    { PostgreSQL: 'inet | text', MariaDB: 'varchar(50)', SQLite: 'text' },
    ["'10.0.0.0/8'", "'::1'", "'192.168.1.1'"],
    'host',
  ),
  type(
    'macaddr',
    { PostgreSQL: 'macaddr | macaddr8', MariaDB: 'varchar(30)', SQLite: 'text' },
    ["'08:00:2b:01:02:03'", "'08:00:2b:01:02:04'"],
    'mac',
  ),
  type(
    'money',
    { PostgreSQL: 'money | numeric(12,2)', MariaDB: 'decimal(12,2)', SQLite: 'numeric(12,2)' },
    ['1.5', '0', '-12.34'],
    'money',
    { own: { PostgreSQL: ['1.5', '0', '1234.56'] } },
  ),
  type('year', { PostgreSQL: 'smallint', MariaDB: 'year | int', SQLite: 'integer' }, [
    '2024',
    '1901',
    '2155',
  ]),
  type(
    'xml',
    { PostgreSQL: 'xml | text', MariaDB: 'text', SQLite: 'text' },
    ['\'<a b="1"/>\'', "'<x>1</x>'"],
    'text',
    { isNoKey: true },
  ),
  type(
    'point',
    { PostgreSQL: 'point', MariaDB: 'point', SQLite: 'blob' },
    ['POINT(1, 2)', 'POINT(0.5, -3)'],
    'text',
    { isNoKey: true, own: { SQLite: ["x'00'"] } },
  ),
  type('domain', { PostgreSQL: 'price | numeric(10,2)', MariaDB: 'decimal(10,2)', SQLite: 'numeric' }, [
    '1.5',
    '2.00',
    '0',
  ]),
  type(
    'composite',
    { PostgreSQL: 'pair | text', MariaDB: 'varchar(60)', SQLite: 'text' },
    ["'(1,a)'", '\'(2,"b c")\''],
    'text',
  ),
  type(
    'citext',
    {
      PostgreSQL: 'text',
      MariaDB: 'varchar(20) collate utf8mb4_general_ci | varchar(20) collate utf8mb4_bin',
      SQLite: 'text collate nocase',
    },
    ["'x'", "'Y'", "'z'", "'Z2'"],
    'text',
  ),
]

/** Each is in a database of its own kind before its tables are made. */
export const preparation: Readonly<Record<System, readonly string[]>> = {
  PostgreSQL: [
    "SET timezone = 'UTC'",
    "SET intervalstyle = 'iso_8601'",
    "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')",
    'CREATE DOMAIN price AS numeric(10,2)',
    'CREATE TYPE pair AS (a int, b text)',
  ],
  MariaDB: ["SET time_zone = '+00:00'"],
  MySQL: ["SET time_zone = '+00:00'"],
  SQLite: [],
}
