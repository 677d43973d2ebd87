// Compares tables by content: the same header, and the same rows as a multiset. Blank lines are no rows.
import { equalBytes } from '../../base/bytes.ts'
import { textFromBytes } from '../../files/text.ts'
import type { DocumentSides } from '../interface.ts'
import { readTableText } from './dialect.ts'

const separator = '\u001f'

/** null: no table. */
function rowCounts(bytes: Uint8Array, name: string): { head: string; counts: Map<string, number> } | null {
  const file = readTableText(textFromBytes(bytes), name)
  if (file === null) return null
  const counts = new Map<string, number>()
  const { delimiter } = file.dialect
  for (const record of file.records) {
    const { text } = record
    if (text.trim() === '') continue
    const row = text.includes('"') ? record.cells.join(separator) : text.replaceAll(delimiter, separator)
    counts.set(row, (counts.get(row) ?? 0) + 1)
  }
  return { head: file.records[0]?.cells.join(separator) ?? '', counts }
}

export function hasSameRows(a: Uint8Array, b: Uint8Array, name: string): boolean {
  if (equalBytes(a, b)) return true
  const [left, right] = [rowCounts(a, name), rowCounts(b, name)]
  if (left === null || right === null || left.head !== right.head) return false
  if (left.counts.size !== right.counts.size) return false
  return [...left.counts].every(([row, count]) => right.counts.get(row) === count)
}

/** Whether each row stands as often as the three versions say: what each side added or removed is, once. */
export function countsAddUp(
  merged: Uint8Array,
  { base, ours, theirs }: DocumentSides,
  name: string,
): boolean {
  const all = [merged, base ?? new Uint8Array(0), ours, theirs].map((bytes) => rowCounts(bytes, name))
  const [result, before, left, right] = all.map((one) => one?.counts)
  if (!result || !before || !left || !right) return false
  for (const row of new Set([...result.keys(), ...before.keys(), ...left.keys(), ...right.keys()])) {
    const [m, b, o, t] = [result, before, left, right].map((counts) => counts.get(row) ?? 0) as [
      number,
      number,
      number,
      number,
    ]
    if (m !== o + t - b && !(o === t && m === o)) return false
  }
  return true
}
