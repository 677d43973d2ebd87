// Values of SQLite, whose columns hold whatever is written to them, and the cells that they are.
import type { CellKind, ColumnType } from '../../src/table/interface.ts'
import type { Refusal, ValueCase } from '../../src/contract/fixture.ts'

function cases(
  type: string,
  columnType: ColumnType,
  values: readonly (readonly [literal: string, kind: CellKind, text: string])[],
): ValueCase[] {
  return values.map(([literal, kind, text]) => ({ type, columnType, literal, cell: [kind, text] }))
}

const anything = [
  ["'text'", 'text', 'text'],
  ["x'00ff5c'", 'bytes', '00ff5c'],
  ["x''", 'bytes', ''],
  ["''", 'text', ''],
  ["'a' || char(0) || 'b'", 'text', 'a\u0000b'],
  ['NULL', 'null', ''],
  ['0.1', 'number', '0.1'],
  ['5e-324', 'number', '5e-324'],
  ['9e999', 'number', '9e999'],
  ['-9e999', 'number', '-9e999'],
  ['1e300', 'number', '1e+300'],
] as const

export const sqliteValues: readonly ValueCase[] = [
  ...cases('INTEGER', 'int', [
    ...anything,
    ['9223372036854775807', 'number', '9223372036854775807'],
    ['-9223372036854775808', 'number', '-9223372036854775808'],
    ['5.0', 'number', '5'],
    ["'5'", 'number', '5'],
    ['1e20', 'number', '100000000000000000000.0'],
  ]),
  ...cases('REAL', 'float', [
    ...anything,
    ['5', 'number', '5'],
    ['-1e21', 'number', '-1e+21'],
    ['-0.0', 'number', '0'],
  ]),
  ...cases('NUMERIC(10, 2)', 'decimal', [
    ...anything,
    ['1.10', 'number', '1.1'],
    ["'1.10'", 'number', '1.1'],
  ]),
  ...cases('TEXT', 'text', [
    ["'Ada'", 'text', 'Ada'],
    ["'5'", 'text', '5'],
    ['5', 'text', '5'],
    ["x'ff'", 'bytes', 'ff'],
    ['NULL', 'null', ''],
  ]),
  ...cases('BLOB', 'bytes', [
    ...anything,
    ["'5'", 'text', '5'],
    ['5', 'number', '5'],
    ['5.0', 'number', '5.0'],
    ["CAST('-0.0' AS REAL)", 'number', '-0.0'],
  ]),
  ...cases('', 'text', [...anything, ['5', 'number', '5'], ['5.0', 'number', '5.0']]),
  ...cases('BOOLEAN', 'bool', [
    ['1', 'true', ''],
    ['0', 'false', ''],
    ['2', 'number', '2'],
    ["'true'", 'text', 'true'],
    ['NULL', 'null', ''],
  ]),
  ...cases('JSON', 'json', [
    [`'{"a": 1.50, "b":[]}'`, 'json', '{"a": 1.50, "b":[]}'],
    ["'{'", 'text', '{'],
    ['5', 'json', '5'],
    ["'1.50'", 'json', '1.5'],
  ]),
  ...cases('DATETIME', 'timestamp', [
    ["'2024-05-06 07:08:09.123456'", 'text', '2024-05-06 07:08:09.123456'],
    ['1714979289', 'number', '1714979289'],
  ]),
  ...cases('TEXT COLLATE NOCASE', 'text', [
    ["'Ada'", 'text', 'Ada'],
    ["'ADA'", 'text', 'ADA'],
  ]),
]

export const sqliteRefusals: readonly Refusal[] = [
  { type: 'INTEGER', cell: ['text', '5'] },
  { type: 'INTEGER', cell: ['text', ' 1e3 '] },
  { type: 'INTEGER', cell: ['text', '0101'] },
  { type: 'INTEGER', cell: ['number', '5.5e-400'] },
  { type: 'INTEGER', cell: ['number', '9223372036854775808'] },
  { type: 'TEXT', cell: ['number', '5'] },
  { type: 'TEXT', cell: ['json', '{}'] },
  { type: 'NUMERIC', cell: ['number', '1.1000000000000000000001'] },
  { type: 'REAL', cell: ['number', '0.1000000000000000055511151231257827'] },
  { type: 'REAL', cell: ['number', '-0'] },
  { type: 'JSON', cell: ['text', '{}'] },
  { type: 'TEXT CHECK (length(v) < 4)', cell: ['text', 'too long'] },
]
