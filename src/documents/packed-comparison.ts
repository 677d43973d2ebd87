// What differs between two texts, or two data files, as flat data: made in another thread, and handed on with little more
// than copying bytes. Changes are in parts of JSON, of which whoever shows a page reads only the first.
import type { UnfitDocument } from './interface.ts'
import { type LineCounts, type LineHunk, type LineOptions, cutHunks, lineHunks } from './line-hunks.ts'
import { type DocumentRowChange, diffTableDocuments } from './tables/diff-rows.ts'

const linesAtOnce = 1000
const rowsAtOnce = 200
/** Length of all parts of one comparison; what is beyond is only counted. */
const partsLengthMax = 64 << 20

export interface PackedLines {
  readonly counts: LineCounts
  readonly parts: readonly string[]
}

export interface PackedRows {
  readonly kind: 'rows'
  readonly schemaChanges: readonly string[]
  readonly keyColumns: readonly string[]
  readonly counts: {
    readonly added: number
    readonly removed: number
    readonly changed: number
    readonly cells: number
  }
  readonly parts: readonly string[]
}

/** Cuts hunks to a thousand lines at most, however large the change is. */
export function packLines(old: string, fresh: string, options: LineOptions = {}): PackedLines {
  const parts: string[] = []
  let [added, removed] = [0, 0]
  for (const hunk of cutHunks(lineHunks(old, fresh, options), linesAtOnce)) {
    for (const line of hunk.lines) {
      if (line.startsWith('+')) added++
      else if (line.startsWith('-')) removed++
    }
    parts.push(JSON.stringify(hunk))
  }
  return { counts: { added, removed }, parts }
}

export function* unpackLines({ parts }: PackedLines): Generator<LineHunk> {
  for (const part of parts) yield JSON.parse(part) as LineHunk
}

export function packRows(before: Uint8Array, after: Uint8Array, name: string): PackedRows | UnfitDocument {
  const found = diffTableDocuments(before, after, { name })
  if (found.kind === 'unfit') return found
  const { schemaChanges, keyColumns, changes } = found
  const counts = { added: 0, removed: 0, changed: 0, cells: 0 }
  const parts: string[] = []
  let batch: DocumentRowChange[] = []
  let length = 0
  const pack = (): void => {
    const part = JSON.stringify(batch)
    batch = []
    if (length < partsLengthMax) parts.push(part)
    length += part.length
  }
  for (const change of changes) {
    counts[change.kind]++
    counts.cells += change.cells.length
    if (length >= partsLengthMax) continue
    if (batch.push(change) === rowsAtOnce) pack()
  }
  if (batch.length > 0) pack()
  return { kind: 'rows', schemaChanges, keyColumns, counts, parts }
}

export function* unpackRows({ parts }: PackedRows): Generator<DocumentRowChange[]> {
  for (const part of parts) yield JSON.parse(part) as DocumentRowChange[]
}
