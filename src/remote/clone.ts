// Clone: a new repository's first fetch. It writes the remote down, fetches all branches and tags, and makes the
// remote's current branch and its notes ours, with the remote's branch as upstream. Checking files out is the caller's.
import { VarveError } from '../base/errors.ts'
import type { Cid, CommitCid } from '../encoding/cid.ts'
import { branchPrefix, checkRefName, notesRef, remotePrefix, shortRefName } from '../history/refs.ts'
import type { Store } from '../store/interface.ts'
import { type Advertised, readAdvertised } from './advertised.ts'
import { fetchRefs } from './fetch.ts'
import type { Source, TransferOptions, TransferReport } from './interface.ts'
import { type PartialClone, partialSettings } from './selection.ts'
import { checkRemoteName, checkRemoteUrl, upstreamKey, urlKey } from './remotes.ts'

export interface CloneOptions extends TransferOptions {
  /** As it is kept in the configuration: absolute. */
  readonly url: string
  readonly remoteName?: string
  /** Branch to begin with instead of the remote's current one. */
  readonly branch?: string | undefined
  /** Commits in a row from each branch; all when absent. */
  readonly depth?: number | undefined
  /** Leaves contents with the remote; null: takes all. */
  readonly partial?: PartialClone | null
}

export interface CloneReport extends TransferReport {
  /** Full name of the new current branch. */
  readonly ref: string
  /** null when the remote has no commits. */
  readonly head: CommitCid | null
}

/** In the configuration from the start of a clone until its files are written: the URL that it comes from. */
export const unfinishedKey = 'clone.unfinished'

/** `local` is a new store without refs. @throws as fetchRefs, and VARVE_REF_NOT_FOUND for a branch there is not */
export async function cloneInto(local: Store, remote: Source, options: CloneOptions): Promise<CloneReport> {
  const remoteName = checkRemoteName(options.remoteName ?? 'origin')
  checkRemoteUrl(options.url)
  // Before anything is fetched: a wrong branch name should not cost a download.
  chooseBranch(readAdvertised(await remote.manifest()), options.branch)
  const fetched = await fetchRefs(local, remote, { ...options, remoteName })
  const ref = chooseBranch(fetched.advertised, options.branch)
  const head = fetched.advertised.branches.get(ref) ?? null
  const { notes } = fetched.advertised
  const refs = new Map<string, Cid>()
  if (head !== null) refs.set(ref, head)
  if (notes !== null) refs.set(notesRef, notes)
  await local.update(
    () => ({
      head: ref,
      refs,
      config: new Map([
        [urlKey(remoteName), options.url],
        [upstreamKey(shortRefName(ref)), `${remotePrefix}${remoteName}/${shortRefName(ref)}`],
        ...(options.partial ? partialSettings(remoteName, options.partial) : []),
      ]),
      operation: { name: 'clone', message: options.url, author: '' },
    }),
    { signal: options.signal },
  )
  return { updates: fetched.updates, objects: fetched.objects, bytes: fetched.bytes, ref, head }
}

function chooseBranch(advertised: Advertised, wanted: string | undefined): string {
  const names = [...advertised.branches.keys()].sort()
  if (wanted !== undefined) {
    const ref = branchPrefix + checkRefName(wanted, 'branch')
    if (advertised.branches.has(ref)) return ref
    throw new VarveError('VARVE_REF_NOT_FOUND', `the remote has no branch '${wanted}'`, {
      data: { branch: wanted, branches: names.map(shortRefName) },
      hint:
        names.length === 0 ? 'it has no branches yet' : `there are: ${names.map(shortRefName).join(', ')}`,
    })
  }
  const { head } = advertised
  if (head !== null && (advertised.branches.has(head) || names.length === 0)) return head
  const usual = [`${branchPrefix}main`, `${branchPrefix}master`].find((ref) => advertised.branches.has(ref))
  return usual ?? names[0] ?? `${branchPrefix}main`
}
