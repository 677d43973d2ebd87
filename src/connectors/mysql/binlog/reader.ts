// Reads the binary log on, transaction after transaction, up to a place that is known to lie behind all that was committed
// before. What stands in the log has been committed; a transaction is given out when its end is there, a large one in
// parts.
import { createHash, type Hash } from 'node:crypto'
import { VarveError, throwIfAborted } from '../../../base/errors.ts'
import type { LogChange, LogPart, LogReader, LogTransaction } from '../../change-log.ts'
import { withEndpointErrors } from '../failure.ts'
import { type EventBytes, type EventHeader, type LogEvent, readEvent, readHeader } from './events.ts'
import type { FollowedTables } from './followed-tables.ts'
import { payloadType, unpackPayload } from './payload.ts'
import { type BinlogPlace, type BinlogPosition, isBefore, positionOf, positionText } from './position.ts'
import type { BinlogStream } from './stream.ts'

/** A larger transaction comes in parts. */
const partChangesMax = 1000
const partBytesMax = 1 << 20

export interface BinlogSource {
  readonly stream: BinlogStream
  readonly tables: FollowedTables
  readonly location: string
  /** Where the server writes now. */
  readonly now: () => Promise<BinlogPlace>
}

interface Read {
  readonly header: EventHeader
  readonly event: LogEvent
  /** The transaction before it was never ended: the server was, while it wrote, and has taken it back. */
  readonly isCut: boolean
}

interface OpenTransaction {
  readonly from: number
  readonly hash: Hash
  readonly gtid: string | null
}

export class BinlogReader implements LogReader {
  readonly #source: BinlogSource
  #at: BinlogPosition
  /** The transaction that is being read. */
  #open: OpenTransaction | null = null
  /** What the event before has named, before it is known whether it is a transaction. */
  #named: OpenTransaction | null = null

  /** Of a compressed transaction that is being read. */
  #unpacked: EventBytes[] = []

  /** The stream begins at `from`, in the file of `at`. */
  constructor(source: BinlogSource, at: BinlogPosition) {
    this.#source = source
    this.#at = at
  }

  /** When the log's file was begun, which is among the first things that the server sends. */
  async begun(): Promise<number> {
    while (this.#at.begun === 0) this.#read(await this.#next())
    return this.#at.begun
  }

  /** Reads what was read before once more; false when it is something else now, or not there. */
  async resume(at: BinlogPosition): Promise<boolean> {
    if ((await this.begun()) !== at.begun) return false
    while (isBefore(this.#at, at)) {
      const { header, event } = this.#read(await this.#next())
      const isTheEnd = event.kind === 'heartbeat' && isBefore(this.#at, at)
      if (isTheEnd || (event.kind === 'rotate' && header.seconds > 0)) return false
    }
    const isSame = at.last === null || this.#at.last?.hash === at.last.hash
    return this.#at.at === at.at && this.#at.file === at.file && isSame && this.#open === null
  }

  async now(): Promise<string> {
    const now = await this.#asked(() => this.#source.now())
    if (isBefore(now, this.#at)) throw logBegunAnew(this.#source.location)
    return positionText({ ...this.#at, ...now })
  }

  async *read(until: string, signal?: AbortSignal): AsyncGenerator<LogPart> {
    const target = positionOf(until)!
    let changes: LogChange[] = []
    let bytesRead = 0
    while (this.#open !== null || isBefore(this.#at, target)) {
      throwIfAborted(signal)
      const next = await this.#next(signal)
      const gtid = this.#open?.gtid ?? null
      const { header, event, isCut } = this.#read(next)
      if (isCut) changes.push(...this.#source.tables.all('the log has a transaction without an end'))
      for (const change of this.#changesOf(event)) {
        changes.push(change)
        if (changes.length < partChangesMax) continue
        yield { changes, position: null, transaction: null }
        changes = []
      }
      bytesRead += next.bytes.length
      if (!isEnd(event) && bytesRead < partBytesMax) continue
      const position = this.#open === null ? positionText(this.#at) : null
      const transaction = isEnd(event) ? transactionOf(gtid, header) : null
      yield { changes, position, transaction }
      changes = []
      bytesRead = 0
    }
    yield { changes, position: positionText(this.#at), transaction: null }
  }

  async wait(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#asked(() => this.#source.stream.more(signal))
      const next = this.#source.stream.peek()
      if (next === null || readEvent(readHeader(next.bytes), next).kind !== 'heartbeat') return
      this.#read(this.#source.stream.take()!)
    }
  }

  /** The server keeps its log as long as it is set to, whoever has read it. */
  async acknowledge(): Promise<void> {}

  async close(): Promise<void> {
    this.#source.stream.close()
  }

  async #next(signal?: AbortSignal): Promise<EventBytes> {
    for (;;) {
      const next = this.#unpacked.shift() ?? this.#source.stream.take()
      if (next !== null && readHeader(next.bytes).type !== payloadType) return next
      if (next?.isCut === true) return next
      if (next !== null) {
        this.#unpacked = await unpackPayload(next)
        continue
      }
      await this.#asked(() => this.#source.stream.more(signal))
      throwIfAborted(signal)
    }
  }

  /** Reads an event, and notes the position after it. */
  #read(next: EventBytes): Read {
    const header = readHeader(next.bytes)
    const event = readEvent(header, next)
    const isCut = this.#open !== null && isBeginning(event)
    if (isCut) this.#open = null
    if (event.kind === 'format') this.#at = { ...this.#at, begun: header.seconds }
    if (event.kind === 'rotate') {
      const isNew = event.file !== this.#at.file
      this.#at = {
        file: event.file,
        at: event.at,
        begun: isNew ? 0 : this.#at.begun,
        last: isNew ? null : this.#at.last,
      }
      return { header, event, isCut }
    }
    if (event.kind === 'begin') this.#open ??= this.#named ?? this.#beginning(event.gtid)
    this.#named = event.kind === 'name' ? this.#beginning(event.gtid) : null
    const inHand = this.#open ?? this.#named
    inHand?.hash.update(next.bytes)
    if (header.end > 0) this.#at = { ...this.#at, at: offsetAfter(this.#at.at, header.end) }
    if (isEnd(event) && this.#open !== null) {
      const { from, hash } = this.#open
      this.#at = { ...this.#at, last: { from, hash: hash.digest('hex') } }
      this.#open = null
    }
    return { header, event, isCut }
  }

  #beginning(gtid: string | null): OpenTransaction {
    return { from: this.#at.at, hash: createHash('sha256'), gtid }
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

  #asked<T>(work: () => Promise<T>): Promise<T> {
    return withEndpointErrors(this.#source.location, work)
  }
}

/** Whoever reads on in a file that RESET MASTER has removed need not hear of that; opened again, the log is lost. */
function logBegunAnew(where: string): VarveError {
  return new VarveError('VARVE_UNREACHABLE', `the log of '${where}' was begun anew`, {
    data: { endpoint: where },
  })
}

/** Whether it is the beginning of a file or of a transaction, as opposed to the word BEGIN in one. */
function isBeginning(event: LogEvent): boolean {
  return event.kind === 'format' || event.kind === 'name' || (event.kind === 'begin' && event.gtid !== null)
}

function isEnd({ kind }: LogEvent): boolean {
  return kind === 'commit' || kind === 'rollback'
}

function transactionOf(gtid: string | null, { seconds, end }: EventHeader): LogTransaction {
  return { id: gtid === null ? `end ${end}` : `GTID ${gtid}`, committedMs: seconds * 1000 }
}

/** The whole offset of an event's end: events give only its lower 32 bits, and files may be longer. */
function offsetAfter(at: number, end: number): number {
  const offset = at - (at % 2 ** 32) + end
  return offset < at ? offset + 2 ** 32 : offset
}
