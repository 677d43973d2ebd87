// Collects rows from here and there into batches: in sorted order for the tree, in file order for the file.
import type { Cid } from '../encoding/cid.ts'
import type { EntryBatch } from '../prolly/interface.ts'

const batchBytes = 1 << 20
const loopMax = 40

/** Which row of which batch comes at each place. */
export interface RowPlaces {
  readonly batches: readonly EntryBatch[]
  /** Null when there is one batch. */
  readonly batchOf: Uint32Array | null
  readonly rowOf: Uint32Array
}

/** All places in turn, in batches of about a megabyte that own their bytes. */
export function* gatherRows(places: RowPlaces): Generator<EntryBatch> {
  const { batches, batchOf, rowOf } = places
  for (let from = 0; from < rowOf.length;) {
    let to = from
    for (let bytes = 0; to < rowOf.length && bytes < batchBytes; to++) {
      const batch = batches[batchOf === null ? 0 : batchOf[to]!]!
      const row = rowOf[to]!
      bytes += length(batch.keyEnds, row) + length(batch.valueEnds, row)
    }
    yield gathered(places, from, to)
    from = to
  }
}

function gathered({ batches, batchOf, rowOf }: RowPlaces, from: number, to: number): EntryBatch {
  const count = to - from
  const keyEnds = new Uint32Array(count)
  const valueEnds = new Uint32Array(count)
  let keyAt = 0
  let valueAt = 0
  for (let i = 0; i < count; i++) {
    const batch = batches[batchOf === null ? 0 : batchOf[from + i]!]!
    keyEnds[i] = keyAt += length(batch.keyEnds, rowOf[from + i]!)
    valueEnds[i] = valueAt += length(batch.valueEnds, rowOf[from + i]!)
  }
  const keys = new Uint8Array(keyAt)
  const values = new Uint8Array(valueAt)
  const links: Cid[] = []
  const hasLinks = batches.some((batch) => batch.linkEnds !== null)
  const linkEnds = hasLinks ? new Uint32Array(count) : null
  for (let i = 0; i < count; i++) {
    const batch = batches[batchOf === null ? 0 : batchOf[from + i]!]!
    const row = rowOf[from + i]!
    copy(batch.keys, start(batch.keyEnds, row), keys, start(keyEnds, i), keyEnds[i]!)
    copy(batch.values, start(batch.valueEnds, row), values, start(valueEnds, i), valueEnds[i]!)
    if (linkEnds === null) continue
    if (batch.linkEnds !== null) {
      for (let k = start(batch.linkEnds, row); k < batch.linkEnds[row]!; k++) links.push(batch.links[k]!)
    }
    linkEnds[i] = links.length
  }
  return { count, keys, keyEnds, values, valueEnds, links, linkEnds: links.length === 0 ? null : linkEnds }
}

function start(ends: Uint32Array, i: number): number {
  return i === 0 ? 0 : ends[i - 1]!
}

function length(ends: Uint32Array, i: number): number {
  return ends[i]! - start(ends, i)
}

function copy(from: Uint8Array, at: number, to: Uint8Array, toStart: number, toEnd: number): void {
  if (toEnd - toStart > loopMax) to.set(from.subarray(at, at + toEnd - toStart), toStart)
  else while (toStart < toEnd) to[toStart++] = from[at++]!
}
