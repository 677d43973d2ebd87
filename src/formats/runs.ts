// Sorted runs of rows, and their merge into one. A run is a stream of batches in key order; the merge moves as many
// rows at once as stay below the other runs' next keys.
import { compareRanges, equalBytes } from '../base/bytes.ts'
import type { Cid } from '../encoding/cid.ts'
import { BatchBuilder } from '../prolly/batch-builder.ts'
import { keyAt, startOf } from '../prolly/entry-batch.ts'
import type { EntryBatch } from '../prolly/interface.ts'
import { type PackedRows, entriesOf } from './packed.ts'
import { gatherRows } from './gather.ts'
import { sortRows } from './sort.ts'

const batchBytes = 1 << 20

/** Thrown when two rows have one key. */
export class DuplicateKey extends Error {
  readonly key: Uint8Array

  constructor(key: Uint8Array) {
    super('two rows have one key')
    this.key = key.slice()
  }
}

/** Rows with the names of their contents. */
export interface NamedRows extends PackedRows {
  readonly links: readonly Cid[]
}

/** The rows of all batches in key order. @throws DuplicateKey */
export function* sortedBatches(rows: readonly NamedRows[]): Generator<EntryBatch> {
  const batches = rows.map((batch) => entriesOf(batch, batch.links))
  const { batchOf, rowOf } = sortRows(rows)
  let last: Uint8Array | null = null
  for (const batch of gatherRows({ batches, batchOf, rowOf })) {
    checkAscending(last, batch)
    last = keyAt(batch, batch.count - 1)
    yield batch
  }
}

function checkAscending(last: Uint8Array | null, batch: EntryBatch): void {
  if (last !== null && equalBytes(last, keyAt(batch, 0))) throw new DuplicateKey(last)
  for (let i = 1; i < batch.count; i++) {
    if (compareAt(batch, i - 1, batch, i) === 0) throw new DuplicateKey(keyAt(batch, i))
  }
}

interface Cursor {
  readonly source: AsyncIterator<EntryBatch>
  batch: EntryBatch
  at: number
}

type Source = AsyncIterable<EntryBatch> | Iterable<EntryBatch>

async function* asAsync(source: Source): AsyncGenerator<EntryBatch> {
  yield* source
}

/** All rows of all runs in key order. @throws DuplicateKey */
export async function* mergeRuns(runs: readonly Source[]): AsyncGenerator<EntryBatch> {
  const cursors: Cursor[] = []
  for (const run of runs) {
    const source = asAsync(run)
    const first = await source.next()
    if (first.done !== true) cursors.push({ source, batch: first.value, at: 0 })
  }
  const builder = new BatchBuilder()
  while (cursors.length > 0) {
    cursors.sort(compareCursors)
    const [lowest, next] = [cursors[0]!, cursors[1]]
    const end = next === undefined ? lowest.batch.count : endBelow(lowest, next)
    builder.addRange(lowest.batch, lowest.at, end)
    lowest.at = end
    if (end === lowest.batch.count) await advance(cursors)
    if (builder.bytes < batchBytes) continue
    yield builder.view()
    builder.clear()
  }
  if (builder.count > 0) yield builder.view()
}

async function advance(cursors: Cursor[]): Promise<void> {
  const cursor = cursors[0]!
  const { value, done } = await cursor.source.next()
  if (done === true) {
    cursors.shift()
    return
  }
  cursor.batch = value
  cursor.at = 0
}

function compareCursors(a: Cursor, b: Cursor): number {
  return compareAt(a.batch, a.at, b.batch, b.at)
}

function compareAt(a: EntryBatch, i: number, b: EntryBatch, j: number): number {
  const aStart = startOf(a.keyEnds, i)
  const bStart = startOf(b.keyEnds, j)
  return compareRanges(a.keys, aStart, a.keyEnds[i]!, b.keys, bStart, b.keyEnds[j]!)
}

/** The first row of `lowest` that is not below the row that `next` stands at. */
function endBelow(lowest: Cursor, next: Cursor): number {
  let end = lowest.at
  while (end < lowest.batch.count) {
    const order = compareAt(lowest.batch, end, next.batch, next.at)
    if (order === 0) throw new DuplicateKey(keyAt(lowest.batch, end))
    if (order > 0) break
    end++
  }
  return end
}
