// Receives COPY … TO STDOUT: frames (copy-frames.ts) as the socket gives them, cut anywhere. All else that the server may
// send meanwhile is left out, and from the end of the rows, or an error, on the connection has its own reader again. Rows
// are not taken out of their messages here: one by one, that cost more than all that is done with them later.
import type { Client, Connection, Submittable } from 'pg'
import type { Duplex } from 'node:stream'
import { emptyBytes } from '../../base/bytes.ts'
import { corrupt } from '../../base/errors.ts'
import { frameHeadBytes, letterD, wholeFrames } from './copy-frames.ts'

const errorCode = 0x45
/** What may come between rows: the answer to the statement itself, settings, notices, notifications. */
const passedOver: ReadonlySet<number> = new Set([0x48, 0x53, 0x4e, 0x41])

type Handler = (bytes: Uint8Array) => void

/** Who leaves before the end has a connection that is of no further use. */
export async function* copyOut(client: Client, sql: string): AsyncGenerator<Uint8Array> {
  const query = new CopyOut(sql)
  client.query(query)
  try {
    for (;;) {
      const chunk = await query.next()
      if (chunk === null) return
      if (chunk.length > 0) yield chunk
    }
  } finally {
    query.leave()
  }
}

class CopyOut implements Submittable {
  readonly #sql: string
  #stream: Duplex | null = null
  /** The connection's own. */
  #handler: Handler | null = null
  #failure: Error | null = null
  #wake: (() => void) | null = null
  /** Of the message in hand: its code, bytes of its head that were seen, and bytes that are still to come. */
  #code = 0
  #headSeen = 0
  #left = 0
  #isDone = false

  constructor(sql: string) {
    this.#sql = sql
  }

  /** Called by the client when it is this query's turn. */
  submit(connection: Connection): void {
    const stream = connection.stream as Duplex
    const [handler, ...others] = stream.listeners('data')
    if (handler === undefined || others.length > 0) throw new Error('the connection is read by another')
    this.#stream = stream
    this.#handler = handler as Handler
    stream.removeListener('data', this.#handler)
    stream.pause()
    stream.on('readable', this.#onReadable)
    ;(connection as unknown as { query: (sql: string) => void }).query(this.#sql)
  }

  /** Called by the client: what the server says, or that the line is gone. */
  handleError(error: Error): void {
    this.#failure = error
    this.#onReadable()
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {}

  /** Frames, or parts of such; null at the end. */
  async next(): Promise<Uint8Array | null> {
    for (;;) {
      if (this.#failure !== null) throw this.#failure
      if (this.#isDone) return null
      const chunk = this.#stream?.read() as Uint8Array | null | undefined
      if (chunk) return this.#framesIn(chunk)
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  leave(): void {
    this.#handBack(emptyBytes)
  }

  readonly #onReadable = (): void => {
    this.#wake?.()
    this.#wake = null
  }

  #framesIn(chunk: Uint8Array): Uint8Array {
    const parts: Uint8Array[] = []
    /** What is not in `parts` yet. */
    let from = 0
    for (let at = 0; at < chunk.length;) {
      if (this.#headSeen === 0) at = wholeFrames(chunk, at)
      if (at === chunk.length) break
      const start = at
      if (this.#headSeen === 0) this.#code = chunk[at]!
      const isError = this.#code === errorCode
      if (!isError) at = this.#step(chunk, at)
      if (this.#code !== letterD) {
        parts.push(chunk.subarray(from, start))
        from = at
      }
      const isWhole = this.#headSeen === frameHeadBytes && this.#left === 0
      if (isWhole) this.#headSeen = 0
      if (this.#code === letterD || (!isError && (!isWhole || passedOver.has(this.#code)))) continue
      // The end of the rows; anything else is not for us, and what follows it neither.
      this.#isDone = !isError
      this.#handBack(chunk.subarray(at))
      return joined(parts)
    }
    return joined([...parts, chunk.subarray(from)])
  }

  /** As far as the message in hand goes. */
  #step(chunk: Uint8Array, at: number): number {
    for (; this.#headSeen < frameHeadBytes; this.#headSeen++, at++) {
      if (at === chunk.length) return at
      this.#left = this.#headSeen === 0 ? 0 : (this.#left << 8) | chunk[at]!
      if (this.#headSeen === frameHeadBytes - 1) this.#left -= frameHeadBytes - 1
    }
    if (this.#left < 0) throw corrupt('the server sent a message of no length')
    const taken = Math.min(this.#left, chunk.length - at)
    this.#left -= taken
    return at + taken
  }

  #handBack(rest: Uint8Array): void {
    const [stream, handler] = [this.#stream, this.#handler]
    if (stream === null || handler === null) return
    this.#handler = null
    stream.removeListener('readable', this.#onReadable)
    stream.on('data', handler)
    if (rest.length > 0) handler(rest)
    // Once the handler has looked at this: it may have paused the stream itself.
    process.nextTick(() => stream.resume())
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const some = parts.filter((part) => part.length > 0)
  return some.length === 1 ? some[0]! : some.length === 0 ? emptyBytes : Buffer.concat(some)
}
