// The connection on which the server sends its log: messages in order, each with its position, kept alive by a message
// now and then, and paused when nobody takes them. The server forgets what has been acknowledged, and nothing else.
import type { Client } from 'pg'
import { throwIfAborted, VarveError } from '../../../base/errors.ts'
import { endpointError } from '../failure.ts'
import { CopyBoth } from './copy-both.ts'
import { lsnText } from './lsn.ts'
import type { LogBytes } from './message-intake.ts'

/** Messages that wait here before the server is held up: as they came, since taken apart they are many times larger. */
const waitingBytesMax = 4 << 20
const aliveMs = 10_000
const askAgainMs = 500
const epochMs = 946_684_800_000

/** A message, or how far the server has read its log without one. */
export type StreamMessage = { readonly message: LogBytes } | { readonly message: null; readonly seen: bigint }

const taken: StreamMessage = { message: null, seen: 0n }

export class LogStream {
  /** For messages. */
  readonly location: string
  readonly #stream: CopyBoth
  readonly #client: Client
  readonly #timer: NodeJS.Timeout
  #queue: StreamMessage[] = []
  #next = 0
  #waitingBytes = 0
  #received: bigint
  #safe: bigint
  #isAsked = false
  #failure: unknown = null
  /** Wakes those who wait: one who reads, and one who waits for something to read. */
  readonly #wakes = new Set<() => void>()

  constructor(
    client: Client,
    from: { readonly slot: string; readonly start: bigint; readonly safe: bigint; readonly location: string },
  ) {
    this.#client = client
    this.location = from.location
    this.#received = from.start
    this.#safe = from.safe
    const sql = `START_REPLICATION SLOT "${from.slot}" LOGICAL ${lsnText(from.start)}
      (proto_version '1', publication_names '"${from.slot}"')`
    this.#stream = client.query(
      new CopyBoth(sql, {
        message: (message) => this.#arrive(message),
        keepalive: (lsn, isAsked) => this.#see(lsn, isAsked),
        failed: (error) => this.#fail(error),
      }),
    )
    this.#timer = setInterval(() => this.#tell(false), aliveMs).unref()
  }

  /** The next message, if it has arrived; else null. */
  take(): StreamMessage | null {
    this.#isAsked = false
    const arrived = this.#queue[this.#next]
    if (arrived === undefined) return null
    // Not held any longer: it may be large.
    this.#queue[this.#next++] = taken
    if (this.#next > 1024 && this.#next * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#next)
      this.#next = 0
    }
    if (arrived.message !== null) {
      this.#waitingBytes -= arrived.message.bytes.length
      if (this.#waitingBytes < waitingBytesMax / 2) this.#stream.resume()
    }
    return arrived
  }

  /** Whether a message waits, or the server wants to know how far it was read: it may be about to end. */
  get isCalling(): boolean {
    return this.#waitingBytes > 0 || this.#isAsked
  }

  /** Resolves when something has arrived; asks the server how far it is where `isAsking`. @throws what broke the line */
  async more(signal: AbortSignal | undefined, how: 'asking' | 'waiting'): Promise<void> {
    if (this.#next < this.#queue.length && (how === 'asking' || this.isCalling)) return
    if (this.#failure !== null) throw endpointError(this.location, this.#failure)
    throwIfAborted(signal)
    if (how === 'asking') this.#tell(true)
    const again = how === 'asking' ? setInterval(() => this.#tell(true), askAgainMs) : undefined
    const stop = (): void => this.#wake()
    signal?.addEventListener('abort', stop)
    try {
      await new Promise<void>((resolve) => this.#wakes.add(resolve))
    } finally {
      clearInterval(again)
      signal?.removeEventListener('abort', stop)
    }
    // Who asks gets an answer: a slot that another connection reads is told only now.
    if (how === 'asking' && this.#next >= this.#queue.length && this.#failure !== null)
      throw endpointError(this.location, this.#failure)
  }

  /** The server may forget its log before this position. */
  acknowledge(lsn: bigint): void {
    if (lsn > this.#safe) this.#safe = lsn
    this.#tell(false)
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#failure ??= new VarveError('VARVE_NOT_POSSIBLE', 'the log is closed')
    this.#wake()
    await this.#client.end().catch(() => undefined)
  }

  #arrive(message: LogBytes): void {
    this.#queue.push({ message })
    this.#waitingBytes += message.bytes.length
    if (this.#waitingBytes > waitingBytesMax) this.#stream.pause()
    this.#wake()
  }

  #see(lsn: bigint, isAsked: boolean): void {
    if (lsn > this.#received) this.#received = lsn
    const last = this.#queue.length - 1
    if (last >= this.#next && this.#queue[last]!.message === null) this.#queue.pop()
    this.#queue.push({ message: null, seen: lsn })
    if (isAsked) {
      this.#isAsked = true
      this.#tell(false)
    }
    this.#wake()
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#wakes) wake()
    this.#wakes.clear()
  }

  /** Sends a "Standby status update". */
  #tell(isAsking: boolean): void {
    if (this.#failure !== null) return
    const bytes = Buffer.alloc(34)
    bytes.write('r', 'latin1')
    bytes.writeBigInt64BE(this.#received, 1)
    bytes.writeBigInt64BE(this.#safe, 9)
    bytes.writeBigInt64BE(this.#safe, 17)
    bytes.writeBigInt64BE(BigInt(Date.now() - epochMs) * 1000n, 25)
    bytes[33] = isAsking ? 1 : 0
    this.#stream.write(bytes)
  }
}
