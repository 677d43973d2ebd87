// Rows of a map in the order of a list of keys. A window of keys is sorted, joined with one scan of the map, and its
// rows are put back in the list's order; the window is as large as memory allows, so that small tables need one scan.
import { compareRanges } from '../base/bytes.ts'
import { type VarveError, corrupt } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import { BatchBuilder } from '../prolly/batch-builder.ts'
import { keyAt, startOf } from '../prolly/entry-batch.ts'
import type { EntryBatch } from '../prolly/interface.ts'
import { ProllyList } from '../prolly/list.ts'
import type { ProllyMap } from '../prolly/map.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import type { ReadOptions } from '../store/interface.ts'
import { gatherRows } from './gather.ts'
import { sortRows } from './sort.ts'

const windowBytes = 192 << 20
const windowKeysMin = 4096

/** @throws VarveError VARVE_CORRUPT where list and map have not the same keys */
export async function* orderedBatches(
  nodes: NodeStore,
  map: ProllyMap,
  order: Cid,
  options: ReadOptions = {},
): AsyncGenerator<EntryBatch> {
  const list = await ProllyList.load(nodes, order, options)
  if (list.count !== map.count) throw corrupt('order of a table has not as many keys as the table has rows')
  const windowKeys = Math.max(
    windowKeysMin,
    Math.floor(windowBytes / (map.bytes / Math.max(1, map.count) + 40)),
  )
  let window = new BatchBuilder()
  for await (const keys of list.scan(options)) {
    addKeys(window, keys)
    if (window.count < windowKeys) continue
    yield* gathered(map, window.finish(), options)
    window = new BatchBuilder()
  }
  if (window.count > 0) yield* gathered(map, window.finish(), options)
}

/** Adds the keys of a batch: a list stores them as values. */
function addKeys(window: BatchBuilder, { count, values, valueEnds }: EntryBatch): void {
  const none = new Uint32Array(count)
  const batch = { count, keys: values, keyEnds: valueEnds, values: new Uint8Array(0), valueEnds: none }
  window.addRange({ ...batch, links: [], linkEnds: null }, 0, count)
}

async function* gathered(
  map: ProllyMap,
  window: EntryBatch,
  options: ReadOptions,
): AsyncGenerator<EntryBatch> {
  const { rowOf: byRank } = sortRows([window])
  const found = await joined(map, window, byRank, options)
  const rankOf = new Uint32Array(window.count)
  for (let rank = 0; rank < byRank.length; rank++) rankOf[byRank[rank]!] = rank
  yield* gatherRows({ batches: [found], batchOf: null, rowOf: rankOf })
}

/** The rows of the window's keys, in key order. */
async function joined(
  map: ProllyMap,
  window: EntryBatch,
  byRank: Uint32Array,
  options: ReadOptions,
): Promise<EntryBatch> {
  const found = new BatchBuilder()
  let rank = 0
  for await (const batch of map.scan({ ...options, from: keyAt(window, byRank[0]!) })) {
    let run = 0
    let i = 0
    for (; i < batch.count && rank < window.count; i++) {
      const order = compareEntries(batch, i, window, byRank[rank]!)
      if (order > 0) throw strangeKey()
      if (order === 0) {
        rank++
      } else {
        found.addRange(batch, run, i)
        run = i + 1
      }
    }
    found.addRange(batch, run, i)
    if (rank === window.count) break
  }
  // A key that comes twice is one that the map has not a second time.
  if (rank < window.count) throw strangeKey()
  return found.finish()
}

function compareEntries(a: EntryBatch, i: number, b: EntryBatch, j: number): number {
  const start = startOf(a.keyEnds, i)
  return compareRanges(a.keys, start, a.keyEnds[i]!, b.keys, startOf(b.keyEnds, j), b.keyEnds[j]!)
}

function strangeKey(): VarveError {
  return corrupt('order of a table has a key that the table has not')
}
