// What new objects may be packed as differences of, read a batch at a time: opening a pack costs more than reading a node.
import { isVarveError } from '../../base/errors.ts'
import type { Cid } from '../../encoding/cid.ts'

/** Those of the objects that can be had. */
export type BasesOf = (cids: readonly Cid[]) => ReadonlyMap<Cid, Uint8Array>

/**
 * The bytes of all objects that `read` can read. A base is a hint only: one that cannot be read costs space, not the
 * commit, so what fails together is read by halves.
 */
export function readableBases(
  cids: readonly Cid[],
  read: (cids: readonly Cid[]) => readonly Uint8Array[],
): [Cid, Uint8Array][] {
  if (cids.length === 0) return []
  try {
    return read(cids).map((bytes, i) => [cids[i]!, bytes])
  } catch (error) {
    if (!isVarveError(error)) throw error
    if (cids.length === 1) return []
    const middle = cids.length >> 1
    return [...readableBases(cids.slice(0, middle), read), ...readableBases(cids.slice(middle), read)]
  }
}
