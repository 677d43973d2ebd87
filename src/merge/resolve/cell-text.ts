// A cell from text that somebody typed, as it would stand in the table's file: in CSV all is text, in JSON Lines a
// literal of JSON. What is no literal is taken for text, so that words need no quotes.
import { utf8 } from '../../base/bytes.ts'
import { absentCell, cellOf, falseCell, nullCell, textCell, trueCell } from '../../table/cell.ts'
import type { Cell, Schema } from '../../table/interface.ts'

export function typedCell(text: string, cells: Schema['cells']): Cell {
  if (cells === 'text') return text === '' ? absentCell : textCell(text)
  const literal = text.trim()
  let value: unknown
  try {
    value = JSON.parse(literal)
  } catch {
    return textCell(text)
  }
  if (typeof value === 'string') return textCell(value)
  if (value === null) return nullCell
  if (typeof value === 'boolean') return value ? trueCell : falseCell
  return cellOf(typeof value === 'number' ? 'number' : 'json', utf8(literal))
}
