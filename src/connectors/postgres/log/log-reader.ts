// Reads the log of a replication slot, transaction after transaction, up to a place that is known to lie behind all
// that was committed before: the server says how far it is when there is nothing of ours to send.
import type { Client } from 'pg'
import type { LogChange, LogPart, LogReader } from '../../change-log.ts'
import type { PostgresTable } from '../discover.ts'
import { withEndpointErrors } from '../failure.ts'
import { incarnationOf } from '../incarnation.ts'
import { LogRows } from './log-rows.ts'
import type { LogStream } from './log-stream.ts'
import { lsnOf, lsnText } from './lsn.ts'
import { type LogMessage, readLogMessage } from './pgoutput.ts'
import { type SlotPosition, positionText } from './slot-position.ts'

/** A larger transaction comes in parts. */
const partChangesMax = 1000
const partBytesMax = 1 << 20

export class PostgresLogReader implements LogReader {
  readonly #client: Client
  readonly #stream: LogStream
  readonly #tables: readonly PostgresTable[]
  readonly #rows: LogRows
  readonly #at: SlotPosition
  /** Numbers of relations that the server has described. */
  readonly #relations = new Set<number>()
  #seen: bigint

  constructor(client: Client, stream: LogStream, tables: readonly PostgresTable[], at: SlotPosition) {
    this.#client = client
    this.#stream = stream
    this.#tables = tables
    this.#rows = new LogRows(tables)
    this.#at = at
    this.#seen = at.lsn
  }

  async now(): Promise<string> {
    const { rows } = await withEndpointErrors(this.#stream.location, () =>
      this.#client.query<{ lsn: string }>('SELECT pg_current_wal_flush_lsn()::text AS lsn'),
    )
    return this.#position(lsnOf(rows[0]!.lsn))
  }

  async *read(until: string, signal?: AbortSignal): AsyncGenerator<LogPart> {
    const target = lsnOf(until.split(' ')[1]!)
    let changes: LogChange[] = []
    let bytes = 0
    let isInside = false
    let xid = 0
    for (;;) {
      const arrived = this.#stream.take()
      if (arrived === null) {
        if (!isInside && this.#seen >= target) break
        await this.#stream.more(signal, 'asking')
      } else if (arrived.message === null) this.#see(arrived.seen)
      else {
        const message = readLogMessage(arrived.message)
        changes.push(...this.#rows.changesOf(message), ...(await this.#described(message)))
        bytes += arrived.message.bytes.length
        if (message.kind === 'begin') xid = message.xid
        isInside = message.kind !== 'commit'
        if (isInside && bytes < partBytesMax && changes.length < partChangesMax) continue
        if (message.kind === 'commit') {
          this.#see(message.end)
          const { end, committedMs } = message
          const transaction = { id: `xid ${xid}, LSN ${lsnText(end)}`, committedMs }
          yield { changes, position: this.#position(end), transaction }
          if (this.#seen >= target) break
        } else yield { changes, position: null, transaction: null }
        changes = []
        bytes = 0
      }
    }
    if (this.#seen < target) this.#seen = target
    // A partition that is emptied, dropped or detached takes its rows along, and the log says nothing.
    yield { changes: await this.#rewritten(), position: this.#position(this.#seen), transaction: null }
  }

  async wait(signal: AbortSignal): Promise<void> {
    while (!this.#stream.isCalling && !signal.aborted) await this.#stream.more(signal, 'waiting')
  }

  async acknowledge(position: string): Promise<void> {
    this.#stream.acknowledge(lsnOf(position.split(' ')[1]!))
  }

  close(): Promise<void> {
    return this.#stream.close()
  }

  #see(lsn: bigint): void {
    if (lsn > this.#seen) this.#seen = lsn
  }

  #position(lsn: bigint): string {
    return positionText({ ...this.#at, lsn })
  }

  /** ALTER TABLE … USING writes all rows anew and logs none: the server only describes the table once more. */
  async #described(message: LogMessage): Promise<LogChange[]> {
    if (message.kind !== 'relation') return []
    const isFirst = !this.#relations.has(message.id)
    this.#relations.add(message.id)
    return isFirst ? [] : this.#rewritten()
  }

  async #rewritten(): Promise<LogChange[]> {
    const now = await withEndpointErrors(this.#stream.location, () =>
      incarnationOf(this.#client, this.#tables, this.#at.slot),
    )
    if (now === this.#at.incarnation) return []
    return this.#tables.map(({ name }) => ({
      kind: 'unclear',
      table: name,
      reason: 'a table was written anew as a whole, or a table, a type or the publication was altered',
    }))
  }
}
