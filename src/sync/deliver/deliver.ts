// One round of a link whose endpoint is a sink: it is sent what the branch changed since the last delivery.
//
//   written ──> intent ──> … ──> branch      each arrow is a delivery: announced, sent, confirmed, and then recorded
//
// A delivery that was cut short is sent again to its end before the next one begins, even where the branch has moved
// elsewhere meanwhile: else the receiver would keep rows that no later delivery changes.
import type { Sink } from '../../connectors/sink.ts'
import { Tree } from '../../files/tree.ts'
import { noCommitsYet } from '../../history/refs.ts'
import type { Commit } from '../../history/interface.ts'
import { withWriter } from '../../repo/context.ts'
import { readBranch } from '../../repo/head.ts'
import type { Io, Repo } from '../../repo/interface.ts'
import { HeldRows } from '../held/held-rows.ts'
import type { Link, Receipt, SyncOptions } from '../interface.ts'
import { branchOf } from '../merge/merge-branch.ts'
import { Approval, pendingStops } from '../pending/approval.ts'
import { type KeepInput, keepPending } from '../pending/keep.ts'
import { Stops } from '../pending/stops.ts'
import { showPlan } from '../plan.ts'
import { rememberReceipt } from '../receipts/log.ts'
import { type LinkState, readLinkState } from '../state.ts'
import { secretVariable } from '../transform/mask.ts'
import { type DeliveryEnd, deliveryReceipt } from './receipt.ts'
import { rejectedRows } from './rejected.ts'
import { startOf } from './state.ts'
import { Steps } from './steps.ts'
import { deliveredPaths, deliveredTree } from './tables.ts'
import { Targets } from './targets.ts'

export interface DeliverRound {
  readonly repo: Repo
  readonly sink: Sink
  readonly link: Link
  readonly options: SyncOptions
  /** Where the secret of masks is looked for. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
}

/** What a round begins with. */
interface Beginning {
  readonly startedMs: number
  readonly state: LinkState
  readonly approved: Approval | null
  readonly tip: Commit
}

export async function deliverRound(round: DeliverRound): Promise<Receipt> {
  const { repo, link, options } = round
  const startedMs = Date.now()
  const manifest = await repo.store.manifest()
  const state = readLinkState(manifest, link.name)
  const approved = await Approval.load(repo, link.name, options.approve)
  return withWriter(repo, async (writer, nodes) => {
    const io: Io = { writer, nodes }
    const ref = branchOf(link, manifest)
    const tip = await readBranch(nodes.reader, manifest, ref)
    if (tip === null) throw noCommitsYet(ref)
    const receipt = await runRound(round, io, { startedMs, state, approved, tip })
    if (options.dryRun !== true) await rememberReceipt(round, receipt)
    return receipt
  })
}

async function runRound(round: DeliverRound, io: Io, beginning: Beginning): Promise<Receipt> {
  const { sink, link, options } = round
  const { state, approved, tip } = beginning
  const paths = deliveredPaths(link)
  const waiting = await pendingStops(io.nodes.reader, state.pending)
  const guard = new Stops(new HeldRows(), options, approved, waiting)
  const isOther = guard.isOther(state.identity, sink.identity)
  const start = isOther ? null : await startOf(io, { sink, state, isLetIn: guard.isLetIn(sink.identity) })
  if (start === null) return stopStranger(round, io, beginning)
  const { note, ...progress } = start
  const steps = new Steps(round, io, {
    paths,
    recorded: { done: state.written, toward: state.intent },
    approved,
    waiting,
    targets: new Targets(io, link, { paths, secret: round.environment?.[secretVariable] }),
  })
  await steps.from(progress)
  const before = (steps.last?.told ?? Tree.empty(io.nodes, io.writer)).cid
  await steps.to(tip)
  const after = steps.last?.told.cid ?? before
  await showPlan(io, options, { branch: null, endpoint: { before, after } })
  for (const row of await rejectedRows(round, io, steps, paths)) steps.held.add(row)
  const facts = { identity: null, restored: null }
  return endOf(round, io, beginning, {
    keeping: { stops: steps.stops, pending: state.pending, facts },
    held: steps.held,
    counts: steps.counts,
    told: steps.last?.told ?? null,
    wanted: steps.wanted,
    notes: [...(note === null ? [] : [note]), ...steps.notes],
  })
}

/**
 * Stops the round at another receiver, or at one that another history has written to: nothing is sent, and what
 * would be waits.
 */
async function stopStranger(round: DeliverRound, io: Io, beginning: Beginning): Promise<Receipt> {
  const { link, options, sink } = round
  const { state, approved, tip } = beginning
  const paths = deliveredPaths(link)
  const held = new HeldRows()
  const stops = new Stops(held, options, approved, [])
  const isOther = state.identity !== null && state.identity !== sink.identity
  const what = isOther ? 'is another one than before' : 'was written by a history that is not here'
  await stops.addAll(
    paths.map((path) => ({ table: { name: path }, path })),
    { guard: 'identity', side: 'endpoint', message: `the endpoint of '${link.name}' ${what}` },
    { from: Tree.empty(io.nodes, io.writer), to: await deliveredTree(io, tip.tree, paths) },
  )
  return endOf(round, io, beginning, {
    keeping: { stops, pending: state.pending, facts: { identity: sink.identity, restored: null } },
    held,
    counts: new Map(),
    // Nothing is known of what it holds.
    told: null,
    wanted: null,
    notes: [],
  })
}

type End = Pick<DeliveryEnd, 'counts' | 'told' | 'wanted' | 'notes'> & {
  readonly keeping: KeepInput
  readonly held: HeldRows
}

async function endOf(round: DeliverRound, io: Io, { startedMs, tip }: Beginning, end: End): Promise<Receipt> {
  const { keeping, held, ...facts } = end
  const pending = await keepPending(round, io, keeping)
  return deliveryReceipt(io, {
    round,
    startedMs,
    tip,
    paths: deliveredPaths(round.link),
    heldBack: held.list,
    pending,
    ...facts,
  })
}
