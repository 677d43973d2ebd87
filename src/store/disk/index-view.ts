// What one manifest's segments say: where each object lies. Segments are loaded on the first question and shared
// between views by name; a view never changes, so a reader is not disturbed by whoever commits or collects.
import path from 'node:path'
import type { Codec } from '../../encoding/cid.ts'
import { type Location, Segment, segmentName } from '../segment.ts'
import { readWhole } from './files.ts'
import { segmentPath } from './layout.ts'
import type { LoggedEntry } from './log.ts'

const segmentBytesMax = 2 ** 31 - 1

/** Segments by name, as long as a view that was asked for them lives. */
export type SegmentCache = Map<string, Segment>

export class IndexView {
  readonly entry: LoggedEntry
  readonly #dir: string
  readonly #cache: SegmentCache
  #segments: Segment[] | null = null

  constructor(dir: string, entry: LoggedEntry, cache: SegmentCache) {
    this.#dir = dir
    this.entry = entry
    this.#cache = cache
  }

  /** Oldest first. @throws ENOENT when gc has removed one: the view is stale then. */
  segments(): readonly Segment[] {
    this.#segments ??= this.entry.segments.map(({ name }) => this.#load(name))
    return this.#segments
  }

  find(digest: Uint8Array, codec: Codec): Location | null {
    const segments = this.segments()
    for (let i = segments.length - 1; i >= 0; i--) {
      const found = segments[i]!.find(digest, codec)
      if (found >= 0) return segments[i]!.at(found)
    }
    return null
  }

  #load(name: string): Segment {
    const known = this.#cache.get(name)
    if (known !== undefined) return known
    const segment = new Segment(readWhole(path.join(this.#dir, segmentPath(name)), segmentBytesMax), name)
    this.#cache.set(name, segment)
    return segment
  }
}

/** Keeps a segment that is just being published, so that it need not be read back. */
export function remember(cache: SegmentCache, bytes: Uint8Array): string {
  const name = segmentName(bytes)
  cache.set(name, new Segment(bytes, name))
  return name
}

/** Drops the segments that `entry` no longer names. */
export function forgetOthers(cache: SegmentCache, entry: LoggedEntry): void {
  const live = new Set(entry.segments.map(({ name }) => name))
  for (const name of cache.keys()) if (!live.has(name)) cache.delete(name)
}
