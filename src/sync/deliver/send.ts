// Sends one delivery: its tables one after the other, each row that changed as a message, in batches that are the same
// ones when it is sent again. In a dry run they are only counted.
import { throwIfAborted } from '../../base/errors.ts'
import type { Batch, RowMessage } from '../../connectors/sink.ts'
import { digestHex } from '../../encoding/cid.ts'
import type { Path } from '../../files/interface.ts'
import type { Io } from '../../repo/interface.ts'
import type { DeliverRound } from './deliver.ts'
import { messagesOf } from './messages.ts'
import { deliveredTable } from './tables.ts'
import { type Delivery, deliveredCommit } from './delivery.ts'
import { type Progress, refuseOvertaken } from './state.ts'

export interface Sending {
  readonly previous: Delivery | null
  readonly delivery: Delivery
  readonly paths: readonly Path[]
  /** As the refs of the link are: whoever finds them elsewhere stops. */
  readonly recorded: Progress
  readonly count: (path: Path, kind: RowMessage['kind'], rows: number) => void
}

export async function sendDelivery(round: DeliverRound, io: Io, sending: Sending): Promise<void> {
  const { repo, sink, link, options } = round
  const { previous, delivery, recorded } = sending
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
  const send = async (messages: readonly RowMessage[], isLast: boolean): Promise<void> => {
    for (const { table, kind } of messages) sending.count(table as Path, kind, 1)
    if (options.dryRun === true) return
    throwIfAborted(options.signal)
    refuseOvertaken(await repo.store.manifest(), link.name, recorded)
    const batch: Batch = { ...head, number: number++, isLast, messages }
    await sink.deliver(batch)
    rows += messages.length
    options.onProgress?.({ phase: `delivering to ${link.name}`, done: rows, total: 0, unit: 'rows' })
  }
  let held: readonly RowMessage[] = []
  for (const path of sending.paths) {
    const before = await deliveredTable(io, previous?.tree ?? null, path)
    const after = await deliveredTable(io, delivery.tree, path)
    for await (const messages of messagesOf(io, {
      link: link.name,
      delivery: head.delivery,
      path,
      before,
      after,
    })) {
      if (held.length > 0) await send(held, false)
      held = messages
    }
  }
  await send(held, true)
}
