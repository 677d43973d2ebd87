// Leaves that were cut, encoded and named elsewhere, in a thread say, on their way into a map. Where a leaf ends depends
// on nothing but the entries since the end of the one before. So from the first place on where the builder's own leaf
// ends together with one of the run, all further leaves are the ones that the builder itself would have made.
import type { Cid } from '../encoding/cid.ts'
import type { ReadOptions } from '../store/interface.ts'
import type { EntryBatch } from './interface.ts'

export interface Leaf {
  readonly cid: Cid
  readonly items: number
  readonly measure: number
  readonly lastKey: Uint8Array
}

/** Entries in key order: leaves cut as if the first entry were the map's first, and what is left behind the last cut. */
export interface LeafRun {
  readonly leafTarget: number
  /** How many leaves. */
  readonly count: number
  /** First key, last key and number of all entries, the tail's included. */
  readonly firstKey: Uint8Array
  readonly lastKey: Uint8Array
  readonly entryCount: number
  readonly tail: EntryBatch
  leaf(i: number): Leaf
  bytes(i: number, options?: ReadOptions): Promise<Uint8Array>
  /** Puts the leaves from `first` on into the writer. */
  put(first: number): void
}
