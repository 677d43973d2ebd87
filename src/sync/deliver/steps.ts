// The deliveries of one round, one after the other: each is announced, sent, confirmed, and then recorded. A table that a
// guard stops stays as it was told, and the others go on.
import { VarveError, throwIfAborted } from '../../base/errors.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import type { Tree } from '../../files/tree.ts'
import type { Commit } from '../../history/interface.ts'
import type { Io } from '../../repo/interface.ts'
import type { TableObject } from '../../table/interface.ts'
import { writeTable } from '../../table/table-object.ts'
import { HeldRows } from '../held/held-rows.ts'
import type { RowCounts } from '../interface.ts'
import type { Approval } from '../pending/approval.ts'
import type { Stop } from '../pending/interface.ts'
import { Stops } from '../pending/stops.ts'
import type { DeliverRound } from './deliver.ts'
import { type Delivery, commitsSince, makeDelivery, makeOutcome, readDelivery } from './delivery.ts'
import { noCounts } from './receipt.ts'
import { type SendInput, type SendResult, sendDelivery } from './send.ts'
import { type Progress, recordProgress } from './state.ts'
import { deliveredTable } from './tables.ts'
import type { Target, Targets } from './targets.ts'
import { type RefusedRow, BatchSender } from './batch-sender.ts'
import { toldTable } from './withheld.ts'

export interface StepsStart {
  readonly paths: readonly Path[]
  readonly recorded: Progress
  readonly approved: Approval | null
  /** What the round before has stopped. */
  readonly waiting: readonly Stop[]
  readonly targets: Targets
}

export class Steps {
  readonly #round: DeliverRound
  readonly #io: Io
  readonly #paths: readonly Path[]
  readonly #approved: Approval | null
  readonly #waiting: readonly Stop[]
  readonly #targets: Targets
  readonly #sender: BatchSender
  /** As the refs of the link are. */
  #recorded: Progress
  #last: Delivery | null = null
  readonly counts: Map<Path, RowCounts> = new Map()
  readonly refused: RefusedRow[] = []
  readonly notes: string[] = []
  /** The tables of the branch's tip as they are to be sent, as far as that is known. */
  wanted: Tree | null = null
  stops: Stops
  held: HeldRows = new HeldRows()

  constructor(round: DeliverRound, io: Io, { paths, recorded, approved, waiting, targets }: StepsStart) {
    this.#round = round
    this.#io = io
    this.#paths = paths
    this.#recorded = recorded
    this.#approved = approved
    this.#waiting = waiting
    this.#targets = targets
    this.#sender = new BatchSender(round.sink)
    this.stops = new Stops(this.held, round.options, approved, waiting)
  }

  get last(): Delivery | null {
    return this.#last
  }

  /** Ends the delivery that was cut short, if there is one. */
  async from({ done, toward }: Progress): Promise<void> {
    this.#last = done === null ? null : await readDelivery(this.#io, done)
    if (toward !== null) await this.#deliver(await readDelivery(this.#io, toward), { goesOn: true })
    else if (this.#recorded.done !== done || this.#recorded.toward !== null)
      await this.#record({ done, toward })
  }

  async to(tip: Commit): Promise<void> {
    const { link, options } = this.#round
    const since = await commitsSince(this.#io, link, this.#last, tip)
    for (const branch of since.length === 0 ? [tip] : since) {
      throwIfAborted(options.signal)
      const target = await this.#targets.of(branch.tree, this.#last)
      if (branch === tip) await this.#noteMissing(target.source)
      const unknown = new Map([...target.faults.keys()].map((path) => [path, null]))
      this.wanted = unknown.size === 0 ? target.tree : await target.tree.update(this.#io.writer, unknown)
      const { tree, made } = await this.#guarded(target)
      const isRetry = branch === tip && options.retry === true && this.#hasWaiting()
      if (this.#last?.target.cid === tree.cid && !isRetry) continue
      await this.#deliver(
        await makeDelivery(this.#io, link, { previous: this.#last, tree, branch, isRetry, made }),
        { goesOn: false },
      )
    }
  }

  #hasWaiting(): boolean {
    return this.#last !== null && this.#last.target.cid !== this.#last.told.cid
  }

  async #deliver(delivery: Delivery, { goesOn }: Pick<SendInput, 'goesOn'>): Promise<void> {
    const before: Progress = { done: this.#last?.commit.cid ?? null, toward: null }
    const toward = delivery.commit.cid
    const isNew = this.#recorded.toward !== toward
    const dryRun = this.#round.options.dryRun === true
    if (!dryRun && (this.#recorded.done !== before.done || isNew)) await this.#record({ ...before, toward })
    const { counts } = this
    const sent = await sendDelivery(this.#round, this.#io, {
      previous: this.#last,
      delivery,
      paths: this.#paths,
      recorded: this.#recorded,
      sender: this.#sender,
      goesOn,
      count: (path, kind, rows) => counts.set(path, plus(counts.get(path) ?? noCounts, kind, rows)),
    }).catch(async (error: unknown) => {
      // It has taken no row of it: the branch may be mended, and is then told as it is.
      if (isNew && this.#sender.hasRefusedAll) await this.#record(before)
      throw error
    })
    this.refused.push(...sent.refused)
    this.#last = await this.#outcome(delivery, sent)
    await this.#record({ done: this.#last.commit.cid, toward: null })
  }

  /** The delivery as it ended; when rows were refused, with what the receiver was told instead. */
  async #outcome(delivery: Delivery, { waiting }: SendResult): Promise<Delivery> {
    const entries = new Map<Path, TreeEntry>()
    for (const [path, keys] of waiting)
      if (keys.size > 0) entries.set(path, await this.#toldEntry(delivery, path, keys))
    if (entries.size === 0) return delivery
    const told = await delivery.target.update(this.#io.writer, entries)
    return makeOutcome(this.#io, this.#round.link, delivery, told)
  }

  async #toldEntry(delivery: Delivery, path: Path, keys: ReadonlySet<string>): Promise<TreeEntry> {
    const before = await deliveredTable(this.#io, this.#last?.told ?? null, path)
    const target = await deliveredTable(this.#io, delivery.target, path)
    const told = await toldTable(this.#io, before, target, keys)
    if (told === null) throw refusedToLetGo(this.#round.link.name, path)
    return { kind: 'table', executable: false, table: writeTable(this.#io.writer, told) }
  }

  async #record(to: Progress): Promise<void> {
    if (this.#round.options.dryRun === true) return
    await recordProgress(this.#round, this.#io, this.#recorded, to)
    this.#recorded = to
  }

  /** Notes tables that are missing. One that was never there is a mistake; one that is gone may come back. */
  async #noteMissing(source: Tree): Promise<void> {
    const { name } = this.#round.link
    for (const path of this.#paths) {
      if ((await source.get(path)) !== null) continue
      this.notes.push(`the dataset has no table '${path}'`)
      if (this.#last !== null) continue
      throw new VarveError(
        'VARVE_PATH_NOT_FOUND',
        `the branch has no table '${path}', which the link '${name}' names`,
        {
          data: { link: name, path },
          hint: 'a link to a system that is only written to names tables by their paths in the dataset',
        },
      )
    }
  }

  /** What is to be sent, without the tables that a guard stops. */
  async #guarded(wanted: Target): Promise<Pick<Target, 'tree' | 'made'>> {
    this.held = new HeldRows()
    this.stops = new Stops(this.held, this.#round.options, this.#approved, this.#waiting)
    const entries = new Map<Path, TreeEntry | null>()
    const last = this.#last
    if (last === null) return wanted
    const made = new Map(wanted.made)
    for (const [path, message] of wanted.faults)
      this.held.add({ table: path, path, key: '', keyHex: '', reason: 'schema', message })
    for (const path of this.#paths) {
      const before = await deliveredTable(this.#io, last.target, path)
      if (before === null) continue
      // What waits is shown, and may be taken back, as the dataset has it.
      const change = {
        before,
        after: await deliveredTable(this.#io, wanted.tree, path),
        from: await this.#targets.sourceOf(path, last),
        to: await wanted.source.get(path),
        seen: (table: TableObject) => this.#targets.seen(path, table),
      }
      if (!(await this.stops.guardDeletes(this.#io, { table: { name: path }, path }, 'branch', change)))
        continue
      entries.set(path, await last.target.get(path))
      const known = last.made.get(path)
      if (known === undefined) made.delete(path)
      else made.set(path, known)
    }
    const tree = entries.size === 0 ? wanted.tree : await wanted.tree.update(this.#io.writer, entries)
    return { tree, made }
  }
}

function plus(counts: RowCounts, kind: 'insert' | 'update' | 'delete', rows: number): RowCounts {
  const { added, changed, removed } = counts
  if (kind === 'insert') return { added: added + rows, changed, removed }
  return kind === 'update'
    ? { added, changed: changed + rows, removed }
    : { added, changed, removed: removed + rows }
}

function refusedToLetGo(link: string, path: Path): VarveError {
  return new VarveError(
    'VARVE_REFUSED',
    `the endpoint of '${link}' refuses to remove rows of '${path}' under their old key`,
    {
      data: { link, path },
      hint: `let the receiver accept these deletions, then run 'varve sync ${link}' again`,
    },
  )
}
