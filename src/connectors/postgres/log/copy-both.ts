// The connection while the server sends its log (START_REPLICATION): the driver is asked for it as for any query, and then
// the connection's bytes come here, until the server says something that is not of the log. Messages go back on the same
// connection.
import type { Connection, Submittable } from 'pg'
import { emptyBytes } from '../../../base/bytes.ts'
import { DivertedQuery } from '../copy/diverted-query.ts'
import { type IntakeSink, MessageIntake } from './message-intake.ts'

export interface CopyBothSink extends Pick<IntakeSink, 'message' | 'keepalive'> {
  /** What the server says, or what broke the line; its end too. */
  failed(error: unknown): void
}

const copyData = 0x64
const errorCode = 0x45

export class CopyBoth implements Submittable {
  readonly #sql: string
  readonly #sink: CopyBothSink
  readonly #intake: MessageIntake
  readonly #query = new DivertedQuery()
  /** Messages that wait until the server listens; null: it does. */
  #early: Uint8Array[] | null = []

  constructor(sql: string, sink: CopyBothSink) {
    this.#sql = sql
    this.#sink = sink
    this.#intake = new MessageIntake({
      message: (message) => sink.message(message),
      keepalive: (lsn, isAsked) => sink.keepalive(lsn, isAsked),
      started: () => this.#started(),
      other: (rest) => this.#ended(rest),
    })
  }

  /** Called by the client when it is this query's turn. */
  submit(connection: Connection): void {
    this.#query.begin(connection, this.#sql, (bytes) => this.#received(bytes))
  }

  /** Called by the client: what the server says, or that the connection is lost. */
  handleError(error: Error): void {
    this.#sink.failed(error)
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {}

  pause(): void {
    this.#query.pause()
  }

  resume(): void {
    if (this.#query.isPaused) this.#query.resume()
  }

  write(message: Uint8Array): void {
    if (this.#early !== null) {
      this.#early.push(message)
      return
    }
    const frame = Buffer.alloc(5)
    frame[0] = copyData
    frame.writeUInt32BE(4 + message.length, 1)
    this.#query.write(Buffer.concat([frame, message]))
  }

  #started(): void {
    const early = this.#early ?? []
    this.#early = null
    for (const message of early) this.write(message)
  }

  #received(bytes: Uint8Array): void {
    try {
      this.#intake.add(bytes)
    } catch (error) {
      this.#sink.failed(error)
      this.#query.handBack(emptyBytes)
    }
  }

  #ended(rest: Buffer): void {
    this.#query.handBack(rest)
    // An error the driver reads, and tells.
    if (rest[0] !== errorCode) this.#sink.failed(new Error('connection terminated: the log has ended'))
  }
}
