// Live systems that take rows and never give them back: queues, topics, webhooks, caches. A sink is told what changed,
// row by row, in the order in which it changed, and says when it has kept that. Most cannot say what they were told
// before, so the repository remembers it, and tells a thing twice rather than not at all: under the same id, so that
// whoever reads can leave the second one out. `sync/deliver.ts` decides what is sent.
import type { Row } from '../table/interface.ts'
import type { ConnectorOptions } from './interface.ts'

export interface SinkOptions extends ConnectorOptions {
  /** Name of the link: secrets are looked for under it, and it names what the sink makes for itself. */
  readonly link: string
}

/** A kind of sink. Its driver is loaded by `open`, not before. */
export interface SinkKind {
  /** For messages: 'webhook: webhook+https://HOST/PATH'. */
  readonly name: string
  accepts(url: string): boolean
  /** @throws VarveError VARVE_USAGE, VARVE_UNREACHABLE, VARVE_REFUSED */
  open(url: string, options: SinkOptions): Promise<Sink>
}

/** One connection to one receiver. Methods are called one after another. */
export interface Sink {
  /** For messages, without secrets. */
  readonly location: string
  /** The same as long as it is the same receiver: where another has this one's name, it has been told nothing yet. */
  readonly identity: string
  /** Only of a receiver that keeps, together with what it was told, how far it was told. */
  position?(): Promise<SinkPosition>
  /**
   * Tells it all of these in their order; returns when they are kept there. A batch may come again, with the same ids.
   * @throws RowsRefused where some rows are refused for what is in them (rows-refused.ts): the batch comes again without
   * them. VarveError VARVE_UNREACHABLE, VARVE_REFUSED where it takes nothing at all.
   */
  deliver(batch: Batch): Promise<void>
  close(): Promise<void>
}

/** Deliveries by name, see `Batch`; null where there is none. */
export interface SinkPosition {
  /** All of this one has been told. */
  readonly done: string | null
  /** A part of this one has been told since. */
  readonly toward: string | null
}

export interface Batch {
  readonly link: string
  /** What is being delivered, in hex: names of its commit of the link, which is the same when it is sent again. */
  readonly delivery: string
  /** The delivery before; null for the first. */
  readonly previous: string | null
  /** Counts the batches of a delivery, from 0. Parts of one that was refused have its number. */
  readonly number: number
  /** Whether the delivery ends with this batch. It may hold no message then. */
  readonly isLast: boolean
  /** The branch's commit that has the rows as they are after the delivery, in hex, and when it was made. */
  readonly commit: string
  readonly committedMs: number
  readonly messages: readonly RowMessage[]
  readonly signal?: AbortSignal | undefined
}

/** One row that changed. */
export interface RowMessage {
  /** SHA-256 in hex of link, delivery, table, kind and key: the same each time that it is sent, and of no other. */
  readonly id: string
  /** The table's path in the dataset. */
  readonly table: string
  readonly kind: 'insert' | 'update' | 'delete'
  /** The key's columns, in the order of the key. */
  readonly key: Row
  /** The same for whoever makes a name of it: keys that differ have texts that differ. */
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
  /** Where it is of another kind than its column's cells are, as the text '7' among numbers; else null. */
  readonly kind: string | null
}
