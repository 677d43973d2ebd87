// Undo: the state of refs, HEAD, index and merge before the last operation, set again as a new operation, so that
// undoing is itself in the log. What came from remotes, and the configuration, stay.
import { VarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import { horizonRef } from '../history/horizon.ts'
import { isRemoteNotesRef, linkRefs, remotePrefix } from '../history/refs.ts'
import type { Manifest } from '../store/interface.ts'
import { filesOfUndone, restoreStash } from './stash/bring-back.ts'
import {
  type Folder,
  type FolderOptions,
  type Repo,
  indexBaseRef,
  indexRef,
  promisedRef,
} from './interface.ts'
import { move } from './move.ts'
import { undoOperation, undoneSequence } from './undo-operation.ts'

/** Operations that changed the index but no file: undoing them leaves the files alone. */
const indexOnly = new Set([
  'add',
  'commit',
  'commit (amend)',
  'reset (soft)',
  'reset (mixed)',
  'restore (staged)',
  'track',
])

export interface UndoneOperation {
  readonly operation: string
  readonly message: string
}

export async function undo(
  repo: Repo,
  folder: Folder | null,
  options: FolderOptions & { dryRun?: boolean } = {},
): Promise<UndoneOperation> {
  let undone: UndoneOperation | null = null
  let last: Manifest | null = null
  const moved = move(
    repo,
    folder,
    async (manifest, io) => {
      const { before, ...found } = await lastOperation(repo, manifest)
      last = found.last
      undone = { operation: last.operation.name, message: last.operation.message }
      if (options.dryRun === true) return null
      const keepFiles = indexOnly.has(last.operation.name) || !before.refs.has(indexRef)
      const refs = refsToRestore(manifest, before)
      const index = before.refs.get(indexRef)
      const over = before.refs.get(indexBaseRef)
      const files = keepFiles ? null : await filesOfUndone(io, folder, last, before)
      return {
        refs,
        head: before.head,
        operation: undoOperation(last),
        show: keepFiles ? null : (index ?? null),
        ...(over === undefined ? {} : { over }),
        ...(files === null ? {} : { files }),
      }
    },
    options,
  )
  await moved.catch(async (error: unknown) => {
    // A file that was edited meanwhile did not come back.
    if (last !== null) await restoreStash(repo, last).catch(() => undefined)
    throw error
  })
  return undone!
}

function refsToRestore(now: Manifest, before: Manifest): Map<string, Cid | null> {
  const refs = new Map<string, Cid | null>()
  for (const ref of new Set([...now.refs.keys(), ...before.refs.keys()])) {
    if (!isOurs(ref)) continue
    const value = before.refs.get(ref) ?? null
    if (value !== (now.refs.get(ref) ?? null)) refs.set(ref, value)
  }
  return refs
}

/** What remotes and live systems have received stays there: undo does not change it. */
function isOurs(ref: string): boolean {
  const isTheirs = [remotePrefix, linkRefs, 'refs/receipts/', 'links/'].some((prefix) =>
    ref.startsWith(prefix),
  )
  return !isTheirs && !isRemoteNotesRef(ref) && ref !== horizonRef && ref !== promisedRef
}

/** The newest operation that changed something of ours and is not undone yet, and the state before it. */
async function lastOperation(repo: Repo, newest: Manifest): Promise<{ last: Manifest; before: Manifest }> {
  let skipTo = Number.POSITIVE_INFINITY
  let last: Manifest | null = null
  for await (const manifest of chain(newest, repo.store.manifests())) {
    if (manifest.sequence > skipTo) continue
    if (last !== null && refsToRestore(last, manifest).size + Number(last.head !== manifest.head) > 0) {
      return { last, before: manifest }
    }
    last = null
    const undone = undoneSequence(manifest.operation)
    if (undone === null) last = manifest
    else skipTo = undone - 1
  }
  throw new VarveError('VARVE_NOT_POSSIBLE', 'there is nothing left to undo', {
    hint: "'varve reflog' lists what happened here, 'varve reset --hard REV' goes to any state of it",
  })
}

async function* chain(first: Manifest, rest: AsyncIterable<Manifest>): AsyncGenerator<Manifest> {
  yield first
  for await (const manifest of rest) if (manifest.sequence !== first.sequence) yield manifest
}
