// Makes and merges runs: the sorted entries of which segments are written. Merging keeps segments few (each at least
// twice as large as the next, by count), so a lookup asks O(log n) of them and an entry is rewritten O(log n) times.
import type { Codec } from '../encoding/cid.ts'
import { type PackRef, type Run, codecBitOf, entryBytes, prefixBytes } from './segment.ts'

/** One object's place, for the run of a new pack. */
export interface PlacedObject {
  readonly digest: Uint8Array
  readonly codec: Codec
  readonly depth: number
  readonly pack: PackRef
  readonly offset: number
  readonly length: number
}

export function runOf(objects: readonly PlacedObject[]): Run {
  const packs: PackRef[] = []
  const ordinals = new Map<string, number>()
  const unsorted = new Uint8Array(objects.length * entryBytes)
  const view = new DataView(unsorted.buffer)
  objects.forEach((object, i) => {
    const at = i * entryBytes
    const { pack } = object
    const ordinal = ordinals.get(pack.name) ?? packs.push(pack) - 1
    ordinals.set(pack.name, ordinal)
    unsorted.set(object.digest.subarray(0, prefixBytes), at)
    view.setUint32(at + 20, ordinal, true)
    view.setUint32(at + 24, object.offset, true)
    view.setUint32(at + 28, object.length, true)
    view.setUint8(at + 31, codecBitOf(object.codec) | (object.depth << 1))
  })
  const order = Uint32Array.from(objects, (_, i) => i * entryBytes)
  order.sort((a, b) => view.getUint32(a) - view.getUint32(b) || compareEntries(unsorted, a, unsorted, b))
  const entries = new Uint8Array(unsorted.length)
  order.forEach((from, i) => entries.set(unsorted.subarray(from, from + entryBytes), i * entryBytes))
  return { entries, packs }
}

/** Merges runs, later before earlier: of an object that two runs have, the later run's place stays. */
export function mergeRuns(runs: readonly Run[]): Run {
  const packs: PackRef[] = []
  const ordinals = new Map<string, number>()
  const lists = runs.map((run) => {
    const remap = run.packs.map((pack) => {
      if (!ordinals.has(pack.name)) ordinals.set(pack.name, packs.push(pack) - 1)
      return ordinals.get(pack.name)!
    })
    return remapped(run.entries, remap)
  })
  // The smallest lie last: folding from the end moves few bytes often and many bytes once.
  return {
    entries: lists.reduceRight((later, earlier) => mergeTwo(earlier, later), new Uint8Array(0)),
    packs,
  }
}

/** How many of the newest segments (counts, oldest first) a new run of `count` entries swallows. */
export function segmentsToMerge(counts: readonly number[], count: number): number {
  let taken = 0
  let total = count
  while (taken < counts.length && counts[counts.length - 1 - taken]! < 2 * total) {
    total += counts[counts.length - 1 - taken]!
    taken++
  }
  return taken
}

/** The entries that `keep` wants, without packs that none of them names. */
export function filterRun(run: Run, keep: (entryAt: number) => boolean): Run {
  const kept = new Uint8Array(run.entries.length)
  let length = 0
  for (let at = 0; at < run.entries.length; at += entryBytes) {
    if (!keep(at)) continue
    kept.set(run.entries.subarray(at, at + entryBytes), length)
    length += entryBytes
  }
  const entries = kept.slice(0, length)
  const view = new DataView(entries.buffer)
  const used = new Set<number>()
  for (let at = 0; at < length; at += entryBytes) used.add(view.getUint32(at + prefixBytes, true))
  const packs = run.packs.filter((_, i) => used.has(i))
  let next = 0
  const remap = run.packs.map((_, i) => (used.has(i) ? next++ : -1))
  return { entries: remapped(entries, remap), packs }
}

function remapped(entries: Uint8Array, remap: readonly number[]): Uint8Array {
  // Not slice(): of a segment read from disk, a Buffer, that is a view, and the segment itself would be changed.
  const copy = new Uint8Array(entries)
  const view = new DataView(copy.buffer)
  for (let at = prefixBytes; at < copy.length; at += entryBytes)
    view.setUint32(at, remap[view.getUint32(at, true)]!, true)
  return copy
}

function mergeTwo(earlier: Uint8Array, later: Uint8Array): Uint8Array {
  if (earlier.length === 0) return later
  if (later.length === 0) return earlier
  const merged = new Uint8Array(earlier.length + later.length)
  let [a, b, at] = [0, 0, 0]
  while (a < earlier.length && b < later.length) {
    const order = compareEntries(earlier, a, later, b)
    const [source, from] = order < 0 ? [earlier, a] : [later, b]
    for (let i = 0; i < entryBytes; i++) merged[at + i] = source[from + i]!
    at += entryBytes
    if (order <= 0) a += entryBytes
    if (order >= 0) b += entryBytes
  }
  const [rest, from] = a < earlier.length ? [earlier, a] : [later, b]
  merged.set(rest.subarray(from), at)
  return merged.subarray(0, at + rest.length - from)
}

function compareEntries(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number): number {
  for (let i = 0; i < prefixBytes; i++) {
    const difference = a[aAt + i]! - b[bAt + i]!
    if (difference !== 0) return difference
  }
  return (a[aAt + 31]! & 1) - (b[bAt + 31]! & 1)
}
