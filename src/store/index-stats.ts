// What an index says of a store's size: how many objects it names, in which packs, and how many bytes these have. Several
// segments may name one pack, which counts once.
import type { StoreStats } from './interface.ts'
import type { Run, Segment } from './segment.ts'

export function statsOfIndex(segments: readonly Segment[]): StoreStats {
  return {
    objects: segments.reduce((sum, { count }) => sum + count, 0),
    packs: packCount(segments),
    segments: segments.length,
    packBytes: packBytesOf(segments),
  }
}

export function packCount(runs: readonly Run[]): number {
  return packSizes(runs).size
}

export function packBytesOf(runs: readonly Run[]): number {
  return [...packSizes(runs).values()].reduce((sum, bytes) => sum + bytes, 0)
}

/** The packs' names with their lengths in bytes. */
function packSizes(runs: readonly Run[]): Map<string, number> {
  return new Map(runs.flatMap(({ packs }) => packs.map(({ name, bytes }) => [name, bytes])))
}
