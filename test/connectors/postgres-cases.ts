// Values of PostgreSQL and the cells that they are, for the contract suite.
import type { ColumnType, CellKind } from '../../src/table/interface.ts'
import type { Refusal, ValueCase } from '../../src/contract/fixture.ts'

function cases(
  type: string,
  columnType: ColumnType,
  values: readonly (readonly [literal: string, kind: CellKind, text: string])[],
): ValueCase[] {
  return values.map(([literal, kind, text]) => ({ type, columnType, literal, cell: [kind, text] }))
}

export const postgresValues: readonly ValueCase[] = [
  ...cases('smallint', 'int', [
    ['32767', 'number', '32767'],
    ['-32768', 'number', '-32768'],
    ['NULL', 'null', ''],
  ]),
  ...cases('bigint', 'int', [
    ['9223372036854775807', 'number', '9223372036854775807'],
    ['-9223372036854775808', 'number', '-9223372036854775808'],
    ['0', 'number', '0'],
  ]),
  ...cases('numeric', 'decimal', [
    ['123456789012345678901234567890.000100', 'number', '123456789012345678901234567890.000100'],
    ['1.10', 'number', '1.10'],
    ['1e-20', 'number', '0.00000000000000000001'],
    ["'NaN'", 'text', 'NaN'],
    ['NULL', 'null', ''],
  ]),
  ...cases('double precision', 'float', [
    ['0.1', 'number', '0.1'],
    ["'-0'", 'number', '-0'],
    ['5e-324', 'number', '5e-324'],
    ['1.7976931348623157e308', 'number', '1.7976931348623157e+308'],
    ["'Infinity'", 'text', 'Infinity'],
    ["'-Infinity'", 'text', '-Infinity'],
    ["'NaN'", 'text', 'NaN'],
  ]),
  ...cases('real', 'float', [
    ['0.1', 'number', '0.1'],
    ['3.4028235e38', 'number', '3.4028235e+38'],
  ]),
  ...cases('boolean', 'bool', [
    ['true', 'true', ''],
    ['false', 'false', ''],
    ['NULL', 'null', ''],
  ]),
  ...cases('timestamp', 'timestamp', [
    ["'2024-05-06 07:08:09.123456'", 'text', '2024-05-06T07:08:09.123456'],
    ["'2024-05-06 07:08:09'", 'text', '2024-05-06T07:08:09'],
    ["'infinity'", 'text', 'infinity'],
    ["'0044-03-15 12:00:00 BC'", 'text', '0044-03-15 12:00:00 BC'],
  ]),
  ...cases('timestamptz', 'timestamp', [
    ["'2024-05-06 07:08:09.1+03'", 'text', '2024-05-06T04:08:09.1Z'],
    ["'-infinity'", 'text', '-infinity'],
  ]),
  ...cases('date', 'date', [
    ["'2024-02-29'", 'text', '2024-02-29'],
    ["'0044-03-15 BC'", 'text', '0044-03-15 BC'],
  ]),
  ...cases('bytea', 'bytes', [
    ["'\\x00ff5c'", 'bytes', '00ff5c'],
    ["'\\x'", 'bytes', ''],
    ['NULL', 'null', ''],
  ]),
  ...cases('json', 'json', [
    [`'{"b": 1,  "a":[1, 2.50], "b": 2}'`, 'json', '{"b": 1,  "a":[1, 2.50], "b": 2}'],
    ["'null'", 'json', 'null'],
    ['NULL', 'null', ''],
  ]),
  ...cases('jsonb', 'json', [[`'{"b": 1.50, "a": null}'`, 'json', '{"a": null, "b": 1.50}']]),
  ...cases('text[]', 'text', [
    [`ARRAY['a,b', NULL, 'q"uote', '']`, 'text', '{"a,b",NULL,"q\\"uote",""}'],
    ["'{}'", 'text', '{}'],
  ]),
  ...cases('uuid', 'text', [
    ["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", 'text', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ]),
  ...cases('interval', 'text', [["'1 year 2 mons 3 days 04:05:06.7'", 'text', 'P1Y2M3DT4H5M6.7S']]),
  ...cases('char(5)', 'text', [["'ab'", 'text', 'ab']]),
]

export const postgresRefusals: readonly Refusal[] = [
  { type: 'text', cell: ['text', 'a\u0000b'] },
  { type: 'varchar(3)', cell: ['text', 'too long'] },
  { type: 'smallint', cell: ['number', '32768'] },
  { type: 'int', cell: ['number', '1.5'] },
  { type: 'int', cell: ['text', 'five'] },
  { type: 'boolean', cell: ['text', 'maybe'] },
  { type: 'timestamp', cell: ['text', '2024-02-30T00:00:00'] },
  { type: 'json', cell: ['text', '{'] },
  { type: 'uuid', cell: ['text', 'x'] },
]
