// The current branch of the store that is pushed to: it does not move under somebody's files, and clones have one to check
// out.
import { VarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import { branchPrefix, shortRefName } from '../history/refs.ts'
import { isCheckedOut } from '../repo/worktrees/checkouts.ts'
import type { Manifest } from '../store/interface.ts'

export interface WantedRef {
  readonly ref: string
  /** null deletes. */
  readonly target: Cid | null
  readonly force: boolean
}

/** @throws VarveError VARVE_REFUSED where the branch is checked out there, or clones would have none to check out */
export function refuseCurrentBranch(
  manifest: Manifest,
  { ref, target, force }: WantedRef,
  bare: boolean,
): void {
  if ((manifest.refs.get(ref) ?? null) === target) return
  const name = shortRefName(ref)
  if (isCheckedOut(manifest, ref, bare))
    throw new VarveError('VARVE_REFUSED', `branch '${name}' is checked out in the remote's working folder`, {
      data: { ref },
      hint: `push to another branch ('${name}:incoming'), or pull from over there`,
    })
  if (manifest.head === ref && target === null && !force)
    throw new VarveError(
      'VARVE_REFUSED',
      `'${name}' is the remote's current branch, which clones check out`,
      {
        data: { ref },
        hint: `with --force it goes, and the next branch that is pushed takes its place: 'varve push --force REMOTE :${name} OTHER'`,
      },
    )
}

/** The branch that becomes a bare store's current one, where it has none or loses it: the first that is pushed. */
export function adoptedHead(
  current: Manifest,
  refs: ReadonlyMap<string, Cid | null>,
  bare: boolean,
): { readonly head?: string } {
  const { head } = current
  if (!bare || head === null) return {}
  const stays = refs.has(head) ? refs.get(head) !== null : current.refs.has(head)
  const branch = [...refs].find(([ref, target]) => target !== null && ref.startsWith(branchPrefix))
  return stays || branch === undefined ? {} : { head: branch[0] }
}
