// Leases: 'push --force-with-lease' replaces a ref only while the remote has there what we believe it has, by
// compare-and-set. 'BRANCH' goes by what was last fetched, 'BRANCH:COMMIT' by that commit, 'BRANCH:' by there being
// nothing; none named: all that is pushed, by what was last fetched. A ref that was never fetched is believed not to be
// there, as in git.
import { VarveError } from '../base/errors.ts'
import { type Cid, isCid } from '../encoding/cid.ts'
import { branchPrefix, notesRef, remoteNotesRef, remotePrefix, shortRefName } from '../history/refs.ts'
import { resolveRevision } from '../history/revision.ts'
import type { Manifest, Store } from '../store/interface.ts'
import type { PushTarget } from './refspec.ts'

export interface LeaseOptions {
  readonly forceWithLease?: boolean | readonly string[] | undefined
  readonly lastSeen: LastSeen
}

/** What the remote's branches and notes were when they were last fetched or pushed to, by their full names there. */
export type LastSeen = ReadonlyMap<string, Cid>

export function lastSeenOf({ refs }: Manifest, remoteName: string | undefined): LastSeen {
  const prefix = `${remotePrefix}${remoteName}/`
  if (remoteName === undefined) return new Map()
  const tracked = [...refs].filter(([ref]) => ref.startsWith(prefix))
  const seen = new Map(tracked.map(([ref, cid]) => [branchPrefix + ref.slice(prefix.length), cid]))
  const notes = refs.get(remoteNotesRef(remoteName))
  return notes === undefined ? seen : seen.set(notesRef, notes)
}

/** @throws VarveError VARVE_USAGE for a lease of what is not pushed, VARVE_REF_NOT_FOUND */
export async function withLeases(
  local: Store,
  manifest: Manifest,
  targets: readonly PushTarget[],
  { forceWithLease = false, lastSeen }: LeaseOptions,
): Promise<readonly PushTarget[]> {
  if (forceWithLease === false) return targets
  const known = ({ ref }: PushTarget): Cid | null => lastSeen.get(ref) ?? null
  if (forceWithLease === true || forceWithLease.length === 0)
    return targets.map((target) => ({ ...target, lease: known(target) }))
  const leases = new Map<string, Cid | null>()
  for (const spec of forceWithLease) {
    const [, name = '', expected] = /^([^:]*)(?::(.*))?$/s.exec(spec) ?? []
    const target = targets.find(({ ref }) => ref === name || shortRefName(ref) === name)
    if (target === undefined)
      throw new VarveError('VARVE_USAGE', `'${name}' is not among what is pushed`, {
        data: { lease: spec },
        hint: "a lease names a branch as the remote calls it: '--force-with-lease=main'",
      })
    leases.set(
      target.ref,
      expected === undefined ? known(target) : await expectedCid(local, manifest, expected),
    )
  }
  return targets.map((target) =>
    leases.has(target.ref) ? { ...target, lease: leases.get(target.ref)! } : target,
  )
}

/** The name of what is expected. A whole id need not be that of a commit that is here. */
async function expectedCid(local: Store, manifest: Manifest, expected: string): Promise<Cid | null> {
  if (expected === '') return null
  const whole = `01711220${expected}`
  return isCid(whole) ? whole : (await resolveRevision(local, expected, manifest)).commit
}
