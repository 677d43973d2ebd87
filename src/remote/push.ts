// Push: brings what local refs reach into another store, then moves that store's refs, all of them in one
// compare-and-set or none. Nothing of a push that fails, at whatever step, is ever seen on the remote. Work that
// others pushed is never overwritten unless that was asked for.
import { VarveError, isVarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import { readHorizon, upToHorizon } from '../history/horizon.ts'
import {
  branchPrefix,
  catchUpHint,
  isReceiptsRef,
  notesRef,
  remoteNotesRef,
  remotePrefix,
  shortRefName,
  tagPrefix,
} from '../history/refs.ts'
import type { Manifest, ManifestChange, Store } from '../store/interface.ts'
import { CheckedReader } from './checked-reader.ts'
import { adoptedHead, refuseCurrentBranch } from './current-branch.ts'
import { tagsToFollow } from './follow-tags.ts'
import type { RefUpdate, TransferOptions, TransferReport } from './interface.ts'
import { descends } from './peel.ts'
import { type LastSeen, lastSeenOf, withLeases } from './lease.ts'
import { type PushTarget, readRefspecs } from './refspec.ts'
import { checkRemoteName, isBare, upstreamKey } from './remotes.ts'
import { type Receiver, committedRefs, withFreshEpoch, withReceiver } from './receive.ts'
import { type CopyResult, copyClosure } from './transfer.ts'

export interface PushOptions extends TransferOptions {
  /** 'main', 'main:other', ':gone', '+main', 'refs/tags/v1', 'refs/notes/commits'; none: the current branch. */
  readonly refspecs?: readonly string[]
  readonly force?: boolean
  /** Refs that may become what they do not descend from, as long as they are there what we know (lease.ts). */
  readonly forceWithLease?: boolean | readonly string[]
  /** What leases go by; default: what is known of `remoteName` now. */
  readonly lastSeen?: LastSeen
  /** Annotated tags of commits that are pushed too, where they are missing there. */
  readonly followTags?: boolean
  /** Says what would move, and moves nothing. */
  readonly dryRun?: boolean
  /** Makes the remote's branch the upstream of the local one. */
  readonly setUpstream?: boolean
  /** Where its remote-tracking refs are kept; absent when a bare URL is pushed to. */
  readonly remoteName?: string | undefined
}

/** @throws VarveError VARVE_REFUSED, VARVE_USAGE, VARVE_REF_NOT_FOUND, VARVE_OBJECT_MISSING */
export async function push(local: Store, remote: Store, options: PushOptions = {}): Promise<TransferReport> {
  if (options.remoteName !== undefined) checkRemoteName(options.remoteName)
  const localManifest = await local.manifest()
  let targets: readonly PushTarget[] = []
  const report = await withFreshEpoch(remote, async (remoteManifest, sameState) => {
    const named = await readRefspecs(local, localManifest, remoteManifest, options.refspecs ?? [])
    if (options.followTags === true)
      named.push(...(await tagsToFollow(local, { localManifest, remoteManifest }, named)))
    const { forceWithLease, lastSeen = lastSeenOf(localManifest, options.remoteName) } = options
    const leased = await withLeases(local, localManifest, named, { forceWithLease, lastSeen })
    targets = leased.map((target) => (options.force === true ? { ...target, force: true } : target))
    const receipts = await receiptTargets(local, localManifest, remoteManifest, targets)
    const sides = { local, remote, before: remoteManifest }
    return pushTargets(sides, [...targets, ...receipts], sameState, options)
  })
  if (options.dryRun === true) return report
  await rememberPushed(local, targets, options).catch((error: unknown) => {
    throw alreadyThere(error)
  })
  return report
}

/** Receipts of links are pushed along with a branch, if the remote's log is part of ours; they are never pushed alone. */
async function receiptTargets(
  local: Store,
  localManifest: Manifest,
  remoteManifest: Manifest,
  targets: readonly PushTarget[],
): Promise<PushTarget[]> {
  const isMoving = targets.some(
    ({ ref, target }) =>
      ref.startsWith(branchPrefix) && target !== null && localManifest.refs.get(ref) === target,
  )
  const receipts: PushTarget[] = []
  for (const [ref, target] of isMoving ? localManifest.refs : []) {
    if (!isReceiptsRef(ref)) continue
    const there = remoteManifest.refs.get(ref)
    if (there === undefined || (await descends(local, there, target)))
      receipts.push({ ref, target, source: ref, force: false })
  }
  return receipts
}

interface Sides {
  readonly local: Store
  readonly remote: Store
  /** What the remote had when we looked. */
  readonly before: Manifest
}

async function pushTargets(
  sides: Sides,
  targets: readonly PushTarget[],
  sameState: (current: Manifest) => void,
  options: PushOptions,
): Promise<TransferReport> {
  const { local, remote, before } = sides
  const moving = targets.filter((target) => (before.refs.get(target.ref) ?? null) !== target.target)
  if (moving.length === 0) return { updates: [], objects: 0, bytes: 0 }
  const bare = isBare(remote, before)
  const updates = await Promise.all(moving.map((target) => judge(local, before, target, bare)))
  if (options.dryRun === true) return { updates, objects: 0, bytes: 0 }
  const receiving = async (receiver: Receiver): Promise<TransferReport> => {
    const copied = await copyForPush(sides, receiver, moving, options)
    const change = (current: Manifest): ManifestChange => {
      sameState(current)
      for (const target of moving) checkUnmoved(before, current, target, bare)
      return changeFor(current, moving, bare)
    }
    await remote.update(change, { writer: receiver.writer, signal: options.signal })
    return { updates, objects: copied.objects, bytes: copied.bytes }
  }
  return withReceiver(remote, 'push', receiving, { near: local })
}

async function copyForPush(
  { local, remote, before }: Sides,
  receiver: Receiver,
  targets: readonly PushTarget[],
  options: PushOptions,
): Promise<CopyResult> {
  const wants = targets.flatMap((target) => target.target ?? [])
  const lacked = (await readHorizon(local, await local.manifest())).commits
  const there = upToHorizon(remote, (await readHorizon(new CheckedReader(remote), before)).commits)
  return copyClosure(
    { from: local, to: there },
    receiver,
    { wants, haves: committedRefs(before) },
    {
      bounds: { lacked },
      local: 'sender',
      phase: 'pushing',
      signal: options.signal,
      onProgress: options.onProgress,
    },
  )
}

/** What one ref may become, judged by what the remote had when we looked. */
async function judge(local: Store, before: Manifest, target: PushTarget, bare: boolean): Promise<RefUpdate> {
  refuseCurrentBranch(before, target, bare)
  const old = before.refs.get(target.ref) ?? null
  const update = { ref: target.ref, before: old, after: target.target }
  if (target.lease !== undefined && target.lease !== old) throw movedThere(target.ref)
  if (old === null || target.target === null) return { ...update, forced: false }
  if (target.ref.startsWith(tagPrefix)) {
    if (!target.force && target.lease === undefined) throw tagExists(target.ref)
    return { ...update, forced: true }
  }
  const forward = await descends(local, old, target.target)
  if (!forward && !target.force && target.lease === undefined) throw notFastForward(target.ref)
  return { ...update, forced: !forward }
}

/** Refuses when somebody was faster, between our look at the refs and our compare-and-set. */
function checkUnmoved(before: Manifest, current: Manifest, target: PushTarget, bare: boolean): void {
  refuseCurrentBranch(current, target, bare)
  const now = current.refs.get(target.ref)
  if (now === before.refs.get(target.ref) || (now ?? null) === target.target) return
  if (target.lease !== undefined) throw movedThere(target.ref)
  if (target.force) return
  throw target.ref.startsWith(tagPrefix) ? tagExists(target.ref) : notFastForward(target.ref)
}

function changeFor(current: Manifest, targets: readonly PushTarget[], bare: boolean): ManifestChange {
  const refs = new Map<string, Cid | null>()
  for (const { ref, target } of targets) if ((current.refs.get(ref) ?? null) !== target) refs.set(ref, target)
  const names = targets.map(({ ref }) => shortRefName(ref)).join(', ')
  const change = { refs, operation: { name: 'push', message: names, author: '' } }
  return { ...change, ...adoptedHead(current, refs, bare) }
}

function notFastForward(ref: string): VarveError {
  return new VarveError('VARVE_REFUSED', `the remote's '${shortRefName(ref)}' has commits you do not have`, {
    data: { ref },
    hint: catchUpHint(ref),
  })
}

function movedThere(ref: string): VarveError {
  return new VarveError(
    'VARVE_REFUSED',
    `the remote's '${shortRefName(ref)}' is not what was last seen of it`,
    {
      data: { ref, reason: 'stale' },
      hint: "look at what came there: 'varve fetch', then 'varve log'; push again if that may be lost",
    },
  )
}

function tagExists(ref: string): VarveError {
  return new VarveError(
    'VARVE_REFUSED',
    `tag '${shortRefName(ref)}' is already on the remote, and names something else`,
    {
      data: { ref },
      hint: 'choose another name; --force replaces it for everybody',
    },
  )
}

function alreadyThere(error: unknown): unknown {
  if (!isVarveError(error)) return error
  return new VarveError(error.code, `pushed, but that could not be noted here: ${error.message}`, {
    data: error.data,
    cause: error,
    hint: 'the remote has it; the same push again notes it, and sends nothing twice',
  })
}

/** Remote-tracking refs and upstreams. The remote has moved by now: nothing stops this, and doing it again later is harmless. */
async function rememberPushed(
  local: Store,
  targets: readonly PushTarget[],
  options: PushOptions,
): Promise<void> {
  const { remoteName, setUpstream } = options
  if (remoteName === undefined) return
  const tracked = targets.filter(({ ref }) => ref.startsWith(branchPrefix) || ref === notesRef)
  await local.update((current) => {
    const refs = new Map<string, Cid | null>()
    const config = new Map<string, string>()
    for (const { ref, target, source } of tracked) {
      const tracking =
        ref === notesRef ? remoteNotesRef(remoteName) : `${remotePrefix}${remoteName}/${shortRefName(ref)}`
      if ((current.refs.get(tracking) ?? null) !== target) refs.set(tracking, target)
      if (setUpstream !== true || target === null || source?.startsWith(branchPrefix) !== true) continue
      const key = upstreamKey(shortRefName(source))
      if (current.config.get(key) !== tracking) config.set(key, tracking)
    }
    if (refs.size + config.size === 0) return null
    return { refs, config, operation: { name: 'push', message: remoteName, author: '' } }
  })
}
