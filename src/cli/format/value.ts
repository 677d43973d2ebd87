// Cells, keys and rows for people. Long cells are cut unless --verbose; of a long change, the part around the first
// difference is shown, for the two beginnings may well be the same.
import type { Row, Value } from '../../table/interface.ts'
import { stringifyExact } from '../../table/exact-json.ts'
import { shortened, visible } from '../visible.ts'
import { sizeText } from '../../base/size.ts'

const cellColumnsMax = 40
const contextChars = 12

export function valueText(value: Value): string {
  if (value === null) return '(none)'
  if (value instanceof Uint8Array) return `(${sizeText(value.length)})`
  if (typeof value === 'object') return visible(stringifyExact(value))
  if (typeof value !== 'string') return String(value)
  // Blanks at the ends would not be seen, and '(none)' is how nothing is written.
  return value === '' || value.trim() !== value || value === '(none)' ? `'${visible(value)}'` : visible(value)
}

export function shortValue(value: Value, whole: boolean): string {
  return whole ? valueText(value) : shortened(valueText(value), cellColumnsMax)
}

/** What stands behind a value that is the same as before, though its text in the file is not: 1.50 -> 1.5. */
const respelled = ' (spelled differently)'

/** Both sides of a change. Long ones are cut to the part that differs. */
export function changedValues(before: Value, after: Value, whole: boolean): readonly [string, string] {
  const texts = [valueText(before), valueText(after)] as const
  if (texts[0] === texts[1]) {
    const text = whole ? texts[0] : shortened(texts[0], cellColumnsMax)
    return [text, text + respelled]
  }
  if (whole || Math.max(texts[0].length, texts[1].length) <= cellColumnsMax) return texts
  const [a, b] = texts
  let start = 0
  while (start < a.length && a[start] === b[start]) start += 1
  const from = start <= contextChars * 2 ? 0 : start - contextChars
  const cut = (text: string): string => shortened((from === 0 ? '' : '…') + text.slice(from), cellColumnsMax)
  return [cut(a), cut(b)]
}

/** 'id=17, city=Wien', or the bare values where the columns are not known. */
export function keyText(key: readonly Value[], columns: readonly string[] = []): string {
  return key
    .map((value, i) => (columns[i] === undefined ? '' : `${visible(columns[i])}=`) + shortValue(value, false))
    .join(' ')
}

/** The row's cells that are not empty, without its key. */
export function rowText(row: Row, keyColumns: readonly string[], whole: boolean): string {
  return Object.entries(row)
    .filter(([column, value]) => value !== null && !keyColumns.includes(column))
    .map(([column, value]) => `${visible(column)}: ${shortValue(value, whole)}`)
    .join(', ')
}
