// Walks the nodes of one level, or the leaves' entries, in order or backwards, reading siblings in groups that grow:
// the first row comes after one read a level, a full scan has large reads.
import { compareBytes } from '../base/bytes.ts'
import { throwIfAborted } from '../base/errors.ts'
import { yieldIfDue } from '../base/turns.ts'
import { reverseBatch } from './batch-builder.ts'
import { type NodeRef, type Place, childRefs, endOf, readRefs } from './descent.ts'
import { lowerBound, sliceBatch } from './entry-batch.ts'
import type { EntryBatch, KeyRange, ScanOptions } from './interface.ts'
import type { NodeStore } from './node-store.ts'

const groupFirst = 1
const groupGrowth = 4
const groupMax = 64

export interface WalkOptions {
  /** Which nodes may hold something sought; the others are not read. */
  readonly wanted?: (ref: NodeRef) => boolean
  readonly reverse?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/** The places of all nodes at `level`, in groups. */
export async function* walkLevel(
  nodes: NodeStore,
  root: Place,
  level: number,
  options: WalkOptions = {},
): AsyncGenerator<Place[]> {
  if (root.node.level <= level) {
    throwIfAborted(options.signal)
    yield [root]
    return
  }
  let size = groupFirst
  for await (const parents of walkLevel(nodes, root, level + 1, options)) {
    const refs = parents.flatMap((parent) => wantedChildren(parent, options))
    for (let at = 0; at < refs.length;) {
      await yieldIfDue()
      throwIfAborted(options.signal)
      yield await readRefs(nodes, refs.slice(at, at + size), options)
      at += size
      size = Math.min(size * groupGrowth, groupMax)
    }
  }
}

function wantedChildren(parent: Place, options: WalkOptions): NodeRef[] {
  const refs = options.wanted === undefined ? childRefs(parent) : childRefs(parent).filter(options.wanted)
  return options.reverse === true ? refs.reverse() : refs
}

/** Whether a node may hold a key of the range. */
export function mayHold(ref: NodeRef, range: KeyRange): boolean {
  if (range.from !== undefined && compareBytes(ref.last, range.from) < 0) return false
  return range.before === undefined || ref.after === null || compareBytes(ref.after, range.before) < 0
}

/** Whether a node may hold one of the keys, which are sorted; without keys it may. */
export function mayHoldOneOf(ref: NodeRef, keys: readonly Uint8Array[] | undefined): boolean {
  if (keys === undefined) return true
  const first = ref.after === null ? 0 : firstKeyAbove(keys, ref.after)
  return first < keys.length && compareBytes(keys[first]!, ref.last) <= 0
}

/** The index of the first key above `bound`. */
function firstKeyAbove(keys: readonly Uint8Array[], bound: Uint8Array): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareBytes(keys[middle]!, bound) <= 0) low = middle + 1
    else high = middle
  }
  return low
}

/** Whether the key is one of those, which are sorted; without keys it is. */
export function isOneOf(key: Uint8Array, keys: readonly Uint8Array[] | undefined): boolean {
  if (keys === undefined) return true
  const next = firstKeyAbove(keys, key)
  return next > 0 && compareBytes(keys[next - 1]!, key) === 0
}

export async function* scanMap(
  nodes: NodeStore,
  root: Place,
  options: ScanOptions,
): AsyncGenerator<EntryBatch> {
  const { reverse, signal } = options
  const walk = walkLevel(nodes, root, 0, { wanted: (ref) => mayHold(ref, options), reverse, signal })
  for await (const places of walk) {
    for (const { node } of places) {
      const batch = sliceBatch(node, ...indexRange(node, options))
      if (batch.count > 0) yield reverse === true ? reverseBatch(batch) : batch
    }
  }
}

/** Indexes [from, to) of the batch's entries that lie in the range. */
function indexRange(batch: EntryBatch, range: KeyRange): [number, number] {
  const from = range.from === undefined ? 0 : lowerBound(batch, range.from)
  const to = range.before === undefined ? batch.count : lowerBound(batch, range.before)
  return [from, Math.max(from, to)]
}

export async function* scanList(
  nodes: NodeStore,
  root: Place,
  options: { start: number; end: number; signal?: AbortSignal | undefined },
): AsyncGenerator<EntryBatch> {
  const { start, end, signal } = options
  const wanted = (ref: NodeRef): boolean => ref.start < end && endOf(ref) > start
  for await (const places of walkLevel(nodes, root, 0, { wanted, signal })) {
    for (const { ref, node } of places) {
      const from = Math.max(0, start - ref.start)
      const batch = sliceBatch(node, from, Math.max(from, Math.min(node.count, end - ref.start)))
      if (batch.count > 0) yield batch
    }
  }
}
