// Sends batches to a receiver, and finds out which rows it refuses: a batch that is refused without naming a row is
// sent again in halves, down to the row. Refused rows are set aside, and what follows goes on. A receiver that has
// accepted nothing in this round and refuses one row after another, and a sample of those behind them, in later batches and
// other tables too, refuses everything: that is not the rows' fault, and ends the round.
import { SinkFull } from '../../connectors/sink-full.ts'
import { RowsRefused } from '../../connectors/rows-refused.ts'
import type { Batch, RowMessage, Sink } from '../../connectors/sink.ts'
import { throwIfAborted } from '../../base/errors.ts'
import { pause } from '../../base/pause.ts'

const refusedInARowMax = 10
/** So many rows of the rest of the batch are tried before that. */
const sampleMax = 8
/** And so many of what is still to come. */
const laterMax = 16
/** How long a full receiver may go without storing anything more. */
const roomMsMaxDefault = 60_000
const roomWaitMsMin = 100
const roomWaitMsMax = 2_000

/** The message about a row, with its encoded key. */
export interface KeyedMessage extends RowMessage {
  readonly keyHex: string
}

export interface RefusedRow {
  readonly row: KeyedMessage
  /** In the receiver's words. */
  readonly message: string
}

interface KeyedBatch extends Batch {
  readonly messages: readonly KeyedMessage[]
}

/** Messages behind a batch, from here and there; those that may be sent before the others. */
export type Later = () => AsyncIterable<KeyedMessage>

// oxlint-disable-next-line require-yield
async function* nothing(): AsyncGenerator<never> {}

export class BatchSender {
  readonly #sink: Sink
  readonly #roomMsMax: number
  #hasTaken = false
  #batch: KeyedBatch | null = null
  #later: Later = nothing
  /** Ids of samples that were taken. */
  readonly #sampled = new Set<string>()
  #kept = new Set<string>()
  #refusedInARow = 0

  constructor(sink: Sink, roomMsMax: number = roomMsMaxDefault) {
    this.#sink = sink
    this.#roomMsMax = roomMsMax
  }

  /** Of the batch that it was given last: ids of messages that the receiver has confirmed. */
  get kept(): ReadonlySet<string> {
    return this.#kept
  }

  /** Whether the receiver has taken no row in this round, and refused as many as are worth trying. */
  get hasRefusedAll(): boolean {
    return !this.#hasTaken && this.#refusedInARow >= refusedInARowMax
  }

  /**
   * Sends a batch; returns the rows that the receiver refuses. Rows that it is known to refuse (`known` has 'KEYHEX
   * PATH') say nothing about others.
   * @throws VarveError of the sink, and VARVE_REFUSED when everything is refused
   */
  tell(batch: KeyedBatch, known: ReadonlySet<string>, later: Later = nothing): Promise<RefusedRow[]> {
    this.#kept = new Set(batch.messages.flatMap(({ id }) => (this.#sampled.delete(id) ? [id] : [])))
    this.#batch = batch
    this.#later = later
    return this.#tell(batch, known)
  }

  async #tell(batch: KeyedBatch, known: ReadonlySet<string>): Promise<RefusedRow[]> {
    // What was taken as a sample is not sent twice.
    const messages = batch.messages.filter(({ id }) => !this.#kept.has(id))
    try {
      await this.#deliver({ ...batch, messages })
      this.#hasTaken ||= messages.length > 0
      return []
    } catch (error) {
      if (!(error instanceof RowsRefused)) throw error
      const { ids } = error
      if (ids === null && messages.length > 1) return this.#inHalves({ ...batch, messages }, known)
      const isRefused = ({ id }: RowMessage): boolean => ids === null || ids.has(id)
      const others = messages.filter((row) => !isRefused(row))
      // Where it names rows that it was not told of, nothing would change.
      if (others.length === messages.length) throw error
      const more =
        others.length > 0 || batch.isLast ? await this.#tell({ ...batch, messages: others }, known) : []
      const refused = messages.filter(isRefused)
      this.#refusedInARow += refused.filter(({ keyHex, table }) => !known.has(`${keyHex} ${table}`)).length
      if (this.hasRefusedAll && !(await this.#takesOthers(refused.at(-1)!))) throw error
      return [...refused.map((row) => ({ row, message: error.message })), ...more]
    }
  }

  /**
   * Sends again what there was no room for, a little at a time, until readers have made room, or none for a minute.
   * Otherwise a queue beside a full one would get everything again and again.
   */
  async #deliver(batch: Batch): Promise<void> {
    let rest = batch.messages
    let size = rest.length
    let [waitMs, waitedMs] = [roomWaitMsMin, 0]
    for (;;) {
      const part = rest.slice(0, size)
      let left: readonly RowMessage[] = []
      try {
        await this.#sink.deliver({
          ...batch,
          messages: part,
          isLast: batch.isLast && part.length === rest.length,
        })
        size *= 2
      } catch (error) {
        if (!(error instanceof SinkFull)) throw error
        left = part.filter(({ id }) => error.left.has(id))
        if (left.length === part.length && waitedMs >= this.#roomMsMax) throw error
        size = 1
      }
      for (const { id } of part) this.#kept.add(id)
      for (const { id } of left) this.#kept.delete(id)
      rest = [...left, ...rest.slice(part.length)]
      if (rest.length === 0) return
      if (left.length < part.length) [waitMs, waitedMs] = [roomWaitMsMin, 0]
      if (left.length === 0) continue
      await pause(waitMs, batch.signal)
      throwIfAborted(batch.signal)
      waitedMs += waitMs
      waitMs = Math.min(waitMs * 2, roomWaitMsMax)
    }
  }

  /** Whether it takes one of the rows behind this one, a few of which it is sent. A batch has no row twice. */
  async #takesOthers(last: KeyedMessage): Promise<boolean> {
    const { messages } = this.#batch!
    const rest = messages.slice(messages.indexOf(last) + 1)
    const step = Math.max(1, Math.ceil(rest.length / sampleMax))
    for (let at = rest.length - 1; at >= 0; at -= step) if (await this.#takes(rest[at]!)) return true
    let tried = 0
    for await (const message of this.#later()) {
      if (await this.#takes(message)) {
        this.#sampled.add(message.id)
        return true
      }
      if (++tried === laterMax) return false
    }
    return false
  }

  async #takes(message: KeyedMessage): Promise<boolean> {
    try {
      await this.#deliver({ ...this.#batch!, messages: [message], isLast: false })
      this.#hasTaken = true
      return true
    } catch (error) {
      if (error instanceof RowsRefused) return false
      throw error
    }
  }

  async #inHalves(batch: KeyedBatch, known: ReadonlySet<string>): Promise<RefusedRow[]> {
    const { messages, isLast } = batch
    const middle = messages.length >> 1
    const first = await this.#tell({ ...batch, isLast: false, messages: messages.slice(0, middle) }, known)
    return [...first, ...(await this.#tell({ ...batch, isLast, messages: messages.slice(middle) }, known))]
  }
}
