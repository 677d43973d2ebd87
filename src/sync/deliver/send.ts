// Sends one delivery: its tables one after the other, each row that changed as a message, in batches. One that was cut short
// goes on where it had got to, unless the receiver says itself how far that is. In a dry run they are only counted.
import { throwIfAborted } from '../../base/errors.ts'
import type { RowMessage } from '../../connectors/sink.ts'
import { digestHex } from '../../encoding/cid.ts'
import type { Path } from '../../files/interface.ts'
import type { Io } from '../../repo/interface.ts'
import type { DeliverRound } from './deliver.ts'
import { messagesOf } from './messages.ts'
import { deliveredTable } from './tables.ts'
import { type Delivery, deliveredCommit } from './delivery.ts'
import { readCheckpoint } from './checkpoint.ts'
import { SentRows } from './sent-rows.ts'
import { type Progress, refuseOvertaken } from './state.ts'
import type { KeyedMessage, RefusedRow, BatchSender } from './batch-sender.ts'
import { waitingRows, withheldRows } from './withheld.ts'

export interface SendInput {
  readonly previous: Delivery | null
  readonly delivery: Delivery
  readonly paths: readonly Path[]
  /** The link's refs as they were read: when somebody has moved them, the round stops. */
  readonly recorded: Progress
  readonly sender: BatchSender
  /** It was cut short before. */
  readonly goesOn: boolean
  readonly count: (path: Path, kind: RowMessage['kind'], rows: number) => void
}

export interface SendResult {
  /**
   * For each path, the keys (in hex) of rows that the receiver was not told, because it refuses them or has refused
   * them before.
   */
  readonly waiting: ReadonlyMap<Path, ReadonlySet<string>>
  readonly refused: readonly RefusedRow[]
}

export async function sendDelivery(round: DeliverRound, io: Io, sending: SendInput): Promise<SendResult> {
  const start = async (goesOn: boolean): Promise<DeliverySender> =>
    new DeliverySender(round, io, sending, await sentRows(round, { ...sending, goesOn }))
  // What was sent before it was cut short is not always how it begins: then all of it is sent once more.
  return (await (await start(sending.goesOn)).send()) ?? (await (await start(false)).send())!
}

/** So many batches of a table are looked at behind one that is refused. */
const batchesAheadMax = 128

interface TableMessages {
  readonly refusedBefore: Iterable<string>
  readonly withheld: Iterable<string>
  readonly messages: AsyncIterable<readonly KeyedMessage[]>
}

class DeliverySender {
  readonly #round: DeliverRound
  readonly #io: Io
  readonly #sending: SendInput
  readonly #sent: SentRows
  readonly #head: ReturnType<typeof headOf>
  #batches = 0
  readonly #waiting = new Map<Path, Set<string>>()
  readonly #refused: RefusedRow[] = []
  /** Rows that were refused before, as `keyHex path`. */
  readonly #known = new Set<string>()

  constructor(round: DeliverRound, io: Io, sending: SendInput, sent: SentRows) {
    this.#round = round
    this.#io = io
    this.#sending = sending
    this.#sent = sent
    this.#head = headOf(round, sending)
  }

  /** null, and nothing is sent: other rows were sent before than those it begins with. */
  async send(): Promise<SendResult | null> {
    // One batch is held until there is another: the receiver is told which is the last.
    let held: readonly KeyedMessage[] = []
    for (const path of this.#sending.paths) {
      for await (const messages of await this.#messagesOf(path)) {
        const unsent = this.#sent.unsent(messages)
        if (unsent === null) return null
        if (unsent.length === 0) continue
        if (held.length > 0) await this.#sendBatch(held, false)
        held = unsent
      }
    }
    if (this.#sent.isPassing) return null
    await this.#sendBatch(held, true)
    return { waiting: this.#waiting, refused: this.#refused }
  }

  async #messagesOf(path: Path): Promise<AsyncIterable<readonly KeyedMessage[]>> {
    const { refusedBefore, withheld, messages } = await this.#read(path)
    for (const keyHex of refusedBefore) this.#known.add(`${keyHex} ${path}`)
    this.#waiting.set(path, new Set([...withheld, ...this.#sent.refusedOf(path)]))
    return messages
  }

  /**
   * Of what is still to come behind a batch: a row of later batches, ever farther apart, and of each other table. A table that
   * has another key has its rows deleted first: only the kind with which a table begins is told early.
   */
  async *#later(batch: readonly KeyedMessage[]): AsyncGenerator<KeyedMessage> {
    const { table, id } = batch.at(-1)!
    const { paths } = this.#sending
    let isBehind = false
    for (const path of paths.slice(paths.indexOf(table as Path))) {
      let kind: RowMessage['kind'] | null = null
      let [count, next] = [0, 1]
      for await (const messages of (await this.#read(path)).messages) {
        kind ??= messages[0]!.kind
        if (path === table && !isBehind) {
          isBehind = messages.at(-1)!.id === id
          continue
        }
        if (++count < next) continue
        const found = messages.find((one) => one.kind === kind)
        if (found !== undefined) yield found
        next *= 2
        if (path !== table || next > batchesAheadMax) break
      }
    }
  }

  /** What is to be told of a table, without the rows that the receiver was not told before and need not be told now. */
  async #read(path: Path): Promise<TableMessages> {
    const io = this.#io
    const { previous, delivery } = this.#sending
    const before = await deliveredTable(io, previous?.told ?? null, path)
    const after = await deliveredTable(io, delivery.target, path)
    const refusedBefore = await waitingRows(io, previous, path)
    const withheld = await withheldRows(io, previous, delivery, { path, waiting: refusedBefore })
    const { link, delivery: id } = this.#head
    const messages = messagesOf(io, { link, delivery: id, path, before, after, withheld })
    return { refusedBefore, withheld, messages }
  }

  async #sendBatch(messages: readonly KeyedMessage[], isLast: boolean): Promise<void> {
    const { link, options } = this.#round
    const { count } = this.#sending
    for (const { table, kind } of messages) count(table, kind, 1)
    if (options.dryRun === true) return
    const refused = await this.#tell(messages, isLast)
    for (const { row } of refused) {
      this.#waiting.get(row.table)!.add(row.keyHex)
      count(row.table, row.kind, -1)
    }
    this.#refused.push(...refused)
    this.#sent.add(messages, refused)
    await this.#sent.note()
    const { rows } = this.#sent
    options.onProgress?.({ phase: `delivering to ${link.name}`, done: rows, total: 0, unit: 'rows' })
  }

  /** Returns the rows that the receiver refuses. What it had taken before a failure is noted. */
  async #tell(messages: readonly KeyedMessage[], isLast: boolean): Promise<RefusedRow[]> {
    const { repo, link, options } = this.#round
    const { sender, recorded } = this.#sending
    try {
      throwIfAborted(options.signal)
      refuseOvertaken(await repo.store.manifest(), link.name, recorded)
      const batch = { ...this.#head, number: this.#batches++, isLast, messages }
      return await sender.tell(batch, this.#known, () => this.#later(messages))
    } catch (error) {
      const end = messages.findIndex(({ id }) => !sender.kept.has(id))
      this.#sent.add(messages.slice(0, end))
      // What cannot be noted is sent again.
      await this.#sent.note(1).catch(() => undefined)
      throw error
    }
  }
}

function headOf({ link, options }: DeliverRound, { previous, delivery }: SendInput) {
  return {
    link: link.name,
    delivery: digestHex(delivery.commit.cid),
    previous: previous === null ? null : digestHex(previous.commit.cid),
    commit: digestHex(deliveredCommit(delivery)),
    committedMs: delivery.commit.committer.timeMs,
    signal: options.signal,
  }
}

/** A receiver that knows its own position may have been set back: it counts, and nothing else. */
async function sentRows({ repo, link, sink }: DeliverRound, sending: SendInput): Promise<SentRows> {
  const delivery = digestHex(sending.delivery.commit.cid)
  const start = { repo, link: link.name, delivery }
  if (sink.position !== undefined) return new SentRows({ ...start, recorded: null, from: null })
  const from = sending.goesOn ? await readCheckpoint(repo, link.name, delivery) : null
  return new SentRows({ ...start, recorded: sending.recorded, from })
}
