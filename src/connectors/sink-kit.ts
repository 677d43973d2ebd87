// What a sink from outside gets, as a connector does: it then imports nothing of Varve, and its errors are known as such.
import { type ConnectorKit, connectorKit } from './kit.ts'
import { messageJson } from './message-json.ts'
import { RowsRefused } from './rows-refused.ts'
import type { Batch, RowMessage } from './sink.ts'
import { SinkFull } from './sink-full.ts'

/** Handed to sinks that are not part of Varve, which therefore import nothing of it. */
export interface SinkKit extends ConnectorKit {
  /**
   * `new RowsRefused(message, { ids })`: the receiver works, and will not have these rows for what is in them; `ids` null: it
   * does not say which of the batch.
   */
  readonly RowsRefused: typeof RowsRefused
  /** `new SinkFull(location, words, { left })`: it has no room now for the messages with these ids, and kept the others. */
  readonly SinkFull: typeof SinkFull
  /** A message as all sinks of Varve's own send it: exact, in one line. */
  messageJson(this: void, batch: Batch, message: RowMessage): string
}

export const sinkKit: SinkKit = { ...connectorKit, RowsRefused, SinkFull, messageJson }
