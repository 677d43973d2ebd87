// Undo: the state of refs, HEAD, index and merge before the last operation, set again as a new operation, so that
// undoing is itself in the log. What came from remotes, and the configuration, stay.
import { VarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import { horizonRef } from '../history/horizon.ts'
import { isRemoteNotesRef, linkRefs, remotePrefix, shortRefName } from '../history/refs.ts'
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
import { hasCheckout, isCheckoutRef, wasElsewhere } from './worktrees/checkouts.ts'

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
      const { before, passed, ...found } = await lastOperation(repo, manifest)
      last = found.last
      undone = { operation: last.operation.name, message: last.operation.message }
      if (options.dryRun === true) return null
      const keepFiles = indexOnly.has(last.operation.name) || !before.refs.has(indexRef)
      const refs = refsToRestore(manifest, before)
      for (const ref of passed) refs.delete(ref)
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
  return (
    !isTheirs && !isCheckoutRef(ref) && !isRemoteNotesRef(ref) && ref !== horizonRef && ref !== promisedRef
  )
}

interface LastOperation {
  readonly last: Manifest
  readonly before: Manifest
  /** Refs that other checkouts have moved since: they stay. */
  readonly passed: ReadonlySet<string>
}

/** The newest operation that changed something of ours and is not undone yet, and the state before it. */
async function lastOperation(repo: Repo, newest: Manifest): Promise<LastOperation> {
  let skipTo = Number.POSITIVE_INFINITY
  let last: Manifest | null = null
  const passed = new Set<string>()
  for await (const before of chain(newest, repo.store.manifests())) {
    if (!hasCheckout(before)) break
    if (last !== null && wasElsewhere(before, last)) {
      for (const ref of refsToRestore(last, before).keys()) passed.add(ref)
    } else if (last !== null && last.sequence <= skipTo) {
      const undone = undoneSequence(last.operation)
      const changed = refsToRestore(last, before)
      if (undone !== null) skipTo = undone - 1
      else if (changed.size + Number(last.head !== before.head) > 0) {
        refuseMovedElsewhere(changed, passed)
        return { last, before, passed }
      }
    }
    last = before
  }
  throw new VarveError('VARVE_NOT_POSSIBLE', 'there is nothing left to undo', {
    hint: "'varve reflog' lists what happened here, 'varve reset --hard REV' goes to any state of it",
  })
}

function refuseMovedElsewhere(changed: ReadonlyMap<string, unknown>, passed: ReadonlySet<string>): void {
  const ref = [...changed.keys()].find((one) => passed.has(one))
  if (ref === undefined) return
  throw new VarveError(
    'VARVE_NOT_POSSIBLE',
    `'${shortRefName(ref)}' has been moved in another checkout since`,
    { data: { ref }, hint: "'varve reflog' lists what happened; undo it there first" },
  )
}

async function* chain(first: Manifest, rest: AsyncIterable<Manifest>): AsyncGenerator<Manifest> {
  yield first
  for await (const manifest of rest) if (manifest.sequence !== first.sequence) yield manifest
}
