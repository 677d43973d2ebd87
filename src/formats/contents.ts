// Batches of rows with the contents of their cells out of line: fetched for many rows at once, yet never more than
// some megabytes at a time, since one row may have several cells of sixteen.
import { sliceBatch, startOf } from '../prolly/entry-batch.ts'
import type { EntryBatch } from '../prolly/interface.ts'
import type { ObjectReader, ReadOptions } from '../store/interface.ts'
import { readContents } from '../table/content.ts'
import { contentBytesMax, rowContentBytes } from '../table/content-runs.ts'
import type { RowSource } from './interface.ts'

const none: readonly Uint8Array[] = []

export async function* withContents(
  batch: EntryBatch,
  reader: ObjectReader,
  options: ReadOptions = {},
): AsyncGenerator<RowSource> {
  if (batch.linkEnds === null) {
    yield { ...packed(batch), contents: none, contentEnds: null }
    return
  }
  for (let from = 0; from < batch.count;) {
    let to = from
    let bytes = 0
    for (; to < batch.count; to++) {
      const more = linkedBytes(batch, to)
      if (to > from && bytes + more > contentBytesMax) break
      bytes += more
    }
    const part = sliceBatch(batch, from, to)
    const contents = await readContents(reader, part.links, options)
    yield { ...packed(part), contents, contentEnds: part.linkEnds }
    from = to
  }
}

function packed({
  count,
  keys,
  keyEnds,
  values,
  valueEnds,
}: EntryBatch): Omit<RowSource, 'contents' | 'contentEnds'> {
  return { count, keys, keyEnds, values, valueEnds }
}

/** How many bytes of a row's cells are stored outside of the row, as the row says. */
function linkedBytes({ values, valueEnds, linkEnds }: EntryBatch, row: number): number {
  if (startOf(linkEnds!, row) === linkEnds![row]) return 0
  return rowContentBytes(values, startOf(valueEnds, row), valueEnds[row]!)
}
