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
import { Tree } from '../files/tree.ts'
import { requireAuthor, withWriter } from '../repo/context.ts'
import { readBranch } from '../repo/head.ts'
import type { Folder, Io, Repo } from '../repo/interface.ts'
import type { Manifest, ObjectReader } from '../store/interface.ts'
import { asStored } from './apply/as-stored.ts'
import { applyRound } from './apply/commits.ts'
import { commitTree } from './branch-change.ts'
import { type CaptureInput, capture } from './capture/capture.ts'
import { TableDigests } from './capture/digests.ts'
import { columnsOnlyHere, columnsOnlyThere } from './capture/drift.ts'
import { findTables } from './capture/find-tables.ts'
import { guardCaptured } from './capture/guard-captured.ts'
import { HeldRows } from './held/held-rows.ts'
import type { Link, Receipt, SyncOptions } from './interface.ts'
import { LinkRefs } from './link-refs.ts'
import { type LinkedTable, tableAt } from './tables/link-tables.ts'
import { readMark } from './log/mark.ts'
import { OpenLog } from './log/open-log.ts'
import { branchOf, mergeIntoBranch } from './merge/merge-branch.ts'
import { Approval } from './pending/approval.ts'
import { keepPending } from './pending/keep.ts'
import { type StoppedRound, stopRound, stopRestored } from './pending/stop-round.ts'
import { Stops } from './pending/stops.ts'
import { showPlan } from './plan.ts'
import { Namespaces } from './capture/namespaces.ts'
import { publishLive } from './capture/publish.ts'
import { ShapeGuard } from './capture/shape-guard.ts'
import { readEndpoint } from './capture/read-endpoint.ts'
import { UnfitTables } from './capture/unfit-tables.ts'
import { rememberReceipt } from './receipts/log.ts'
import { makeReceipt } from './receipts/make.ts'
import { type CommonBase, baseBeforeRestore, commonBase, notedState } from './common-base.ts'
import { linkObject, readLinkState } from './state.ts'
import { forgetNotes, refuseNoted } from './transform/one-way-notes.ts'
import { markRead, refuseWritingBack } from './transform/one-way.ts'
import { stillRejected } from './held/still-rejected.ts'
import { WritePosition } from './write-position.ts'

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
  return withWriter(round.repo, (writer, nodes) => runSteps(round, log, { writer, nodes }))
}

async function remember(round: Round, receipt: Receipt): Promise<void> {
  if (round.options.dryRun !== true) await rememberReceipt(round, receipt)
}

async function runSteps(round: Round, log: OpenLog, io: Io): Promise<Receipt> {
  const { connector, link, options } = round
  const { nodes } = io
  const begun = await beginRound(round, io)
  const { startedMs, manifest, state, refs, mark, held, stops, shapes, identity } = begun
  const { before, tables, digests, unfit, branch, namespaces } = begun
  // What is never written is the endpoint's, spelling and all.
  const spelled = link.mode === 'capture' ? null : (branch ?? before)
  const known = { link, tables, before, live: state.live, spelled, digests, unfit, held, shapes, notes: [] }
  const start = { round, io, startedMs, manifest, state, tables, held, stops, before }
  if (stops.isOther(state.identity, identity)) return stopOther(start, known, identity)

  // Capture: read the endpoint, stop what guards forbid, and publish what was read.
  const checkpoint = await connector.checkpoint(link.name)
  const found = await commonBase(nodes.reader, state, checkpoint, identity)
  const { base, restored } = await baseAfterRestore(begun, found, round, nodes.reader)
  const read = await readEndpoint(round, io, log, { ...known, mark, isTold: base.isTold })
  const reading = await markRead(io, { link, identity }, tables, read)
  const { captured } = reading
  throwIfAborted(options.signal)
  unfit.hold(held, tables)
  const baseTree = base.commit && (await Tree.load(nodes, base.commit.tree))
  const guarded = await guardCaptured(round, io, stops, { tables, before, read: captured, base: baseTree })
  const isStopped = restored !== null && (link.mode !== 'capture' || captured.cid !== baseTree?.cid)
  const live = await publishLive(round, io, {
    state,
    before,
    identity,
    reading,
    unfit,
    base,
    refs,
    position: begun.position.toKeep(!isStopped),
    namespaces: namespaces.write(io.writer, tables, held),
  })
  await reading.acknowledge()
  const notes = [...reading.notes, ...(base.note === null ? [] : [base.note])]
  const { told, stranger, merged, brought } = base
  const agreed = { base: baseTree, live, merged, brought, told, stranger }
  const sides = { ...agreed, identity, tables, captured: guarded.merging, held, refs }
  if (isStopped) return stopRestored(start, sides, { read: captured, restored, notes })

  // Merge it into the branch.
  const outcome = await mergeIntoBranch(round, io, sides)
  const { target, common, commit } = outcome
  await held.addConflicts(io, outcome.conflicts, tables)
  await held.addOtherKeys(io, tables, { tree: outcome.whole, captured })
  const last =
    options.retry === true ? [] : await stillRejected(round, io, { tables, captured, held, commit })
  for (const row of last) held.add(row)
  await forgetNotes(round, identity, held)

  // Apply to the endpoint what the branch changed.
  const first = { branch: commit, checkpoint, fence: null, due: new Map() }
  const now = { ...start, ...sides, ...first, state: notedState(state, base), captured }
  const step = { ...now, digests: reading.digests, target, common }
  const stored = await asStored(step)
  const written = await applyRound({ ...step, target: stored.target }, sides)
  await showPlan(io, options, {
    branch: outcome.change,
    endpoint: { before: captured.cid, after: written.after.cid },
  })
  const pending = await keepPending(round, io, { stops, pending: state.pending, facts: noFacts })
  return makeReceipt(round, io, {
    startedMs,
    tables,
    captured: guarded.tables,
    written,
    heldBack: await held.named(io, captured),
    commit,
    pending,
    notes: [...notes, ...stored.notes, ...(await notesOf(io, round, tables, outcome.whole))],
  })
}

/** Another database stands under the link's name: what it has is read, and waits. */
async function stopOther(start: StoppedRound, known: CaptureInput, identity: string): Promise<Receipt> {
  const { round, io, before } = start
  const isAsked = round.connector.log?.told === undefined
  const read = isAsked
    ? await capture(io, round.connector, { ...known, shapes: null }, round.options)
    : before
  const change = { from: before, read, wanted: read }
  return stopRound(start, { guard: 'identity', ...change, identity, restored: null, notes: [] })
}

type Begun = Awaited<ReturnType<typeof beginRound>>

/** What the repository knows of the link, and the tables that the endpoint has, before anything is read. */
async function beginRound(round: Round, io: Io) {
  const { repo, connector, link, options } = round
  const [startedMs, held] = [Date.now(), new HeldRows()]
  const manifest = await repo.store.manifest()
  const state = readLinkState(manifest, link.name)
  const refs = new LinkRefs(link.name, state)
  const mark = readMark(manifest, link.name)
  // A first round reads all, and then commits it.
  if (state.live === null && bringsIn(link) && options.dryRun !== true) requireAuthor(repo, manifest)
  const approved = await Approval.load(repo, link.name, options.approve)
  const stops = new Stops(held, options, approved)
  const identity = await connector.identity()
  const isSame = state.identity === identity
  const namespaces = await Namespaces.load(
    io.nodes.reader,
    isSame ? manifest.refs.get(linkObject(link.name, 'namespaces')) : undefined,
  )
  const shapes = new ShapeGuard(stops, { held, approved, pending: state.pending, namespaces, options })
  const position = await WritePosition.read(connector, manifest, { link: link.name, isSame })
  refuseNoted(link, manifest, identity)
  const before = await commitTree(io, state.live)
  const branch = link.mode === 'capture' ? null : await branchTree(io, manifest, link)
  await refuseWritingBack(io, { link, identity, branch, base: await commitTree(io, state.base) })
  const tables = await findTables(io, { link, connector, before, branch, held })
  const digests = await digestsOf(io.nodes.reader, manifest, link, isSame)
  const kept = await UnfitTables.load(io.nodes.reader, manifest, link.name)
  const unfit = isSame ? kept : kept.forgotten()
  return {
    startedMs,
    manifest,
    state,
    refs,
    mark,
    held,
    stops,
    shapes,
    identity,
    position,
    before,
    tables,
    digests,
    unfit,
    branch,
    namespaces,
  }
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
): Promise<{ readonly base: CommonBase; readonly restored: string | null }> {
  const isBehind = position.isBehind && !found.isCut
  if (!isBehind && !found.isRestored) return { base: found, restored: null }
  const said =
    found.told === null || link.mode === 'capture' ? `position ${position.name}` : digestHex(found.told)
  const restored = stops.isRestored(said) ? said : null
  if (found.isRestored || link.mode === 'capture') return { base: found, restored }
  return { base: { ...(await baseBeforeRestore(reader, found)), isCut: restored === null }, restored }
}

/** Whether what the endpoint changed comes into the branch. */
function bringsIn({ mode }: Link): boolean {
  return mode === 'capture' || mode === 'two-way'
}

async function branchTree({ nodes }: Io, manifest: Manifest, link: Link): Promise<Tree | null> {
  const tip = await readBranch(nodes.reader, manifest, branchOf(link, manifest))
  return tip === null ? null : Tree.load(nodes, tip.tree)
}

/** The digests of the tables; none when they were of another database. */
function digestsOf(
  reader: ObjectReader,
  manifest: Manifest,
  { name }: Link,
  isSame: boolean,
): Promise<TableDigests> {
  return TableDigests.load(reader, isSame ? manifest.refs.get(linkObject(name, 'digests')) : undefined)
}

async function notesOf(
  io: Io,
  { link }: Round,
  tables: readonly LinkedTable[],
  target: Tree,
): Promise<string[]> {
  if (link.mode === 'capture') return []
  const notes: string[] = []
  for (const { table, path } of tables) {
    const schema = (await tableAt(io, target, path))?.schema
    if (schema === undefined) continue
    const [here, there] = [columnsOnlyHere(schema, table), columnsOnlyThere(schema, table)]
    if (here.length > 0)
      notes.push(`'${table.name}' has no column ${here.join(', ')}: what is in it stays here`)
    if (there.length > 0)
      notes.push(`'${path}' has no column ${there.join(', ')}: what is in it stays at the endpoint`)
  }
  return notes
}
