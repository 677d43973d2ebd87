// Receives COPY … TO STDOUT: whole frames (copy-frames.ts), many at a time. Other messages of the server in between are
// left out; after the last row, or after an error, the connection has its own reader again. Rows are not unpacked here:
// one by one, that cost more than all that is done with them later.
import type { Client, Connection, Submittable } from 'pg'
import { emptyBytes } from '../../../base/bytes.ts'
import { DivertedQuery } from './diverted-query.ts'
import { FrameBlock } from './frame-block.ts'

/** The connection is paused until these are taken. Each hand-over costs, and the server sends 8 KiB at a time. */
const takenBytes = 128 << 10

/** Views, each good until the next is asked for. Who leaves before the end has a connection that is of no further use. */
export async function* copyOut(client: Client, sql: string): AsyncGenerator<Uint8Array> {
  const query = new CopyOut(sql)
  client.query(query)
  try {
    for (;;) {
      const frames = await query.next()
      if (frames === null) return
      yield frames
    }
  } finally {
    query.leave()
  }
}

class CopyOut implements Submittable {
  readonly #sql: string
  readonly #block = new FrameBlock()
  readonly #query = new DivertedQuery()
  #failure: unknown = null
  #wake: (() => void) | null = null
  #state: 'rows' | 'end' | 'error' = 'rows'

  constructor(sql: string) {
    this.#sql = sql
  }

  /** Called by the client when it is this query's turn. */
  submit(connection: Connection): void {
    this.#query.begin(connection, this.#sql, (bytes) => this.#received(bytes))
  }

  /** Called by the client: what the server says, or that the connection is lost. */
  handleError(error: Error): void {
    this.#fail(error)
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {}

  /** The next whole frames; null at the end. */
  async next(): Promise<Uint8Array | null> {
    for (;;) {
      if (this.#failure !== null) throw this.#failure
      if (this.#block.length >= takenBytes || (this.#block.length > 0 && this.#state !== 'rows')) {
        const frames = this.#block.take()
        if (this.#state === 'rows') this.#query.resume()
        return frames
      }
      if (this.#state === 'end') return null
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  leave(rest: Uint8Array = emptyBytes): void {
    this.#query.handBack(rest)
  }

  #received(bytes: Uint8Array): void {
    try {
      this.#state = this.#block.add(bytes)
    } catch (error) {
      this.#fail(error)
      return
    }
    if (this.#state !== 'rows') this.leave(this.#block.rest())
    else if (this.#block.length < takenBytes) return
    else this.#query.pause()
    this.#wakeUp()
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    this.#wakeUp()
  }

  #wakeUp(): void {
    this.#wake?.()
    this.#wake = null
  }
}
