// Commits that nothing names any more, because the manifest that did is lost: each gets a branch, so that it is seen and
// no gc takes it.
import { type Cid, digestHex } from '../../encoding/cid.ts'
import { isVarveError } from '../../base/errors.ts'
import type { Commit } from '../../history/interface.ts'
import { parseCommit } from '../../history/commit.ts'
import { branchPrefix } from '../../history/refs.ts'
import type { ObjectReader } from '../../store/interface.ts'

const batchObjects = 512

/** Branches 'recovered/ID' for those of the objects that are commits, and no other one's parent. */
export async function rescueCommits(
  reader: Pick<ObjectReader, 'get'>,
  cids: readonly Cid[],
): Promise<ReadonlyMap<string, Cid>> {
  const commits = new Map<Cid, Commit>()
  for (let at = 0; at < cids.length; at += batchObjects) {
    const batch = cids.slice(at, at + batchObjects)
    const objects = await reader.get(batch)
    objects.forEach((bytes, i) => {
      const commit = commitOrNull(batch[i]!, bytes)
      if (commit !== null) commits.set(commit.cid, commit)
    })
  }
  const parents = new Set([...commits.values()].flatMap((commit) => commit.parents))
  const tips = [...commits.keys()].filter((cid) => !parents.has(cid))
  return new Map(tips.map((cid) => [`${branchPrefix}recovered/${digestHex(cid).slice(0, 12)}`, cid]))
}

function commitOrNull(cid: Cid, bytes: Uint8Array): Commit | null {
  try {
    return parseCommit(cid, bytes)
  } catch (error) {
    if (isVarveError(error)) return null
    throw error
  }
}
