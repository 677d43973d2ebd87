// Rows of a map in the order of a list of keys. A window of keys is sorted, joined with one scan of the map, and its
// rows are put back in the list's order; the window is as large as memory allows, so that small tables need one scan.
import { compareBytes, compareRanges } from '../base/bytes.ts'
import { corrupt } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import { BatchBuilder } from '../prolly/batch-builder.ts'
import { startOf } from '../prolly/entry-batch.ts'
import type { EntryBatch } from '../prolly/interface.ts'
import { ProllyList } from '../prolly/list.ts'
import type { ProllyMap } from '../prolly/map.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import type { ReadOptions } from '../store/interface.ts'
import { sortRows } from './sort.ts'

const windowBytes = 192 << 20
const windowKeysMin = 4096
const batchRows = 4096

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

/** A list's values are keys. */
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
  const { order } = sortRows([{ ...window, contents: null, contentEnds: null, isOrdered: false }])
  const found = await joined(map, window, order, options)
  const place = new Uint32Array(window.count)
  order.forEach((row, rank) => (place[row] = rank))
  const builder = new BatchBuilder()
  for (let row = 0; row < window.count; row++) {
    builder.addRange(found, place[row]!, place[row]! + 1)
    if (builder.count < batchRows) continue
    yield builder.view()
    builder.clear()
  }
  if (builder.count > 0) yield builder.view()
}

/** The rows of the window's keys, in key order. */
async function joined(
  map: ProllyMap,
  window: EntryBatch,
  order: Uint32Array,
  options: ReadOptions,
): Promise<EntryBatch> {
  const found = new BatchBuilder()
  const keyOf = (rank: number): Uint8Array => {
    const row = order[rank]!
    return window.keys.subarray(startOf(window.keyEnds, row), window.keyEnds[row])
  }
  for (let rank = 1; rank < window.count; rank++) {
    if (compareBytes(keyOf(rank - 1), keyOf(rank)) === 0) throw corrupt('order of a table has a key twice')
  }
  let rank = 0
  for await (const batch of map.scan({ ...options, from: keyOf(0) })) {
    for (let i = 0; i < batch.count && rank < window.count; i++) {
      const key = keyOf(rank)
      const order = compareRanges(
        batch.keys,
        startOf(batch.keyEnds, i),
        batch.keyEnds[i]!,
        key,
        0,
        key.length,
      )
      if (order > 0) throw corrupt('order of a table has a key that the table has not')
      if (order < 0) continue
      found.addRange(batch, i, i + 1)
      rank++
    }
    if (rank === window.count) break
  }
  if (rank < window.count) throw corrupt('order of a table has a key that the table has not')
  return found.finish()
}
