// One round of a link. The endpoint is read, what it changed is merged into the branch, and what the branch changed is
// written to the endpoint, each row guarded by what was read:
//
//   captured ──┐                                     B  base: what both sides last had
//              ├─ merge over B ─> merged ─> branch   held rows: endpoint and B keep what they have
//   branch ────┘                    └─────> endpoint
//
// A quiet round makes no commit and writes nothing. A kill between any two steps leaves a state from which the next
// round comes to the same end: all is decided by values, and the endpoint's own record says which base it has.
import { throwIfAborted } from '../base/errors.ts'
import type { Connector } from '../connectors/interface.ts'
import { digestHex } from '../encoding/cid.ts'
import type { Tree } from '../files/tree.ts'
import { withWriter } from '../repo/context.ts'
import type { Folder, Io, Repo } from '../repo/interface.ts'
import type { ObjectReader } from '../store/interface.ts'
import { type Begun, beginRound } from './begin.ts'
import { asStored } from './apply/as-stored.ts'
import { echoNotes } from './apply/echoes.ts'
import { columnNotes, hiddenNotes } from './receipts/notes.ts'
import { lostBranch, waitWhole } from './lost-branch.ts'
import { applyRound } from './apply/commits.ts'
import type { ApplyStep } from './apply/interface.ts'
import { type CaptureInput, capture } from './capture/capture.ts'
import type { TableDigests } from './capture/digests.ts'
import { guardCaptured } from './capture/guard-captured.ts'
import type { CapturedTable, Link, Receipt, SyncOptions } from './interface.ts'
import { OpenLog } from './log/open-log.ts'
import type { Sides } from './merge/interface.ts'
import { mergeIntoBranch } from './merge/merge-branch.ts'
import { keepPending } from './pending/keep.ts'
import { stopRound, stopRestored } from './pending/stop-round.ts'
import { showPlan } from './plan.ts'
import { goneBack } from './capture/gone-back.ts'
import { publishLive } from './capture/publish.ts'
import { readEndpoint } from './capture/read-endpoint.ts'
import { rememberReceipt } from './receipts/log.ts'
import { orByReceipts, unknownWriter } from './receipts/told.ts'
import { makeReceipt } from './receipts/make.ts'
import { type CommonBase, baseBeforeRestore, commonBase, notedState, readCheckpoint } from './common-base.ts'
import { forgetNotes } from './transform/one-way-notes.ts'
import { markRead } from './transform/one-way.ts'
import type { KeyNames } from './keys/key-names.ts'
import { withKeysThere } from './keys/keys-there.ts'
import { inKnownKeys } from './keys/known-keys.ts'
import { stillRejected } from './held/still-rejected.ts'

const noFacts = { identity: null, restored: null }

export interface Round {
  readonly repo: Repo
  /** The user's files, where the branch is checked out there. */
  readonly folder: Folder | null
  readonly connector: Connector
  readonly link: Link
  readonly options: SyncOptions
}

/** One round. `close` is called once the endpoint is not needed any more; by default it closes the log and nothing else. */
export async function syncRound(round: Round, close?: () => Promise<void>): Promise<Receipt> {
  const log = new OpenLog({ isFollowing: false, compareMs: null })
  const end = close ?? (() => log.close())
  const receipt = await runRound(round, log).catch(async (error: unknown) => {
    await end()
    throw error
  })
  // A connection is closed when the server's process has ended: the receipt is written to the disk meanwhile.
  await Promise.all([remember(round, receipt), end()])
  return receipt
}

/** One round, with a reader of the endpoint's log that stays open after it. */
export async function syncRoundWith(round: Round, log: OpenLog): Promise<Receipt> {
  const receipt = await runRound(round, log)
  await remember(round, receipt)
  return receipt
}

function runRound(round: Round, log: OpenLog): Promise<Receipt> {
  return withWriter(round.repo, (writer, nodes) => runWith(round, log, { writer, nodes }))
}

async function remember(round: Round, receipt: Receipt): Promise<void> {
  if (round.options.dryRun !== true) await rememberReceipt(round, receipt)
}

async function runWith(round: Round, log: OpenLog, io: Io): Promise<Receipt> {
  const { connector, link } = round
  const begun = await beginRound(round, io)
  const { state, identity, place } = begun
  const start = { ...begun, round, io }
  if (begun.stops.isOther(state.identity, identity)) return stopOther(start, captureInput(round, begun))

  const checkpoint = await readCheckpoint(connector, link.name, place, state)
  const known = await commonBase(io.nodes.reader, state, checkpoint, identity)
  const found = await orByReceipts(round, io, begun, known)
  const seen = await captureRound(start, log, found)
  const { restored, base } = seen.restore
  if (seen.isStopped)
    return stopRestored(start, seen.sides, { read: seen.captured, restored, notes: seen.notes })
  const waiting = (await lostBranch(round, io)) ?? (await unknownWriter(round, io, found))
  if (waiting !== null) return waitWhole(round, io, begun, { waiting, read: seen })
  return mergeAndApply(start, seen, { checkpoint, state: notedState(state, base) })
}

/** What a round begins with. */
interface Started extends Begun {
  readonly round: Round
  readonly io: Io
}

interface Captured {
  /** All that was read, under the keys that the branch has. */
  readonly captured: Tree
  /** The same, under those that the endpoint has. */
  readonly stored: Tree
  readonly names: KeyNames
  /** The tables of it, and what guards said of them. */
  readonly tables: readonly CapturedTable[]
  /** null where no table was compared. */
  readonly digests: TableDigests | null
  /** To be merged: without the tables that a guard stops. */
  readonly sides: Sides
  readonly restore: Restore
  /** The endpoint has gone back to an earlier state: nothing goes on before somebody lets it. */
  readonly isStopped: boolean
  readonly notes: readonly string[]
}

/** Reads the endpoint, stops what guards forbid, and publishes what was read. */
async function captureRound(start: Started, log: OpenLog, found: CommonBase): Promise<Captured> {
  const { round, io, state, refs, mark, held, stops, identity, before, tables, unfit } = start
  const { link, options } = round
  let restore = await baseAfterRestore(start, found, round, io.nodes.reader)
  const { left } = start
  const input = { ...captureInput(round, start), left, mark, isTold: restore.base.isTold }
  const read = await readEndpoint(round, io, log, input)
  const reading = await markRead(io, { link, identity }, tables, read)
  const stored = reading.captured
  throwIfAborted(options.signal)
  const { namespaces } = start
  const earlier = await goneBack(io, found, { state, namespaces, tables, captured: stored })
  if (earlier === 'all') {
    start.position.goBack()
    restore = await baseAfterRestore(start, found, round, io.nodes.reader)
  }
  const { base, restored } = restore
  unfit.hold(held, tables)
  const baseTree = await left.inCommon(io, base)
  const known = { stored, base: base.commit, baseTree, names: start.names }
  const { tree: captured, names } = await inKnownKeys(io, link, start, known)
  const guarded = await guardCaptured(round, io, stops, {
    tables,
    before,
    stored,
    read: captured,
    base: baseTree,
    earlier: earlier === 'all' ? new Set() : earlier,
  })
  const isStopped = restored !== null && (link.mode !== 'capture' || captured.cid !== baseTree?.cid)
  const live = await publishLive(round, io, {
    state,
    before,
    identity,
    reading,
    unfit,
    base,
    baseTree,
    left,
    refs,
    position: start.position.toKeep(!isStopped),
    namespaces: namespaces.write(io.writer, tables, held),
    keys: { kept: start.names, now: names },
  })
  await reading.acknowledge()
  const { told, stranger, merged, brought } = base
  const agreed = { base: baseTree, live, merged, brought, told, stranger }
  const merging = { captured: guarded.merging, stored: guarded.merging.cid === captured.cid ? stored : null }
  return {
    captured,
    stored,
    names,
    tables: guarded.tables,
    digests: reading.digests,
    sides: { ...agreed, ...merging, names, identity, tables, held, refs },
    restore,
    isStopped,
    notes: [
      ...(round.connector.unchecked === undefined ? [] : [round.connector.unchecked]),
      ...reading.notes,
      ...(base.note === null ? [] : [base.note]),
    ],
  }
}

/** Merges what was read into the branch, and writes to the endpoint what the branch changed. */
async function mergeAndApply(
  start: Started,
  { captured, stored: read, names, sides, ...seen }: Captured,
  { checkpoint, state }: Pick<ApplyStep, 'checkpoint' | 'state'>,
): Promise<Receipt> {
  const { round, io, held, stops, tables } = start
  const { options } = round
  const outcome = await mergeIntoBranch(round, io, sides)
  const { target, common, commit } = outcome
  await held.addConflicts(io, outcome.conflicts, tables)
  await held.addOtherKeys(io, tables, { tree: outcome.whole, captured })
  const last =
    options.retry === true ? [] : await stillRejected(round, io, { tables, captured, held, commit })
  for (const row of last) held.add(row)
  await forgetNotes(round, start.identity, held)

  const place = checkpoint?.place ?? start.place
  const first = { branch: commit, checkpoint, place, fence: null, due: new Map() }
  const keys = { captured, stored: read, names, kept: start.names }
  const now = { ...sides, ...first, ...keys, round, io, stops, state }
  const step = { ...now, digests: seen.digests, target, common }
  const stored = await asStored(step)
  const written = await applyRound({ ...step, target: stored.target }, sides)
  await showPlan(io, options, {
    branch: outcome.change,
    endpoint: { before: captured.cid, after: written.after.cid },
  })
  const { manifest } = start
  const pending = await keepPending(round, io, {
    stops,
    pending: start.state.pending,
    facts: noFacts,
    manifest,
  })
  return makeReceipt(round, io, {
    startedMs: start.startedMs,
    tables,
    captured: seen.tables,
    written,
    heldBack: await withKeysThere(io, tables, await held.named(io, captured), { captured, stored: read }),
    commit,
    pending,
    notes: [
      ...seen.notes,
      ...hiddenNotes(tables, seen.tables),
      ...stored.notes,
      ...(await echoNotes(step)),
      ...written.notes,
      ...(await columnNotes(io, round.link, tables, outcome.whole)),
    ],
  })
}

function captureInput({ link }: Round, begun: Begun): CaptureInput & Pick<Begun, 'shapes'> {
  const { tables, before, state, digests, unfit, held, shapes } = begun
  // What is never written is the endpoint's, spelling and all.
  const spelled = link.mode === 'capture' ? null : (begun.branch ?? before)
  return { link, tables, before, live: state.live, spelled, digests, unfit, held, shapes, notes: [] }
}

/** Another database stands under the link's name: what it has is read, and waits. */
async function stopOther(start: Started, known: CaptureInput): Promise<Receipt> {
  const { round, io, before, identity } = start
  const isAsked = round.connector.log?.told === undefined
  const read = isAsked
    ? await capture(io, round.connector, { ...known, shapes: null }, round.options)
    : before
  const change = { from: before, read, wanted: read }
  return stopRound(start, { guard: 'identity', ...change, identity, restored: null, notes: [] })
}

interface Restore {
  readonly base: CommonBase
  /** What names the earlier state; null where the endpoint has not gone back, or somebody has let it. */
  readonly restored: string | null
}

/**
 * The base to merge over where the endpoint may have gone back to an earlier state, and what names that as long as nobody
 * has let it in. A capture keeps the base: what the endpoint has is taken as its wish, or not at all.
 */
async function baseAfterRestore(
  { position, stops }: Begun,
  found: CommonBase,
  { link }: Round,
  reader: ObjectReader,
): Promise<Restore> {
  const isBehind = position.isBehind && !found.isCut
  if (!isBehind && !found.isRestored) return { base: found, restored: null }
  const said =
    found.told === null || link.mode === 'capture' ? `position ${position.name}` : digestHex(found.told)
  const restored = stops.isRestored(said) ? said : null
  if (found.isRestored || link.mode === 'capture') return { base: found, restored }
  return { base: { ...(await baseBeforeRestore(reader, found)), isCut: restored === null }, restored }
}
