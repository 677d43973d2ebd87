// Casts a cell to a column's type, where that loses nothing that the type is about: '1.50' as a decimal keeps its zero,
// '1.5' is no int.
import { utf8 } from '../base/bytes.ts'
import { cellOf, cellText, falseCell, textCell, trueCell } from './cell.ts'
import type { Cell, ColumnType } from './interface.ts'

const number = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/
const date = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/
const timestamp =
  /^([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)?)$/
const trueWords: ReadonlySet<string> = new Set(['true', 't', 'yes', 'y', '1'])
const falseWords: ReadonlySet<string> = new Set(['false', 'f', 'no', 'n', '0'])

/** The cell in another type; null when the type has no such value. */
export function castCell(cell: Cell, type: ColumnType): Cell | null {
  if (cell.kind === 'null' || cell.kind === 'absent') return cell
  if (cell.kind === 'bytes') return type === 'bytes' ? cell : null
  const text = cell.kind === 'true' || cell.kind === 'false' ? cell.kind : cellText(cell)
  switch (type) {
    case 'text':
      return textCell(text)
    case 'int':
      return intOf(text.trim())
    case 'decimal':
    case 'float':
      return number.test(plain(text)) ? cellOf('number', utf8(plain(text))) : null
    case 'bool':
      return boolOf(text.trim().toLowerCase())
    case 'date':
      return dateOf(text.trim())
    case 'timestamp':
      return timestampOf(text.trim())
    case 'bytes':
      return cellOf('bytes', utf8(text))
    case 'json':
      return jsonOf(cell, text)
  }
}

function intOf(text: string): Cell | null {
  // Two repeats of one digit side by side would try each way to share it out: a text of a megabyte would take days.
  const [, sign, all] = /^([+-]?)([0-9]+)(?:\.0+)?$/.exec(text) ?? []
  if (all === undefined) return null
  const digits = all.replace(/^0+(?=[0-9])/, '')
  return cellOf('number', utf8(sign === '-' && digits !== '0' ? `-${digits}` : digits))
}

function boolOf(word: string): Cell | null {
  if (trueWords.has(word)) return trueCell
  return falseWords.has(word) ? falseCell : null
}

function dateOf(text: string): Cell | null {
  const day = date.test(text) ? text : timestamp.exec(text)?.[1]
  return day === undefined || !isDay(day) ? null : textCell(day)
}

function timestampOf(text: string): Cell | null {
  if (date.test(text)) return isDay(text) ? textCell(`${text}T00:00:00`) : null
  const parts = timestamp.exec(text)
  return parts === null || !isDay(parts[1]!) ? null : textCell(`${parts[1]}T${parts[2]}`)
}

function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)
}

function jsonOf(cell: Cell, text: string): Cell | null {
  if (cell.kind !== 'text') return cellOf('json', utf8(text))
  try {
    JSON.parse(text)
  } catch {
    return null
  }
  return cellOf('json', utf8(text))
}

/** The text without white space around it and without a plus sign. '+1,5' stays what it is: no locale is guessed. */
function plain(text: string): string {
  const trimmed = text.trim()
  return trimmed.startsWith('+') ? trimmed.slice(1) : trimmed
}
