// Rows as functions are given them: what a column of numbers holds is a number, in CSV too, where every cell is text. Texts
// of digits would be joined where numbers are added up.
import { utf8 } from '../base/bytes.ts'
import { cellOf, cellValue, jsonNumber } from '../table/cell.ts'
import type { Row, Schema, Value } from '../table/interface.ts'

export function givenRows({ columns, cells }: Schema, rows: readonly Row[]): readonly Row[] {
  if (cells !== 'text') return rows
  // For whole numbers that is so everywhere.
  const numbers = columns.filter(({ type }) => type === 'decimal' || type === 'float')
  if (numbers.length === 0) return rows
  return rows.map((row) => {
    const given = Object.assign(Object.create(null) as Record<string, Value>, row)
    for (const { name, type } of numbers) {
      const value = row[name]
      if (typeof value === 'string' && jsonNumber.test(value))
        given[name] = cellValue(cellOf('number', utf8(value)), type)
    }
    return given
  })
}
