// Follows the log from event to event: where the next one begins, which transaction is open, and which distributed ones
// (XA) are prepared. The rows of those stand in the log where they were prepared, and count from where they are committed;
// in between, others write. MariaDB and MySQL write the same words for that.
import { createHash, type Hash } from 'node:crypto'
import { type EventBytes, type EventHeader, type LogEvent, readEvent, readHeader } from './events.ts'
import { type BinlogPosition, type PreparedPlace, preparedMax } from './position.ts'

export interface Step {
  readonly header: EventHeader
  readonly event: LogEvent
  /** The transaction before it was never ended: the server was, while it wrote, and has taken it back. */
  readonly isCut: boolean
  readonly ended: Ended | null
}

/** A transaction that ends with an event, or one of the two parts of a distributed one. */
export interface Ended {
  readonly gtid: string | null
  readonly hash: string
  /**
   * What it says of rows that were kept back: nothing; those before it are prepared; those of a place are committed; they
   * are taken back. 'unknown': of rows of which it is not known where they are.
   */
  readonly kept: PreparedPlace | 'none' | 'prepared' | 'takenBack' | 'unknown'
}

interface OpenTransaction {
  readonly from: number
  readonly file: string
  readonly hash: Hash
  readonly gtid: string | null
  readonly isDistributed: boolean
}

export class LogTracker {
  /** Behind the event that was read last. */
  at: BinlogPosition
  /** The transaction that is being read. */
  #open: OpenTransaction | null = null
  /** What the event before has named, before it is known whether it is a transaction. */
  #named: OpenTransaction | null = null

  constructor(at: BinlogPosition) {
    this.at = at
  }

  get isOpen(): boolean {
    return this.#open !== null
  }

  /** Whether rows are kept back now, until they are committed. */
  get isDistributed(): boolean {
    return this.#open?.isDistributed === true
  }

  /** Reads an event, and notes the position after it. */
  read(next: EventBytes): Step {
    const header = readHeader(next.bytes)
    const event = readEvent(header, next)
    const isCut = this.#open !== null && isBeginning(event)
    if (isCut) this.#open = null
    if (event.kind === 'format') this.at = { ...this.at, begun: header.seconds }
    if (event.kind === 'rotate') {
      this.#rotate(event.file, event.at)
      return { header, event, isCut, ended: null }
    }
    if (event.kind === 'begin') {
      const { isDistributed } = event
      this.#open ??= { ...(this.#named ?? this.#beginning(event.gtid)), isDistributed }
    }
    if (event.kind === 'decide') this.#open ??= this.#named ?? this.#beginning(null)
    this.#named = event.kind === 'name' ? this.#beginning(event.gtid) : null
    const inHand = this.#open ?? this.#named
    inHand?.hash.update(next.bytes)
    if (header.end > 0) this.at = { ...this.at, at: offsetAfter(this.at.at, header.end) }
    return { header, event, isCut, ended: this.#end(event) }
  }

  #rotate(file: string, at: number): void {
    const isNew = file !== this.at.file
    const { begun, last, prepared } = this.at
    this.at = { file, at, begun: isNew ? 0 : begun, last: isNew ? null : last, prepared }
  }

  #beginning(gtid: string | null): OpenTransaction {
    const { at, file } = this.at
    return { from: at, file, hash: createHash('sha256'), gtid, isDistributed: false }
  }

  #end(event: LogEvent): Ended | null {
    if (!isEnd(event) || this.#open === null) return null
    const { from, file, hash: sum, gtid, isDistributed } = this.#open
    const hash = sum.digest('hex')
    this.#open = null
    this.at = { ...this.at, last: { from, hash } }
    if (event.kind === 'prepare') {
      const others = this.at.prepared.filter(({ xid }) => xid !== event.xid)
      const prepared = [...others, { xid: event.xid, file, from, hash }].slice(-preparedMax)
      this.at = { ...this.at, prepared }
      return { gtid, hash, kept: 'prepared' }
    }
    if (event.kind === 'decide') return { gtid, hash, kept: this.#decide(event) }
    // In one phase it is committed where its rows stand.
    return { gtid, hash, kept: isDistributed ? { xid: '', file, from, hash } : 'none' }
  }

  #decide({ xid, isCommit }: LogEvent & { kind: 'decide' }): Ended['kept'] {
    const place = this.at.prepared.find((one) => one.xid === xid)
    this.at = { ...this.at, prepared: this.at.prepared.filter((one) => one.xid !== xid) }
    // Also where it is taken back: a server that was killed may ask again what was in its log decided before.
    if (place === undefined) return 'unknown'
    return isCommit ? place : 'takenBack'
  }
}

/** Whether it is the beginning of a file or of a transaction, as opposed to the word BEGIN in one. */
function isBeginning(event: LogEvent): boolean {
  return event.kind === 'format' || event.kind === 'name' || (event.kind === 'begin' && event.gtid !== null)
}

function isEnd({ kind }: LogEvent): boolean {
  return kind === 'commit' || kind === 'rollback' || kind === 'prepare' || kind === 'decide'
}

/** The whole offset of an event's end: events give only its lower 32 bits, and files may be longer. */
function offsetAfter(at: number, end: number): number {
  const offset = at - (at % 2 ** 32) + end
  return offset < at ? offset + 2 ** 32 : offset
}
