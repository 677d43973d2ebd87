// Reading packed batches of entries: single entries, slices, and a binary search by key. Slices and entries are
// views of the batch's bytes, so they cost little and must not be changed.
import { compareRanges, equalBytes } from '../base/bytes.ts'
import type { Cid } from '../encoding/cid.ts'
import type { Entry, EntryBatch } from './interface.ts'

const noLinks: readonly Cid[] = []

const emptyBatch: EntryBatch = {
  count: 0,
  keys: new Uint8Array(0),
  keyEnds: new Uint32Array(0),
  values: new Uint8Array(0),
  valueEnds: new Uint32Array(0),
  links: noLinks,
  linkEnds: null,
}

export function startOf(ends: Uint32Array, i: number): number {
  return i === 0 ? 0 : ends[i - 1]!
}

export function keyAt(batch: EntryBatch, i: number): Uint8Array {
  return batch.keys.subarray(startOf(batch.keyEnds, i), batch.keyEnds[i])
}

export function valueAt(batch: EntryBatch, i: number): Uint8Array {
  return batch.values.subarray(startOf(batch.valueEnds, i), batch.valueEnds[i])
}

export function linksAt(batch: EntryBatch, i: number): readonly Cid[] {
  if (batch.linkEnds === null) return noLinks
  const start = startOf(batch.linkEnds, i)
  const end = batch.linkEnds[i]!
  if (start === end) return noLinks
  return end - start === 1 && batch.link !== undefined ? [batch.link(start)] : batch.links.slice(start, end)
}

export function entryAt(batch: EntryBatch, i: number): Entry {
  return { key: keyAt(batch, i), value: valueAt(batch, i), links: linksAt(batch, i) }
}

/** The entries [from, to). */
export function sliceBatch(batch: EntryBatch, from: number, to: number): EntryBatch {
  if (from === 0 && to === batch.count) return batch
  if (from >= to) return emptyBatch
  const { linkEnds } = batch
  return {
    count: to - from,
    keys: batch.keys.subarray(startOf(batch.keyEnds, from), batch.keyEnds[to - 1]),
    keyEnds: sliceEnds(batch.keyEnds, from, to),
    values: batch.values.subarray(startOf(batch.valueEnds, from), batch.valueEnds[to - 1]),
    valueEnds: sliceEnds(batch.valueEnds, from, to),
    links: linkEnds === null ? noLinks : batch.links.slice(startOf(linkEnds, from), linkEnds[to - 1]),
    linkEnds: linkEnds === null ? null : sliceEnds(linkEnds, from, to),
  }
}

function sliceEnds(ends: Uint32Array, from: number, to: number): Uint32Array {
  const base = startOf(ends, from)
  const slice = ends.slice(from, to)
  if (base !== 0) for (let i = 0; i < slice.length; i++) slice[i] = slice[i]! - base
  return slice
}

/** The first entry whose key is not below `key`; `batch.count` when there is none. */
export function lowerBound(batch: EntryBatch, key: Uint8Array): number {
  let low = 0
  let high = batch.count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareKeyAt(batch, middle, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** The place of the entry with this key, or -1. */
export function findKey(batch: EntryBatch, key: Uint8Array): number {
  const i = lowerBound(batch, key)
  return i < batch.count && compareKeyAt(batch, i, key) === 0 ? i : -1
}

export function compareKeyAt(batch: EntryBatch, i: number, key: Uint8Array): number {
  return compareRanges(batch.keys, startOf(batch.keyEnds, i), batch.keyEnds[i]!, key, 0, key.length)
}

/** Whether item i of one packed sequence has the bytes of item j of another. */
export function sameBytesAt(
  a: Uint8Array,
  aEnds: Uint32Array,
  i: number,
  b: Uint8Array,
  bEnds: Uint32Array,
  j: number,
): boolean {
  const start = startOf(aEnds, i)
  const end = aEnds[i]!
  const otherStart = startOf(bEnds, j)
  const otherEnd = bEnds[j]!
  return end - start === otherEnd - otherStart && compareRanges(a, start, end, b, otherStart, otherEnd) === 0
}

export function sameEntry(a: Entry | null, b: Entry | null): boolean {
  if (a === null || b === null) return a === b
  return equalBytes(a.value, b.value) && sameLinks(a.links, b.links)
}

export function sameLinks(a: readonly Cid[], b: readonly Cid[]): boolean {
  return a.length === b.length && a.every((cid, i) => cid === b[i])
}
