// Batches of rows with the contents of their cells out of line: fetched for many rows at once, yet never more than
// some megabytes at a time, since one row may have several cells of four.
import type { Cid } from '../encoding/cid.ts'
import { ByteReader } from '../encoding/varint.ts'
import { sliceBatch, startOf } from '../prolly/entry-batch.ts'
import type { EntryBatch } from '../prolly/interface.ts'
import type { ObjectReader, ReadOptions } from '../store/interface.ts'
import { cellEnd, cellTag, rowFlag } from '../table/row.ts'
import type { RowSource } from './interface.ts'

const fetchBytesMax = 16 << 20
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
    while (to < batch.count && (to === from || bytes < fetchBytesMax)) bytes += linkedBytes(batch, to++)
    const part = sliceBatch(batch, from, to)
    const contents = await fetched(part.links, reader, options)
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

async function fetched(
  links: readonly Cid[],
  reader: ObjectReader,
  options: ReadOptions,
): Promise<Uint8Array[]> {
  return links.length === 0 ? [] : reader.get(links, options)
}

/** What the row says of its cells out of line. */
function linkedBytes(batch: EntryBatch, row: number): number {
  const start = startOf(batch.linkEnds!, row)
  if (start === batch.linkEnds![row]) return 0
  let bytes = 0
  const { values } = batch
  const end = batch.valueEnds[row]!
  for (let at = cellsStart(values, startOf(batch.valueEnds, row)); at < end; at = cellEnd(values, at)) {
    if (values[at]! >= cellTag.textLinked) bytes += new ByteReader(values, at + 1, end).varint()
  }
  return bytes
}

/** Offset of the first cell of a row, a raw line included. */
function cellsStart(values: Uint8Array, at: number): number {
  const flags = values[at++]!
  if (flags & rowFlag.lineEnd) at++
  if (flags & rowFlag.keyQuoting) while (values[at++]! >= 128);
  return at
}
