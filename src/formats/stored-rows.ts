// A row of many as the reader of stored cells takes it.
import { startOf } from '../prolly/entry-batch.ts'
import type { StoredRow } from '../table/stored-cells.ts'
import type { RowSource } from './interface.ts'

export function storedRow(rows: RowSource, row: number): StoredRow {
  return {
    keys: rows.keys,
    keyStart: startOf(rows.keyEnds, row),
    values: rows.values,
    valueStart: startOf(rows.valueEnds, row),
    valueEnd: rows.valueEnds[row]!,
    contents: rows.contents,
    contentStart: rows.contentEnds === null ? 0 : startOf(rows.contentEnds, row),
  }
}
