// Values of MariaDB and MySQL and the cells that they are, for the contract suite.
import type { ColumnType, CellKind } from '../../src/table/interface.ts'
import type { Refusal, ValueCase } from '../../src/contract/fixture.ts'

function cases(
  type: string,
  columnType: ColumnType,
  values: readonly (readonly [literal: string, kind: CellKind, text: string])[],
): ValueCase[] {
  return values.map(([literal, kind, text]) => ({ type, columnType, literal, cell: [kind, text] }))
}

export const mysqlValues: readonly ValueCase[] = [
  ...cases('tinyint', 'int', [
    ['-128', 'number', '-128'],
    ['127', 'number', '127'],
    ['NULL', 'null', ''],
  ]),
  ...cases('tinyint(1)', 'bool', [
    ['TRUE', 'true', ''],
    ['FALSE', 'false', ''],
    ['2', 'number', '2'],
    ['-1', 'number', '-1'],
  ]),
  ...cases('bigint', 'int', [
    ['-9223372036854775808', 'number', '-9223372036854775808'],
    ['9223372036854775807', 'number', '9223372036854775807'],
  ]),
  ...cases('bigint unsigned', 'int', [
    ['18446744073709551615', 'number', '18446744073709551615'],
    ['9007199254740993', 'number', '9007199254740993'],
    ['0', 'number', '0'],
  ]),
  ...cases('int(8) zerofill', 'int', [
    ['42', 'number', '42'],
    ['0', 'number', '0'],
  ]),
  ...cases('bit(64)', 'int', [
    ["b'1'", 'number', '1'],
    ['18446744073709551615', 'number', '18446744073709551615'],
    ['0', 'number', '0'],
    ['NULL', 'null', ''],
  ]),
  ...cases('year', 'int', [
    ['2024', 'number', '2024'],
    ['0', 'number', '0'],
    ['1901', 'number', '1901'],
  ]),
  ...cases('decimal(65,30)', 'decimal', [
    [
      '12345678901234567890123456789012345.000000000000000000000000000001',
      'number',
      '12345678901234567890123456789012345.000000000000000000000000000001',
    ],
    ['-1.5', 'number', '-1.500000000000000000000000000000'],
    ['NULL', 'null', ''],
  ]),
  ...cases('decimal(6,2) zerofill', 'decimal', [
    ['1.1', 'number', '1.10'],
    ['0', 'number', '0.00'],
  ]),
  ...cases('double', 'float', [
    ['0.1e0', 'number', '0.1'],
    ['-1.7976931348623157e308', 'number', '-1.7976931348623157e+308'],
    ['-2.2250738585072014e-308', 'number', '-2.2250738585072014e-308'],
    ['5e-324', 'number', '5e-324'],
    ['1e15', 'number', '1e+15'],
    ['123456789012345e0', 'number', '123456789012345'],
    ['0.0001e0', 'number', '0.0001'],
    ['0.00001e0', 'number', '1e-05'],
    ['0e0', 'number', '0'],
    ['1234.5e0', 'number', '1234.5'],
  ]),
  ...cases('float', 'float', [
    ['0.1e0', 'number', '0.1'],
    ['16777217', 'number', '1.6777216e+07'],
    ['-3.4028234e38', 'number', '-3.4028235e+38'],
    ['123456', 'number', '123456'],
    ['1.17549435e-38', 'number', '1.1754944e-38'],
    ['3.1415927e0', 'number', '3.1415927'],
    ['NULL', 'null', ''],
  ]),
  ...cases('date', 'date', [
    ["'2024-02-29'", 'text', '2024-02-29'],
    ["'0000-00-00'", 'text', '0000-00-00'],
    ["'2024-00-10'", 'text', '2024-00-10'],
    ["'9999-12-31'", 'text', '9999-12-31'],
  ]),
  ...cases('datetime(6)', 'timestamp', [
    ["'2024-05-06 07:08:09.123456'", 'text', '2024-05-06T07:08:09.123456'],
    ["'2024-05-06 07:08:09.12'", 'text', '2024-05-06T07:08:09.12'],
    ["'2024-05-06 00:00:00'", 'text', '2024-05-06T00:00:00'],
    ["'0000-00-00 00:00:00'", 'text', '0000-00-00 00:00:00'],
    ["'2024-00-10 01:02:03'", 'text', '2024-00-10 01:02:03'],
    ['NULL', 'null', ''],
  ]),
  ...cases('datetime', 'timestamp', [["'1000-01-01 23:59:59'", 'text', '1000-01-01T23:59:59']]),
  ...cases('timestamp(3) NULL', 'timestamp', [
    ["'2024-05-06 07:08:09.100'", 'text', '2024-05-06T07:08:09.1Z'],
    ["'2038-01-19 03:14:07.999'", 'text', '2038-01-19T03:14:07.999Z'],
    ["'0000-00-00 00:00:00'", 'text', '0000-00-00 00:00:00'],
    ['NULL', 'null', ''],
  ]),
  ...cases('time(6)', 'text', [
    ["'-838:59:59.999999'", 'text', '-838:59:59.999999'],
    ["'838:00:00'", 'text', '838:00:00'],
    ["'00:00:00.5'", 'text', '00:00:00.5'],
  ]),
  ...cases('varchar(300)', 'text', [
    ["''", 'text', ''],
    ["'ends in a space '", 'text', 'ends in a space '],
    ["'Ünïcode 💧'", 'text', 'Ünïcode 💧'],
    ["REPEAT('x', 300)", 'text', 'x'.repeat(300)],
    ['NULL', 'null', ''],
  ]),
  ...cases('varchar(20) character set latin1', 'text', [
    ["'ä€'", 'text', 'ä€'],
    ["'Ä€'", 'text', 'Ä€'],
  ]),
  ...cases('char(5)', 'text', [
    ["'ab   '", 'text', 'ab'],
    ["''", 'text', ''],
  ]),
  ...cases("enum('a', 'it''s', '')", 'text', [
    ["'it''s'", 'text', "it's"],
    ["''", 'text', ''],
  ]),
  ...cases("set('x','y')", 'text', [
    ["'x,y'", 'text', 'x,y'],
    ["''", 'text', ''],
  ]),
  ...cases('json', 'json', [
    [`'{"b": 1,  "a":[1, 2.50], "b": 2}'`, 'json', '{"b": 1,  "a":[1, 2.50], "b": 2}'],
    ["'null'", 'json', 'null'],
    ['NULL', 'null', ''],
  ]),
  ...cases('longblob', 'bytes', [
    ["x'00ff5c27'", 'bytes', '00ff5c27'],
    ["x''", 'bytes', ''],
    ["REPEAT(x'00', 100000)", 'bytes', '00'.repeat(100_000)],
    ['NULL', 'null', ''],
  ]),
  ...cases('binary(4)', 'bytes', [
    ["x'00000000'", 'bytes', '00000000'],
    ["x'01'", 'bytes', '01000000'],
  ]),
  ...cases('point', 'bytes', [
    ["ST_GeomFromText('POINT(1 2)', 4326)", 'bytes', 'e61000000101000000000000000000f03f0000000000000040'],
  ]),
  ...cases('uuid', 'text', [
    ["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", 'text', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
    // Kept in this order; of the versions 1 to 5 the table turns the parts around.
    ["'01970000-9c0b-7ef8-8b6d-6bb9bd380000'", 'text', '01970000-9c0b-7ef8-8b6d-6bb9bd380000'],
    ["'a0eebc99-9c0b-1ef8-0b6d-6bb9bd380a11'", 'text', 'a0eebc99-9c0b-1ef8-0b6d-6bb9bd380a11'],
    ["'00000000-0000-0000-0000-000000000000'", 'text', '00000000-0000-0000-0000-000000000000'],
  ]),
  ...cases('inet6', 'text', [
    ["'::ffff:10.0.0.1'", 'text', '::ffff:10.0.0.1'],
    ["'::10.0.0.1'", 'text', '::10.0.0.1'],
    ["'::'", 'text', '::'],
    ["'::1'", 'text', '::1'],
    ["'fe80::'", 'text', 'fe80::'],
    ["'1:0:0:2:0:0:0:3'", 'text', '1:0:0:2::3'],
    ["'1:0:0:2:3:0:0:4'", 'text', '1::2:3:0:0:4'],
    ["'1:0:2:3:4:5:6:7'", 'text', '1::2:3:4:5:6:7'],
    ["'2001:db8:1:2:3:4:5:6'", 'text', '2001:db8:1:2:3:4:5:6'],
  ]),
  ...cases('inet4', 'text', [
    ["'10.0.0.1'", 'text', '10.0.0.1'],
    ["'10.1.0.0'", 'text', '10.1.0.0'],
    ["'0.0.0.0'", 'text', '0.0.0.0'],
  ]),
]

export const mysqlRefusals: readonly Refusal[] = [
  { type: 'varchar(3)', cell: ['text', 'too long'] },
  // Spaces that do not fit are cut without an error.
  { type: 'varchar(3)', cell: ['text', 'abc '] },
  { type: 'varchar(20) character set latin1', cell: ['text', '💧'] },
  { type: 'char(5)', cell: ['text', 'ab '] },
  { type: 'tinyint', cell: ['number', '128'] },
  { type: 'tinyint(1)', cell: ['text', 'maybe'] },
  { type: 'int', cell: ['number', '1.5'] },
  { type: 'int', cell: ['number', '1e2'] },
  { type: 'int unsigned', cell: ['number', '-1'] },
  { type: 'int', cell: ['text', 'five'] },
  { type: 'int', cell: ['text', '5; DROP TABLE v0'] },
  { type: 'bit(3)', cell: ['number', '8'] },
  { type: 'year', cell: ['number', '1900'] },
  { type: 'decimal(6,2)', cell: ['number', '1.234'] },
  { type: 'decimal(6,2)', cell: ['number', '12345.00'] },
  { type: 'float', cell: ['number', '16777217'] },
  { type: 'float', cell: ['number', '1e40'] },
  { type: 'double', cell: ['text', 'NaN'] },
  { type: 'double', cell: ['text', 'Infinity'] },
  { type: 'double', cell: ['number', '-0'] },
  { type: 'date', cell: ['text', '2024-02-30'] },
  { type: 'date', cell: ['text', '2024-05-06T07:08:09'] },
  { type: 'date', cell: ['text', 'infinity'] },
  { type: 'datetime', cell: ['text', '2024-05-06T07:08:09.5'] },
  { type: 'datetime(6)', cell: ['text', '2024-05-06T07:08:09Z'] },
  { type: 'datetime(6)', cell: ['text', '2024-05-06T07:08:09+02'] },
  { type: 'timestamp(6) NULL', cell: ['text', '2024-05-06T07:08:09'] },
  { type: 'timestamp(6) NULL', cell: ['text', '1969-05-06T07:08:09Z'] },
  { type: 'time', cell: ['text', '01:02:03.4'] },
  { type: 'time', cell: ['text', '900:00:00'] },
  { type: "enum('a','b')", cell: ['text', 'c'] },
  { type: "enum('a','b')", cell: ['text', ''] },
  { type: "set('a','b')", cell: ['text', 'a,c'] },
  { type: 'json', cell: ['text', '{'] },
  { type: 'binary(4)', cell: ['bytes', '01'] },
  { type: 'varbinary(2)', cell: ['bytes', '010203'] },
  { type: 'uuid', cell: ['text', 'x'] },
  { type: 'text', cell: ['bytes', 'ff'] },
]

const mariadbsOwn = /^(uuid|inet[46]|point)$/

/** MySQL keeps JSON in a form of its own, of which its text is made anew. */
export const mysqlOwnValues: readonly ValueCase[] = [
  ...mysqlValues.filter(
    ({ type, literal }) => !mariadbsOwn.test(type) && !/"b": 1,|838:59:59\.9/.test(literal),
  ),
  ...cases('time(6)', 'text', [["'-838:59:58.999999'", 'text', '-838:59:58.999999']]),
  ...cases('json', 'json', [
    [`'{"bb": 1,  "a":[1, 2.50], "bb": 2}'`, 'json', '{"a": [1, 2.5], "bb": 2}'],
    [
      `'{"t": true, "f": false, "n": null, "s": "a\\\\"\\\\\\\\ä💧\\\\u0001\\\\n/", "e": {}, "l": []}'`,
      'json',
      '{"e": {}, "f": false, "l": [], "n": null, "s": "a\\"\\\\ä💧\\u0001\\n/", "t": true}',
    ],
    [
      "'[0, -1, 32768, -2147483649, 18446744073709551615, 1e100, -0.1, 1.0, 1e-7, 1e20, 1234567890123456.7, 1e15, -123456789012345.6, 1e-15, 1.5e-16, -0.0, 5e-324]'",
      'json',
      '[0, -1, 32768, -2147483649, 18446744073709551615, 1e100, -0.1, 1.0, 0.0000001, 1e20, 1234567890123456.8, 1e15, -123456789012345.6, 0.000000000000001, 1.5e-16, -0.0, 5e-324]',
    ],
    ["CAST(CAST('2024-05-06 07:08:09.5' AS DATETIME(6)) AS JSON)", 'json', '"2024-05-06 07:08:09.500000"'],
    ["CAST(CAST('2024-05-06' AS DATE) AS JSON)", 'json', '"2024-05-06"'],
    ["CAST(CAST('-12:34:56' AS TIME) AS JSON)", 'json', '"-12:34:56.000000"'],
    ["JSON_OBJECT('b', CAST(x'00ff' AS BINARY))", 'json', '{"b": "base64:type15:AP8="}'],
    [
      "JSON_ARRAY(REPEAT('x', 300), REPEAT('y', 20000))",
      'json',
      `["${'x'.repeat(300)}", "${'y'.repeat(20_000)}"]`,
    ],
    ["CONCAT('[', REPEAT('12345678,', 9999), '1]')", 'json', `[${'12345678, '.repeat(9_999)}1]`],
  ]),
  // By its degrees the latitude comes first; the bytes begin with the longitude.
  ...cases('point', 'bytes', [
    ["ST_GeomFromText('POINT(1 2)', 4326)", 'bytes', 'e610000001010000000000000000000040000000000000f03f'],
  ]),
  ...cases('vector(3)', 'bytes', [["TO_VECTOR('[1, -2, 0.5]')", 'bytes', '0000803f000000c00000003f']]),
  ...cases('varchar(20) collate utf8mb4_0900_ai_ci', 'text', [
    ["'a '", 'text', 'a '],
    ["'ä'", 'text', 'ä'],
  ]),
]

export const mysqlOwnRefusals: readonly Refusal[] = [
  ...mysqlRefusals.filter(({ type }) => !mariadbsOwn.test(type)),
  { type: 'vector(3)', cell: ['bytes', '000080'] },
  { type: 'vector(1)', cell: ['bytes', '0000803f0000803f'] },
]
