// Commits that only HEAD reached, when HEAD moves elsewhere: if no branch, tag or stash reaches them, only the reflog
// names them from then on.
import { isVarveError } from '../base/errors.ts'
import { collect } from '../base/iterables.ts'
import type { Cid, CommitCid } from '../encoding/cid.ts'
import { walkCommits } from '../history/ancestry.ts'
import type { Commit } from '../history/interface.ts'
import type { Manifest } from '../store/interface.ts'
import { peelToCommit } from './head.ts'
import type { Repo } from './interface.ts'

/** The commit of a detached HEAD; null when HEAD is at a branch. */
export function detachedAt({ head, refs }: Manifest): CommitCid | null {
  return head === null ? ((refs.get('HEAD') as CommitCid | undefined) ?? null) : null
}

/** Newest first: what `left` reaches, and neither a ref of `manifest` nor its HEAD. Nothing where history is damaged. */
export async function commitsLeftBehind(
  repo: Repo,
  left: CommitCid | null,
  { refs }: Manifest,
): Promise<Commit[]> {
  const named: Cid[] = []
  for (const [ref, cid] of refs) if (ref.startsWith('refs/') || ref === 'HEAD') named.push(cid)
  if (left === null || named.includes(left)) return []
  try {
    const exclude = await Promise.all(named.map((cid) => peelToCommit(repo.store, cid)))
    return await collect(walkCommits(repo.store, [left], { exclude }))
  } catch (error) {
    // HEAD has gone by now, and away from damage at that.
    if (isVarveError(error, 'VARVE_CORRUPT') || isVarveError(error, 'VARVE_OBJECT_MISSING')) return []
    throw error
  }
}
