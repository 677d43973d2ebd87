// Reads what COPY … TO STDOUT sends in its text format: a line a row, a tab between fields, \N for null, and a
// backslash before what else would be a tab, a line feed or a backslash. Fields are views of the bytes that came.
import { utf8Text } from '../../../base/bytes.ts'
import { corrupt } from '../../../base/errors.ts'

const tab = 0x09
const lineFeed = 0x0a
const backslash = 0x5c
const capitalN = 0x4e
const capitalL = 0x4c

/** A number: how long the value's text is, which was too long to be taken in (cut-row.ts). */
export type CopyRow = (Uint8Array | null | number)[]

/** `lines` ends with a line feed. @throws VarveError VARVE_CORRUPT when a row has another number of fields */
export function copyRows(lines: Uint8Array, fieldCount: number): CopyRow[] {
  const rows: CopyRow[] = []
  for (let at = 0; at < lines.length;) {
    const row: CopyRow = []
    for (let field = 0; field < fieldCount; field++) {
      let end = at
      let isEscaped = false
      for (; ; end++) {
        const byte = lines[end]!
        if (byte === tab || byte === lineFeed) break
        if (byte === backslash) {
          isEscaped = true
          end++
        }
        if (end >= lines.length) throw corrupt('the server ended in the middle of a row')
      }
      const isLast = field === fieldCount - 1
      if ((lines[end] === lineFeed) !== isLast)
        throw corrupt('the server sent a row with another number of fields')
      row.push(isEscaped ? unescaped(lines.subarray(at, end)) : lines.subarray(at, end))
      at = end + 1
    }
    rows.push(row)
  }
  return rows
}

const named: ReadonlyMap<number, number> = new Map([
  [0x62, 8],
  [0x66, 12],
  [0x6e, lineFeed],
  [0x72, 13],
  [0x74, tab],
  [0x76, 11],
])

function unescaped(field: Uint8Array): Uint8Array | null | number {
  if (field[1] === capitalL && field[0] === backslash) return Number(utf8Text(field.subarray(2)))
  if (field.length === 2 && field[1] === capitalN) return null
  const bytes = new Uint8Array(field.length)
  let length = 0
  for (let i = 0; i < field.length; i++) {
    const byte = field[i]!
    if (byte !== backslash) bytes[length++] = byte
    else {
      const next = field[++i]!
      bytes[length++] = named.get(next) ?? next
    }
  }
  return bytes.subarray(0, length)
}
