// Compares tables by content: the same header, and the same rows as a multiset. Blank lines are no rows.
import { sameBytes } from '../../base/platform.ts'
import type { DocumentSides } from '../interface.ts'
import { readTable } from './dialect.ts'
import { separator } from './key-index.ts'
import { isBlank } from './record.ts'
import { RowCells } from './row-cells.ts'
import { TextTable } from './text-table.ts'

const separatorByte = separator.charCodeAt(0)

interface RowCounts {
  readonly head: string
  /** By number of the row's text. */
  readonly counts: readonly number[]
}

/** Counts the rows of several versions, giving equal rows the same number. */
class RowCounter {
  readonly #texts = new TextTable()

  /** The counts of a version's rows; null when it is not a table. */
  count(bytes: Uint8Array, name: string): RowCounts | null {
    const file = readTable(bytes, name)
    if (file === null) return null
    const { records } = file
    const cells = new RowCells()
    const counts: number[] = Array.from({ length: this.#texts.size }, () => 0)
    for (let i = 0; i < records.length; i++) {
      if (isBlank(records, i)) continue
      cells.set(records, i)
      for (let place = 0; place < cells.count; place++) {
        if (place > 0) this.#texts.push(separatorByte)
        cells.appendValue(this.#texts, place)
      }
      const number = this.#texts.add()
      counts[number] = (counts[number] ?? 0) + 1
    }
    return { head: records.get(0)?.cells.join(separator) ?? '', counts }
  }
}

export function hasSameRows(a: Uint8Array, b: Uint8Array, name: string): boolean {
  if (sameBytes(a, b)) return true
  const counter = new RowCounter()
  const [left, right] = [counter.count(a, name), counter.count(b, name)]
  if (left === null || right === null || left.head !== right.head) return false
  if (left.counts.length !== right.counts.length) return false
  return left.counts.every((count, row) => right.counts[row] === count)
}

/** Whether each row stands as often as the three versions say: what each side added or removed is, once. */
export function countsAddUp(
  merged: Uint8Array,
  { base, ours, theirs }: DocumentSides,
  name: string,
): boolean {
  const counter = new RowCounter()
  const all = [merged, base ?? new Uint8Array(0), ours, theirs].map((bytes) => counter.count(bytes, name))
  const [result, before, left, right] = all.map((one) => one?.counts)
  if (!result || !before || !left || !right) return false
  // The last one knows all rows.
  return right.every((t, row) => {
    const [m, b, o] = [result[row] ?? 0, before[row] ?? 0, left[row] ?? 0]
    return m === o + t - b || (o === t && m === o)
  })
}
