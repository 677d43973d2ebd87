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
  const { repo, link, options } = round
  const { previous, delivery, recorded, sender } = sending
  const head = headOf(round, sending)
  const sent = await sentRows(round, sending)
  let number = 0
  const waiting = new Map<Path, Set<string>>()
  const refused: RefusedRow[] = []
  const known = new Set<string>()
  const tell = async (messages: readonly KeyedMessage[], isLast: boolean): Promise<RefusedRow[]> => {
    try {
      throwIfAborted(options.signal)
      refuseOvertaken(await repo.store.manifest(), link.name, recorded)
      return await sender.tell({ ...head, number: number++, isLast, messages }, known)
    } catch (error) {
      const end = messages.findIndex(({ id }) => !sender.kept.has(id))
      sent.add(messages.slice(0, end))
      // What cannot be noted is sent again.
      await sent.note(1).catch(() => undefined)
      throw error
    }
  }
  const send = async (messages: readonly KeyedMessage[], isLast: boolean): Promise<void> => {
    for (const { table, kind } of messages) sending.count(table, kind, 1)
    if (options.dryRun === true) return
    const told = await tell(messages, isLast)
    for (const one of told) {
      const { table, kind, keyHex } = one.row
      refused.push(one)
      waiting.get(table)!.add(keyHex)
      sending.count(table, kind, -1)
    }
    sent.add(messages, told)
    await sent.note()
    options.onProgress?.({ phase: `delivering to ${link.name}`, done: sent.rows, total: 0, unit: 'rows' })
  }
  const startOver = (): Promise<SendResult> => sendDelivery(round, io, { ...sending, goesOn: false })
  let held: readonly KeyedMessage[] = []
  for (const path of sending.paths) {
    const before = await deliveredTable(io, previous?.told ?? null, path)
    const after = await deliveredTable(io, delivery.target, path)
    const refusedBefore = await waitingRows(io, previous, path)
    for (const keyHex of refusedBefore) known.add(`${keyHex} ${path}`)
    const withheld = await withheldRows(io, previous, delivery, { path, waiting: refusedBefore })
    waiting.set(path, new Set([...withheld, ...sent.refusedOf(path)]))
    for await (const messages of messagesOf(io, {
      link: link.name,
      delivery: head.delivery,
      path,
      before,
      after,
      withheld,
    })) {
      const unsent = sent.unsent(messages)
      if (unsent === null) return startOver()
      if (unsent.length === 0) continue
      if (held.length > 0) await send(held, false)
      held = unsent
    }
  }
  if (sent.isPassing) return startOver()
  await send(held, true)
  return { waiting, refused }
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
  const from = sending.goesOn ? readCheckpoint(await repo.store.manifest(), link.name, delivery) : null
  return new SentRows({ ...start, recorded: sending.recorded, from })
}
