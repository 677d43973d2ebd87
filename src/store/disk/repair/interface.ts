// Mending a store. What is whole is never changed or deleted: damaged files are moved aside, what is right in them is
// copied out, and the index is written anew from what the packs' records say of themselves. All of it becomes the
// store's with one manifest, as everything does, so that a kill at any moment leaves the store as it was or mended.
import type { Cid } from '../../../encoding/cid.ts'
import type { FsckProblem, ObjectReader } from '../../interface.ts'

export interface DiskRepairOptions {
  /**
   * Names for what only a lost manifest knew: told of all objects that the manifest before it did not have, gives refs that
   * hold on to them.
   */
  readonly rescue?: (
    reader: Pick<ObjectReader, 'get'>,
    fresh: readonly Cid[],
  ) => Promise<ReadonlyMap<string, Cid>>
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

export interface DiskRepair {
  /** What was mended, file by file. */
  readonly done: readonly FsckProblem[]
  /** What is lost for good in the log, and what that means. */
  readonly lost: readonly FsckProblem[]
  /** Where damaged files were moved to; null: there were none. */
  readonly quarantine: string | null
}
