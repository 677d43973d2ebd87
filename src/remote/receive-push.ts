// The receiving side of a push from somebody who is not trusted: what was sent goes the way that fetched objects go (each
// hashed, bounded, walked to its leaves, its paths checked), and then all refs move in one compare-and-set or none. The
// sender says what each ref was when they looked; a ref that is another by then refuses the whole push.
import { VarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import { isCid } from '../encoding/cid.ts'
import { upToHorizon } from '../history/horizon.ts'
import {
  branchPrefix,
  catchUpHint,
  checkRefName,
  isReceiptsRef,
  notesRef,
  shortRefName,
  tagPrefix,
} from '../history/refs.ts'
import type { Manifest, ManifestChange, ObjectReader, Store } from '../store/interface.ts'
import { adoptedHead, refuseCurrentBranch } from './current-branch.ts'
import type { RefUpdate, TransferOptions, TransferReport } from './interface.ts'
import { horizonChange, receiveCommits } from './fetch.ts'
import { descends, peel } from './peel.ts'
import { withFreshEpoch } from './receive.ts'
import { isBare } from './remotes.ts'
import { PausingWriter, SentObjects } from './sent-objects.ts'

const updatesMax = 10_000

export interface PushedUpdate {
  /** Full name. */
  readonly ref: string
  /** What the sender saw there; null: nothing. */
  readonly before: Cid | null
  /** null deletes. */
  readonly after: Cid | null
  /** Commits may be lost by it, or a tag replaced. */
  readonly force?: boolean | undefined
}

export interface ReceiveOptions extends TransferOptions {
  readonly updates: readonly PushedUpdate[]
  /** Who pushes, for the log of operations. */
  readonly author?: string
  /** What the sender counted on was there at this gc epoch. */
  readonly epoch?: number | undefined
  /** Throws where an update is not allowed; asked when all is there and the refs are about to move. */
  readonly permit?: (updates: readonly RefUpdate[], manifest: Manifest) => Promise<void>
}

export interface ReceiveReport extends TransferReport {
  /** Number of the manifest in which the refs are as was asked. */
  readonly sequence: number
}

/**
 * `open` gives a reader of what came, which may lie; asked once, and not at all where the refs are as was asked already.
 * @throws VarveError VARVE_REFUSED (data.reason 'moved' where a ref is another), VARVE_CORRUPT, VARVE_OBJECT_MISSING
 */
export async function receivePush(
  store: Store,
  open: () => Promise<ObjectReader>,
  options: ReceiveOptions,
): Promise<ReceiveReport> {
  checkUpdates(options.updates)
  let sent: ObjectReader | null = null
  return withFreshEpoch(store, async (before, sameEpoch) => {
    // The answer to an earlier attempt may have been lost on its way: asked again, it is the same. What came with it is
    // gone from where it waited.
    if (options.updates.every(({ ref, after }) => (before.refs.get(ref) ?? null) === after))
      return { updates: [], objects: 0, bytes: 0, sequence: before.sequence }
    if (options.epoch !== undefined && options.epoch !== before.gcEpoch) throw collected(before)
    checkUnmoved(before, options.updates, isBare(store, before))
    sent ??= await open()
    return take(store, sent, options, before, sameEpoch)
  })
}

async function take(
  store: Store,
  sent: ObjectReader,
  options: ReceiveOptions,
  before: Manifest,
  sameEpoch: (current: Manifest) => void,
): Promise<ReceiveReport> {
  const { updates, signal } = options
  const bare = isBare(store, before)
  const writer = store.writer()
  // Unlike what is fetched, what is pushed is kept when all of it has come, or not at all.
  const receiver = { writer: new PausingWriter(writer), arrived: async () => {} }
  let published = false
  try {
    const source = new SentObjects(sent, store)
    const wants = updates.flatMap(({ after }) => after ?? [])
    const theirs = { ...before, refs: new Map<string, Cid>() }
    const { copied, horizon } = await receiveCommits(
      store,
      source,
      receiver,
      { before, theirs, wants },
      { signal, onProgress: options.onProgress },
    )
    const reader = upToHorizon(receiver.writer, horizon.commits)
    const judged = await Promise.all(updates.map((update) => judge(reader, update)))
    const ends = horizonChange(receiver.writer, before, horizon)
    const next = await store.update(
      async (current) => {
        sameEpoch(current)
        checkUnmoved(current, updates, bare)
        await options.permit?.(judged, current)
        const change = changeOf(current, updates, bare, options.author ?? '')
        return { ...change, refs: new Map([...change.refs, ...ends]) }
      },
      { writer, signal },
    )
    published = true
    return { updates: judged, objects: copied.objects, bytes: copied.bytes, sequence: next.sequence }
  } finally {
    if (!published) await writer.abort()
  }
}

/** What an update does to its ref, now that the objects are at hand. */
async function judge(reader: ObjectReader, { ref, before, after, force }: PushedUpdate): Promise<RefUpdate> {
  if (after !== null && !ref.startsWith(tagPrefix) && (await peel(reader, after)).commit !== after)
    throw new VarveError('VARVE_REFUSED', `'${shortRefName(ref)}' can only name a commit`, {
      data: { ref },
      hint: 'push a commit to a branch, and anything else to a tag',
    })
  if (before === null || after === null) return { ref, before, after, forced: false }
  const forward = !ref.startsWith(tagPrefix) && (await descends(reader, before, after))
  if (forward || force === true) return { ref, before, after, forced: !forward }
  throw ref.startsWith(tagPrefix)
    ? new VarveError('VARVE_REFUSED', `tag '${shortRefName(ref)}' exists already, and names another object`, {
        data: { ref },
        hint: 'choose another name, or replace the tag with --force',
      })
    : new VarveError('VARVE_REFUSED', `'${shortRefName(ref)}' has commits that this push would lose`, {
        data: { ref },
        hint: catchUpHint(ref),
      })
}

function checkUpdates(updates: readonly PushedUpdate[]): void {
  const bad = (why: string, ref: string): VarveError =>
    new VarveError('VARVE_REFUSED', `the push is not accepted: ${why}`, {
      data: { ref: ref.slice(0, 300) },
      hint: `a push moves 1 to ${updatesMax} branches, tags, notes or logs of receipts, each once`,
    })
  if (updates.length === 0 || updates.length > updatesMax) throw bad(`it moves ${updates.length} refs`, '')
  const seen = new Set<string>()
  for (const { ref, before, after, force } of updates) {
    const kind = ref.startsWith(branchPrefix) ? 'branch' : ref.startsWith(tagPrefix) ? 'tag' : null
    if (isReceiptsRef(ref)) {
      if (after === null || force === true) throw bad('a log of receipts is only ever added to', ref)
    } else if (kind === null) {
      if (ref !== notesRef) throw bad('a ref of it is neither a branch nor a tag', ref)
    } else checkName(ref, kind, bad)
    if (seen.has(ref)) throw bad('it names a ref twice', ref)
    seen.add(ref)
    if ([before, after].some((cid) => cid !== null && !isCid(cid))) throw bad('a ref names no object', ref)
  }
}

function checkName(ref: string, kind: 'branch' | 'tag', bad: (why: string, ref: string) => VarveError): void {
  try {
    checkRefName(ref.slice((kind === 'branch' ? branchPrefix : tagPrefix).length), kind)
  } catch {
    throw bad(`it has a ${kind} with an unsafe name`, ref)
  }
}

function checkUnmoved(current: Manifest, updates: readonly PushedUpdate[], bare: boolean): void {
  for (const { ref, before, after, force } of updates) {
    const now = current.refs.get(ref) ?? null
    if (now !== before) {
      throw new VarveError('VARVE_REFUSED', `'${shortRefName(ref)}' has been moved by somebody else`, {
        data: { reason: 'moved', ref, now },
        hint: catchUpHint(ref),
      })
    }
    refuseCurrentBranch(current, { ref, target: after, force: force === true }, bare)
  }
}

function changeOf(
  current: Manifest,
  updates: readonly PushedUpdate[],
  bare: boolean,
  author: string,
): ManifestChange & { readonly refs: ReadonlyMap<string, Cid | null> } {
  const refs = new Map<string, Cid | null>(updates.map(({ ref, after }) => [ref, after]))
  const message = updates.map(({ ref }) => shortRefName(ref)).join(', ')
  const change = { refs, operation: { name: 'push', message, author } }
  return { ...change, ...adoptedHead(current, refs, bare) }
}

function collected(current: Manifest): VarveError {
  return new VarveError('VARVE_REFUSED', 'garbage was collected here since the push began', {
    data: { reason: 'moved', epoch: current.gcEpoch },
    hint: 'run the command again',
  })
}
