// Looks at a file's first rows: which columns are quoted as a rule, and what their cells look like.
import { cellName } from './sniff.ts'
import type { Dialect } from './plan.ts'
import { cellMark, RecordReader } from './record.ts'

const rowsMax = 2000

export interface Sample {
  /** How many were whole. */
  readonly rows: number
  /** By column: texts of its first cells that are not empty. */
  readonly texts: readonly (readonly string[])[]
  /** By column: quoted as a rule; null when no cell tells. */
  readonly always: readonly (boolean | null)[]
}

/** Samples the rows of `head`, which begins with the first row, and whose last row may be cut. */
export function sampleRows(head: Uint8Array, dialect: Dialect, columns: number): Sample {
  const texts: string[][] = Array.from({ length: columns }, () => [])
  const quoted = new Int32Array(columns)
  const bare = new Int32Array(columns)
  const reader = new RecordReader(head, dialect)
  let rows = 0
  for (let at = 0; rows < rowsMax && at < head.length; rows++) {
    at = reader.read(at)
    if (at < 0) break
    for (let i = 0; i < Math.min(reader.count, columns); i++) {
      const mark = reader.marks[i]!
      const length = reader.ends[i]! - reader.starts[i]!
      if (mark & cellMark.quoted) {
        if (!(mark & (cellMark.soft | cellMark.hard))) quoted[i]!++
      } else if (length > 0 && !(mark & cellMark.soft)) {
        bare[i]!++
      }
      if (length > 0 && length < 100) texts[i]!.push(cellName(reader, i) ?? '')
    }
  }
  const always = texts.map((_, i) => (quoted[i] === bare[i] ? null : quoted[i]! > bare[i]!))
  return { rows, texts, always }
}
