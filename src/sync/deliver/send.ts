// Sends one delivery: its tables one after the other, each row that changed as a message, in batches that are the same
// ones when it is sent again. In a dry run they are only counted.
import { throwIfAborted } from '../../base/errors.ts'
import type { RowMessage } from '../../connectors/sink.ts'
import { digestHex } from '../../encoding/cid.ts'
import type { Path } from '../../files/interface.ts'
import type { Io } from '../../repo/interface.ts'
import type { DeliverRound } from './deliver.ts'
import { messagesOf } from './messages.ts'
import { deliveredTable } from './tables.ts'
import { type Delivery, deliveredCommit } from './delivery.ts'
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
  const head = {
    link: link.name,
    delivery: digestHex(delivery.commit.cid),
    previous: previous === null ? null : digestHex(previous.commit.cid),
    commit: digestHex(deliveredCommit(delivery)),
    committedMs: delivery.commit.committer.timeMs,
    signal: options.signal,
  }
  let number = 0
  let rows = 0
  const waiting = new Map<Path, Set<string>>()
  const refused: RefusedRow[] = []
  const known = new Set<string>()
  const send = async (messages: readonly KeyedMessage[], isLast: boolean): Promise<void> => {
    for (const { table, kind } of messages) sending.count(table, kind, 1)
    if (options.dryRun === true) return
    throwIfAborted(options.signal)
    refuseOvertaken(await repo.store.manifest(), link.name, recorded)
    const batch = { ...head, number: number++, isLast, messages }
    for (const one of await sender.tell(batch, known)) {
      const { table, kind, keyHex } = one.row
      refused.push(one)
      waiting.get(table)!.add(keyHex)
      sending.count(table, kind, -1)
    }
    rows += messages.length
    options.onProgress?.({ phase: `delivering to ${link.name}`, done: rows, total: 0, unit: 'rows' })
  }
  let held: readonly KeyedMessage[] = []
  for (const path of sending.paths) {
    const before = await deliveredTable(io, previous?.told ?? null, path)
    const after = await deliveredTable(io, delivery.target, path)
    const refusedBefore = await waitingRows(io, previous, path)
    for (const keyHex of refusedBefore) known.add(`${keyHex} ${path}`)
    const withheld = await withheldRows(io, previous, delivery, { path, waiting: refusedBefore })
    waiting.set(path, new Set(withheld))
    for await (const messages of messagesOf(io, {
      link: link.name,
      delivery: head.delivery,
      path,
      before,
      after,
      withheld,
    })) {
      if (held.length > 0) await send(held, false)
      held = messages
    }
  }
  await send(held, true)
  return { waiting, refused }
}
