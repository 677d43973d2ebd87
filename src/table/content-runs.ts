// How much of rows lies out of line, and rows by turns, so that what is fetched of them at a time has a bound.
import { ByteReader } from '../encoding/varint.ts'
import type { Entry } from '../prolly/interface.ts'
import { cellEnd, cellTag, rowFlag } from './row.ts'

/** Bytes fetched in one turn; a row that has more has a turn of its own. */
export const contentBytesMax: number = 16 << 20

/** Groups items by the size of their contents, in order. */
export function* contentRuns<T>(items: readonly T[], bytesOf: (item: T) => number): Generator<readonly T[]> {
  let [from, bytes] = [0, 0]
  for (let i = 0; i < items.length; i++) {
    const more = bytesOf(items[i]!)
    if (i > from && bytes + more > contentBytesMax) {
      yield items.slice(from, i)
      from = i
      bytes = 0
    }
    bytes += more
  }
  if (from === 0 && items.length > 0) yield items
  else if (from < items.length) yield items.slice(from)
}

/** How many bytes of a row's cells are stored outside of it; 0 for null. */
export function entryContentBytes(entry: Pick<Entry, 'value' | 'links'> | null): number {
  return entry === null || entry.links.length === 0 ? 0 : rowContentBytes(entry.value, 0, entry.value.length)
}

/** What the row from `at` to `end` says of its cells out of line, a raw line included. */
export function rowContentBytes(values: Uint8Array, at: number, end: number): number {
  const flags = values[at++]!
  if (flags & rowFlag.lineEnd) at++
  if (flags & rowFlag.keyQuoting) while (values[at++]! >= 128);
  let bytes = 0
  for (; at < end; at = cellEnd(values, at)) {
    if (values[at]! >= cellTag.textLinked) bytes += new ByteReader(values, at + 1, end).varint()
  }
  return bytes
}
