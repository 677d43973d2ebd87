// Reads the binary log on, transaction after transaction, up to a place that is known to lie behind all that was committed
// before. What stands in the log has been committed, or is prepared to be; a transaction is given out when its end is
// there, a large one in parts.
import { VarveError, throwIfAborted } from '../../../base/errors.ts'
import type { LogChange, LogPart, LogReader, LogTransaction } from '../../change-log.ts'
import { withEndpointErrors } from '../failure.ts'
import { EventQueue } from './event-queue.ts'
import { type EventHeader, type LogEvent, readEvent, readHeader } from './events.ts'
import type { FollowedTables } from './followed-tables.ts'
import { KeptChanges } from './kept-changes.ts'
import {
  type BinlogPlace,
  type BinlogPosition,
  type PreparedPlace,
  isBefore,
  positionOf,
  positionText,
} from './position.ts'
import { type BinlogStream, isGone, offsetMax } from './stream.ts'
import { type Ended, LogTracker } from './tracker.ts'

/** A larger transaction comes in parts. */
const partChangesMax = 1000
const partBytesMax = 1 << 20

export interface BinlogSource {
  readonly stream: BinlogStream
  readonly tables: FollowedTables
  readonly location: string
  /** Where the server writes now. */
  readonly now: () => Promise<BinlogPlace>
  /** Another stream, of what was written before. */
  readonly streamFrom: (place: BinlogPlace) => Promise<BinlogStream>
}

export class BinlogReader implements LogReader {
  readonly #source: BinlogSource
  readonly #events: EventQueue
  readonly #tracker: LogTracker
  readonly #kept = new KeptChanges()

  /** The stream begins at `from`, in the file of `at`. */
  constructor(source: BinlogSource, at: BinlogPosition) {
    this.#source = source
    this.#events = new EventQueue(source.stream, source.location)
    this.#tracker = new LogTracker(at)
  }

  get #at(): BinlogPosition {
    return this.#tracker.at
  }

  /** When the log's file was begun, which is among the first things that the server sends. */
  async begun(): Promise<number> {
    while (this.#at.begun === 0) this.#tracker.read(await this.#events.next())
    return this.#at.begun
  }

  /** Reads what was read before once more; false when it is something else now, or not there. */
  async resume(at: BinlogPosition): Promise<boolean> {
    if ((await this.begun()) !== at.begun) return false
    while (isBefore(this.#at, at)) {
      const { header, event } = this.#tracker.read(await this.#events.next())
      const isTheEnd = event.kind === 'heartbeat' && isBefore(this.#at, at)
      if (isTheEnd || (event.kind === 'rotate' && header.seconds > 0)) return false
    }
    const isSame = at.last === null || this.#at.last?.hash === at.last.hash
    const isThere = this.#at.at === at.at && this.#at.file === at.file && isSame && !this.#tracker.isOpen
    this.#tracker.at = { ...this.#at, prepared: at.prepared }
    return isThere
  }

  async now(): Promise<string> {
    const now = await withEndpointErrors(this.#source.location, () => this.#source.now())
    if (isBefore(now, this.#at)) throw logBegunAnew(this.#source.location)
    return positionText({ ...this.#at, ...now })
  }

  async *read(until: string, signal?: AbortSignal): AsyncGenerator<LogPart> {
    const target = positionOf(until)!
    let changes: LogChange[] = []
    let bytesRead = 0
    while (this.#tracker.isOpen || isBefore(this.#at, target)) {
      throwIfAborted(signal)
      const next = await this.#events.next(signal)
      const { header, event, isCut, ended } = this.#tracker.read(next)
      if (isCut) {
        this.#kept.clear()
        changes.push(...this.#source.tables.all('the log has a transaction without an end'))
      }
      if (this.#tracker.isDistributed) this.#kept.add(this.#changesOf(event), next.bytes.length)
      else
        for (const change of this.#changesOf(event)) {
          changes.push(change)
          if (changes.length < partChangesMax) continue
          yield { changes, position: null, transaction: null }
          changes = []
        }
      if (ended !== null && ended.kept !== 'none')
        for await (const some of this.#decided(ended, signal))
          yield { changes: some, position: null, transaction: null }
      bytesRead += next.bytes.length
      if (ended === null && bytesRead < partBytesMax) continue
      const position = this.#tracker.isOpen ? null : positionText(this.#at)
      yield { changes, position, transaction: transactionOf(ended, header) }
      changes = []
      bytesRead = 0
    }
    yield { changes, position: positionText(this.#at), transaction: null }
  }

  async wait(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#events.more(signal)
      const next = this.#events.peek()
      if (next === null || readEvent(readHeader(next.bytes), next).kind !== 'heartbeat') return
      this.#tracker.read(await this.#events.next())
    }
  }

  /** The server keeps its log as long as it is set to, whoever has read it. */
  async acknowledge(): Promise<void> {}

  async close(): Promise<void> {
    this.#events.close()
  }

  /** What a part of a distributed transaction that has ended says of the tables. */
  async *#decided({ kept, hash }: Ended, signal?: AbortSignal): AsyncGenerator<readonly LogChange[]> {
    if (kept === 'prepared') return this.#kept.keep(hash)
    if (kept === 'unknown')
      yield this.#source.tables.all(
        'the log decides a distributed transaction, and it is not known where it was prepared',
      )
    if (typeof kept === 'string') return
    if (kept.hash === hash) this.#kept.keep(hash)
    const changes = this.#kept.take(kept.hash)
    if (changes !== null) yield changes
    else yield* this.#again(kept, signal)
  }

  /** Reads what was prepared there once more. */
  async *#again(place: PreparedPlace, signal?: AbortSignal): AsyncGenerator<readonly LogChange[]> {
    const { tables, location } = this.#source
    const gone = (): LogChange[] => tables.all('the log has no more what a distributed transaction wrote')
    const { file, from: at } = place
    if (at >= offsetMax) return yield gone()
    const stream = await withEndpointErrors(location, () => this.#source.streamFrom({ file, at }))
    try {
      const events = new EventQueue(stream, location)
      const tracker = new LogTracker({ file, at, begun: 0, last: null, prepared: [] })
      for (let changes: LogChange[] = [], bytes = 0; ;) {
        const next = await events.next(signal)
        const { header, event, isCut, ended } = tracker.read(next)
        const isOver = isCut || event.kind === 'heartbeat' || (event.kind === 'rotate' && header.seconds > 0)
        if (isOver || (ended !== null && ended.hash !== place.hash)) return yield gone()
        for (const change of this.#changesOf(event)) changes.push(change)
        bytes += next.bytes.length
        if (ended === null && bytes < partBytesMax && changes.length < partChangesMax) continue
        yield changes
        if (ended !== null) return
        changes = []
        bytes = 0
      }
    } catch (error) {
      if (!isGone(error)) throw error
      yield gone()
    } finally {
      stream.close()
    }
  }

  #changesOf(event: LogEvent): Iterable<LogChange> {
    const { tables } = this.#source
    switch (event.kind) {
      case 'table':
        return tables.map(event.table)
      case 'rows':
        return tables.rows(event.rows)
      case 'statement':
        return tables.statement(event.text)
      case 'rollback':
        return tables.all('the log has a transaction that was taken back in part')
      case 'tooLong':
        return tables.all('the log has an event that is too long to be read')
      case 'unknown':
        return tables.all(`the log has an event of an unknown kind (${event.type})`)
      default:
        return []
    }
  }
}

/** Whoever reads on in a file that RESET MASTER has removed need not hear of that; opened again, the log is lost. */
function logBegunAnew(where: string): VarveError {
  return new VarveError('VARVE_UNREACHABLE', `the log of '${where}' was begun anew`, {
    data: { endpoint: where },
  })
}

/** null where none ends that has changed anything. */
function transactionOf(ended: Ended | null, { seconds, end }: EventHeader): LogTransaction | null {
  if (ended === null || ended.kept === 'prepared' || ended.kept === 'takenBack') return null
  return {
    id: ended.gtid === null ? `end ${end}` : `GTID ${ended.gtid}`,
    committedMs: seconds * 1000,
  }
}
