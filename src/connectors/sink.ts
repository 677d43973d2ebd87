// Live systems that are only written to: queues, topics, webhooks, caches. A sink is sent each changed row, in the order
// of the changes, and confirms what it has stored. Most cannot say what they were sent before, so the repository
// remembers it. Delivery is at least once: a change may be sent twice, but with the same id, so that a consumer can drop
// the second. `sync/deliver/` decides what is sent.
import type { Row } from '../table/interface.ts'
import type { ConnectorOptions } from './interface.ts'
import type { Patience } from './patience.ts'
import type { SinkKit } from './sink-kit.ts'

export interface SinkOptions extends ConnectorOptions {
  /** Name of the link: secrets are looked up under it, and what the sink creates for itself is named after it. */
  readonly link: string
  /** Kinds of the caller's own, asked before those that come with Varve. */
  readonly sinks?: readonly SinkKind[] | undefined
}

/** A kind of sink. Its driver is loaded by `open`, not before. */
export interface SinkKind extends Patience {
  /** For messages: 'webhook: webhook+https://HOST/PATH'. */
  readonly name: string
  accepts(url: string): boolean
  /** @throws VarveError VARVE_USAGE, VARVE_UNREACHABLE, VARVE_REFUSED */
  open(url: string, options: SinkOptions & { readonly kit: SinkKit }): Promise<Sink>
}

/** One connection to one receiver. Methods are called one after another. */
export interface Sink {
  /** For messages, without secrets. */
  readonly location: string
  /** Identifies the receiver: another one under the same address has another identity, and has been sent nothing yet. */
  readonly identity: string
  /** Only where the receiver stores, together with the rows, how far it has been sent them. */
  position?(): Promise<SinkPosition>
  /**
   * Sends all of these in their order; resolves when the receiver has stored them. A batch may be sent again, with the same
   * ids. The last batch of a delivery may have no messages.
   * @throws RowsRefused where some rows are refused for their content (rows-refused.ts): the batch is sent again without
   * them. SinkFull where it has no room for some of them now (sink-full.ts): they are sent again later. VarveError
   * VARVE_UNREACHABLE, VARVE_REFUSED where it accepts nothing at all.
   */
  deliver(batch: Batch): Promise<void>
  close(): Promise<void>
}

/** Names of deliveries, see `Batch.delivery`; null where there is none. */
export interface SinkPosition {
  /** This delivery has been sent completely. */
  readonly done: string | null
  /** A part of this later delivery has been sent. */
  readonly toward: string | null
}

export interface Batch {
  readonly link: string
  /** The delivery's name: the hex id of its commit on the link's ref, the same when it is sent again. */
  readonly delivery: string
  /** The delivery before; null for the first. */
  readonly previous: string | null
  /** Number of the batch in its delivery, from 0. Parts of a refused batch keep its number. */
  readonly number: number
  /** Whether this is the delivery's last batch, which may be empty. */
  readonly isLast: boolean
  /** The branch's commit with the rows as they are after the delivery, in hex, and its time. */
  readonly commit: string
  readonly committedMs: number
  readonly messages: readonly RowMessage[]
  readonly signal?: AbortSignal | undefined
}

/** One row that changed. */
export interface RowMessage {
  /** SHA-256 in hex of link, delivery, table, kind and key: unique, and the same each time that it is sent. */
  readonly id: string
  /** The table's path in the dataset. */
  readonly table: string
  readonly kind: 'insert' | 'update' | 'delete'
  /** The key's columns, in the order of the key. */
  readonly key: Row
  /** The key as texts, for use in names: different keys have different texts. */
  readonly keyTexts: readonly KeyText[]
  /** null for an insert. */
  readonly before: Row | null
  /** null for a delete. */
  readonly after: Row | null
}

/** One cell of a key. */
export interface KeyText {
  /** As it is written; bytes in base64. */
  readonly text: string
  /** The kind of a cell that differs from its column's, such as the text '7' among numbers; else null. */
  readonly kind: string | null
}
