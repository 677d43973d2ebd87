// Whether a column would keep a cell, before anything is sent: what comes from a branch may be of any length.
import { describe, expect, test } from 'vitest'
import { type MysqlColumn, familyOf } from '../../src/connectors/mysql/types.ts'
import { unstorableReason } from '../../src/connectors/mysql/values.ts'
import { textCell } from '../../src/table/cell.ts'

function column(dataType: string, fractionDigits: number): MysqlColumn {
  return {
    name: 'at',
    nativeType: dataType,
    family: familyOf(dataType, dataType),
    type: 'timestamp',
    nullable: true,
    generated: false,
    isText: false,
    charset: null,
    members: [],
    computedBy: null,
    fractionDigits,
    lengthMax: null,
    isUnsigned: false,
    onUpdate: false,
  }
}

test.each([
  ['year', '5', "column 'at' holds years from 1901 on, not '5'"],
  ['year', '99', "column 'at' holds years from 1901 on, not '99'"],
  ['year', '0', null],
  ['year', '1901', null],
  ['date', '24-01-05', "column 'at' needs a year of four digits"],
  ['date', '20240105', "column 'at' needs a year of four digits"],
  ['date', '0000-00-00', null],
  ['datetime', '24-01-05 10:00:00', "column 'at' needs a year of four digits"],
  ['time', '101112', "column 'at' needs a time of hours and minutes"],
  ['time', '-838:59:59', null],
] as const)('what the server would take for another value is refused: %s %s', (type, text, reason) => {
  expect(unstorableReason(column(type, 0), textCell(text))).toBe(reason)
})

test('a number is no member of an ENUM or a SET that has not got it', () => {
  const of = (...members: string[]): MysqlColumn => ({ ...column('enum', 0), members })
  expect(unstorableReason(of('a', 'b'), textCell('1'))).toBe("column 'at' has no member '1'")
  expect(unstorableReason(of('2', '1'), textCell('1'))).toBe(null)
  expect(unstorableReason(of('a', 'b'), textCell('a'))).toBe(null)
})

describe('times for MySQL', () => {
  test.each([
    ['datetime', '2024-05-06T07:08:09.1200', 2, null],
    ['datetime', '2024-05-06T07:08:09.1201', 3, "column 'at' keeps 3 digits of a second's fraction"],
    ['datetime', '2024-05-06T07:08:09.000', 0, null],
    ['timestamp', '2024-05-06T07:08:09.5000Z', 1, null],
    ['timestamp', '2024-05-06T07:08:09.5001Z', 1, "column 'at' keeps 1 digits of a second's fraction"],
    ['time', '-00:00:00.010', 2, null],
  ])('%s %s in %i digits', (type, text, digits, reason) => {
    expect(unstorableReason(column(type, digits), textCell(text))).toBe(reason)
  })

  test('a long text that is none is looked at once', () => {
    const start = performance.now()
    for (const text of [`.${'0'.repeat(1 << 20)}x`, '.0'.repeat(1 << 19), `.${'0'.repeat(1 << 20)}1x`])
      unstorableReason(column('datetime', 6), textCell(text))
    expect(performance.now() - start).toBeLessThan(5_000)
  })
})
