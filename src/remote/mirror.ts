// A mirror has exactly the branches, tags, receipts and notes of its source: what is gone there goes here too, and what
// somebody pushed here alone is overwritten. One round is one compare-and-set of all refs. A source that has lost its
// refs must not take the mirror with it: a round that would delete most of them is refused until somebody allows it.
import { VarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import { readHorizon, upToHorizon } from '../history/horizon.ts'
import { isSharedRef, notesRef } from '../history/refs.ts'
import type { Manifest, ManifestChange, Store } from '../store/interface.ts'
import { type Advertised, readAdvertised } from './advertised.ts'
import { CheckedReader } from './checked-reader.ts'
import { named } from './fetch.ts'
import type { RefUpdate, Source, TransferOptions } from './interface.ts'
import { StaleEpoch, committedRefs, withFreshEpoch, withReceiver } from './receive.ts'
import { verifyReceived } from './received-trees.ts'
import { isBare } from './remotes.ts'
import { copyClosure, nothingCopied } from './transfer.ts'

/** A round may delete this many refs, or half of all, without being asked. */
const deletionsFree = 3

export interface MirrorOptions extends TransferOptions {
  /** The side at hand: links are read from it. */
  readonly local: 'sender' | 'receiver'
  /** How many refs a round may delete; by default three, or half of those that are there. */
  readonly allowDeletions?: number | 'all' | undefined
}

/** A ref of the mirror that moved, forward or not. */
export type MirrorUpdate = Omit<RefUpdate, 'forced'>

export interface MirrorRound {
  readonly updates: readonly MirrorUpdate[]
  /** Commits that the mirror lacked. */
  readonly commits: number
  readonly objects: number
  readonly bytes: number
  /** When the source last changed, by its own clock. */
  readonly changedMs: number
}

/** @throws VarveError VARVE_REFUSED when too much would be deleted, or the mirror has files of its own */
export async function mirrorOnce(
  source: Source,
  mirror: Store,
  options: MirrorOptions,
): Promise<MirrorRound> {
  const theirs = await source.manifest()
  try {
    return await mirrorRefs(source, theirs, mirror, options)
  } catch (error) {
    throw named(error, source.location, theirs)
  }
}

async function mirrorRefs(
  source: Source,
  theirs: Manifest,
  mirror: Store,
  options: MirrorOptions,
): Promise<MirrorRound> {
  const advertised = readAdvertised(theirs)
  return withFreshEpoch(mirror, async (before, sameState) => {
    if (!isBare(mirror, before)) throw hasFiles(mirror.location)
    const updates = updatesFor(before, advertised)
    const round = { updates, commits: 0, objects: 0, bytes: 0, changedMs: theirs.timeMs }
    if (updates.length === 0 && headOf(before, advertised) === before.head) return round
    guard(before, advertised, updates, options.allowDeletions)
    return withReceiver(mirror, 'mirror', async (receiver) => {
      const wants = updates.flatMap(({ after }) => after ?? [])
      const lacked = (await readHorizon(new CheckedReader(source), theirs)).commits
      const there = upToHorizon(mirror, (await readHorizon(mirror, before)).commits)
      const copied =
        wants.length === 0
          ? nothingCopied
          : await copyClosure(
              { from: source, to: there },
              receiver,
              { wants, haves: committedRefs(before) },
              {
                ...options,
                phase: 'mirroring',
                bounds: { lacked },
              },
            )
      const { writer } = receiver
      // Where the mirror is far away its trees are checked by those who fetch them.
      if (options.local === 'receiver') await verifyReceived(writer, copied.commits, lacked, options.signal)
      await mirror.update(
        (current) => {
          sameState(current)
          if (!sameRefs(before, current)) throw new StaleEpoch()
          return changeFor(current, advertised, updates, source.location)
        },
        { writer, signal: options.signal },
      )
      const { commits, objects, bytes } = copied
      return { ...round, commits: commits.size, objects, bytes }
    })
  })
}

function updatesFor(before: Manifest, { branches, tags, receipts, notes }: Advertised): MirrorUpdate[] {
  const updates: MirrorUpdate[] = []
  const wanted = new Map([...branches, ...tags, ...receipts])
  if (notes !== null) wanted.set(notesRef, notes)
  for (const [ref, after] of wanted) {
    const old = before.refs.get(ref) ?? null
    if (old !== after) updates.push({ ref, before: old, after })
  }
  for (const [ref, old] of mirroredRefs(before))
    if (!wanted.has(ref)) updates.push({ ref, before: old, after: null })
  return updates
}

function mirroredRefs(manifest: Manifest): [string, Cid][] {
  return [...manifest.refs].filter(([ref]) => isSharedRef(ref))
}

function sameRefs(a: Manifest, b: Manifest): boolean {
  const [ours, theirs] = [mirroredRefs(a), mirroredRefs(b)]
  return ours.length === theirs.length && ours.every(([ref, cid]) => b.refs.get(ref) === cid)
}

function headOf(current: Manifest, { head }: Advertised): string | null {
  return head ?? current.head
}

function changeFor(
  current: Manifest,
  advertised: Advertised,
  updates: readonly MirrorUpdate[],
  from: string,
): ManifestChange {
  const refs = new Map(updates.map(({ ref, after }) => [ref, after]))
  // A bare repository that was left with a detached HEAD keeps it.
  const head = current.head === null ? null : headOf(current, advertised)
  return { refs, head, operation: { name: 'mirror', message: from, author: '' } }
}

function guard(
  before: Manifest,
  { branches, tags }: Advertised,
  updates: readonly MirrorUpdate[],
  allowed: MirrorOptions['allowDeletions'],
): void {
  const deleted = updates.filter(({ after }) => after === null).map(({ ref }) => ref)
  if (deleted.length === 0 || allowed === 'all') return
  const there = mirroredRefs(before).length
  const isMass =
    allowed === undefined
      ? deleted.length > deletionsFree && deleted.length > there / 2
      : deleted.length > allowed
  const isEmpty = branches.size + tags.size === 0 && allowed === undefined
  if (!isMass && !isEmpty) return
  const what = isEmpty ? 'the source has no branches and tags any more' : 'most refs would be deleted'
  throw new VarveError(
    'VARVE_REFUSED',
    `the mirror is left as it is: ${what} (${deleted.length} of ${there})`,
    {
      data: { deleted: deleted.slice(0, 100), deletions: deleted.length, refs: there },
      hint: `if they are meant to go: --allow-deletions ${deleted.length}`,
    },
  )
}

function hasFiles(location: string): VarveError {
  return new VarveError(
    'VARVE_REFUSED',
    `'${location}' is somebody's working folder, and a mirror is nobody's`,
    {
      data: { location },
      hint: 'mirror into an empty folder, or one that does not exist yet',
    },
  )
}
