// One round of a link whose endpoint is a sink: it is told what the branch changed since it was told last.
//
//   written ──> intent ──> … ──> branch      each arrow is a delivery: announced, sent, confirmed, and then recorded
//
// A delivery that was cut short is sent again to its end before the next one begins, also where the branch has gone
// elsewhere meanwhile: else the receiver would keep rows that are in no step that follows.
import { VarveError, throwIfAborted } from '../../base/errors.ts'
import type { Sink } from '../../connectors/sink.ts'
import type { Path } from '../../files/interface.ts'
import { Tree } from '../../files/tree.ts'
import { shortRefName } from '../../history/refs.ts'
import type { Commit } from '../../history/interface.ts'
import { withWriter } from '../../repo/context.ts'
import { readBranch } from '../../repo/head.ts'
import type { Io, Repo } from '../../repo/interface.ts'
import { Table } from '../../table/table.ts'
import { deliveryReceipt, noCounts } from './receipt.ts'
import { deliveredPaths, deliveredTable, deliveredTree } from './tables.ts'
import { type Delivery, commitsSince, makeDelivery, readDelivery } from './delivery.ts'
import { type Progress, recordProgress, startOf } from './state.ts'
import { guardDeletes, guardIdentity } from '../guards.ts'
import type { Link, Receipt, RowCounts, SyncOptions } from '../interface.ts'
import { branchOf } from '../merge-branch.ts'
import { rememberReceipt } from '../receipts/log.ts'
import { countChanges } from '../tables/differences.ts'
import { sendDelivery } from './send.ts'
import { showPlan } from '../plan.ts'
import { readLinkState } from '../state.ts'

export interface DeliverRound {
  readonly repo: Repo
  readonly sink: Sink
  readonly link: Link
  readonly options: SyncOptions
}

export async function deliverRound(round: DeliverRound): Promise<Receipt> {
  const { repo, sink, link, options } = round
  const startedMs = Date.now()
  const manifest = await repo.store.manifest()
  const state = readLinkState(manifest, link.name)
  guardIdentity(link.name, state.identity, sink.identity, options)
  return withWriter(repo, async (writer, nodes) => {
    const io: Io = { writer, nodes }
    const paths = deliveredPaths(link)
    const ref = branchOf(link, manifest)
    const tip = await readBranch(nodes.reader, manifest, ref)
    if (tip === null) throw noCommits(shortRefName(ref))
    const { note, ...start } = await startOf(io, { sink, link, state, options })
    const known: Progress = { done: state.written, toward: state.intent }
    const steps = new Steps(round, io, paths, known)
    await steps.from(start)
    const before = (steps.told ?? Tree.empty(nodes, writer)).cid
    await steps.to(tip)
    await showPlan(io, options, {
      branch: null,
      endpoint: { before, after: steps.told?.cid ?? before },
    })
    const receipt = await deliveryReceipt(io, {
      round,
      startedMs,
      paths,
      counts: steps.counts,
      told: steps.told,
      tip,
      notes: note === null ? [] : [note],
    })
    if (options.dryRun !== true) await rememberReceipt(round, receipt)
    return receipt
  })
}

class Steps {
  readonly #round: DeliverRound
  readonly #io: Io
  readonly #paths: readonly Path[]
  /** As the refs of the link are. */
  #recorded: Progress
  #last: Delivery | null = null
  readonly counts = new Map<Path, RowCounts>()

  constructor(round: DeliverRound, io: Io, paths: readonly Path[], recorded: Progress) {
    this.#round = round
    this.#io = io
    this.#paths = paths
    this.#recorded = recorded
  }

  /** The tables as the receiver has been told them. */
  get told(): Tree | null {
    return this.#last?.tree ?? null
  }

  /** What was cut short comes to its end. */
  async from({ done, toward }: Progress): Promise<void> {
    this.#last = done === null ? null : await readDelivery(this.#io, done)
    if (toward !== null) await this.#deliver(await readDelivery(this.#io, toward))
    else if (this.#recorded.done !== done || this.#recorded.toward !== null)
      await this.#record({ done, toward })
  }

  async to(tip: Commit): Promise<void> {
    const { link, options } = this.#round
    for (const branch of await commitsSince(this.#io, link, this.#last, tip)) {
      throwIfAborted(options.signal)
      const tree = await deliveredTree(this.#io, branch.tree, this.#paths)
      if (branch === tip) await this.#refuseMissing(tree)
      if (this.#last?.tree.cid === tree.cid) continue
      const delivery = await makeDelivery(this.#io, link, { previous: this.#last, tree, branch })
      await this.#guard(delivery)
      await this.#deliver(delivery)
    }
  }

  async #deliver(delivery: Delivery): Promise<void> {
    const done = this.#last?.commit.cid ?? null
    const toward = delivery.commit.cid
    const dryRun = this.#round.options.dryRun === true
    if (!dryRun && (this.#recorded.done !== done || this.#recorded.toward !== toward))
      await this.#record({ done, toward })
    const { counts } = this
    await sendDelivery(this.#round, this.#io, {
      previous: this.#last,
      delivery,
      paths: this.#paths,
      recorded: this.#recorded,
      count: (path, kind, rows) => counts.set(path, plus(counts.get(path) ?? noCounts, kind, rows)),
    })
    this.#last = delivery
    await this.#record({ done: toward, toward: null })
  }

  async #record(to: Progress): Promise<void> {
    if (this.#round.options.dryRun === true) return
    await recordProgress(this.#round, this.#io, this.#recorded, to)
    this.#recorded = to
  }

  async #refuseMissing(tree: Tree): Promise<void> {
    for (const path of this.#paths) {
      if ((await tree.get(path)) !== null || (await deliveredTable(this.#io, this.told, path)) !== null)
        continue
      throw new VarveError(
        'VARVE_PATH_NOT_FOUND',
        `the link '${this.#round.link.name}' has no table '${path}'`,
        {
          data: { link: this.#round.link.name, path },
          hint: 'a link to a system that is only written to names tables by their paths in the dataset',
        },
      )
    }
  }

  async #guard({ tree }: Delivery): Promise<void> {
    const { link, options } = this.#round
    for (const path of this.#paths) {
      const before = await deliveredTable(this.#io, this.told, path)
      const after = await deliveredTable(this.#io, tree, path)
      if (before === null) continue
      const known = (await Table.of(this.#io.nodes, before)).count
      const left = after === null ? 0 : (await Table.of(this.#io.nodes, after)).count
      const counts =
        after === null
          ? { ...noCounts, removed: known }
          : await countChanges(this.#io.nodes, { before, after })
      guardDeletes(
        { link: link.name, table: path, where: 'the branch', before: known, after: left, counts },
        options,
      )
    }
  }
}

function plus(counts: RowCounts, kind: 'insert' | 'update' | 'delete', rows: number): RowCounts {
  const { added, changed, removed } = counts
  if (kind === 'insert') return { added: added + rows, changed, removed }
  return kind === 'update'
    ? { added, changed: changed + rows, removed }
    : { added, changed, removed: removed + rows }
}

function noCommits(branch: string): VarveError {
  return new VarveError('VARVE_REF_NOT_FOUND', `branch '${branch}' has no commits yet`, {
    hint: "make the first one with 'varve add' and 'varve commit -m MESSAGE'",
  })
}
