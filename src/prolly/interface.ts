// Prolly trees: an ordered map (or list) cut into nodes by content, so that equal content has equal nodes whatever
// the order of edits. DESIGN: node layout and the cutting rule; docs/FORMAT.md has every byte and test vectors.
// Entries travel in batches of packed bytes: a leaf, a parsed slice of a file and a scan's result have one shape.
import type { Cid } from '../encoding/cid.ts'
import type { ReadOptions } from '../store/interface.ts'

/**
 * `count` entries, packed: entry i's key is keys[keyEnds[i-1]..keyEnds[i]) (0 for i = 0), its value likewise, its
 * links links[linkEnds[i-1]..linkEnds[i]). A list's entries have empty keys. Batches may be views: do not change them.
 */
export interface EntryBatch {
  readonly count: number
  readonly keys: Uint8Array
  readonly keyEnds: Uint32Array
  readonly values: Uint8Array
  readonly valueEnds: Uint32Array
  readonly links: readonly Cid[]
  /** null when no entry has links. */
  readonly linkEnds: Uint32Array | null
  /** The i-th of `links`, where the others need not be made for it. */
  link?(i: number): Cid
}

export interface Entry {
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly links: readonly Cid[]
}

/** Sets a key, or with `value` null removes it. A batch of edits is sorted by key, each key once. */
export interface Edit {
  readonly key: Uint8Array
  readonly value: Uint8Array | null
  readonly links?: readonly Cid[]
}

/** Half-open range of keys; a missing bound is open. */
export interface KeyRange {
  readonly from?: Uint8Array | undefined
  readonly before?: Uint8Array | undefined
}

export interface ScanOptions extends KeyRange, ReadOptions {
  readonly reverse?: boolean
}

export interface Difference {
  readonly key: Uint8Array
  readonly before: Entry | null
  readonly after: Entry | null
}

/** One key on which at least one side differs from base. Sides that equal base are `base` itself (same object). */
export interface ThreeWayDifference {
  readonly key: Uint8Array
  readonly base: Entry | null
  readonly ours: Entry | null
  readonly theirs: Entry | null
}

/** A run of list items that differs: a[aStart..aStart+aItems.length) became b[bStart..bStart+bItems.length). */
export interface ListHunk {
  readonly aStart: number
  readonly bStart: number
  readonly aItems: readonly Uint8Array[]
  readonly bItems: readonly Uint8Array[]
}
