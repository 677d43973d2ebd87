// A connection on which the server sends its binary log from a place on, as to a replica. The driver's own command for it
// understands few events and hands over none of the others, so this is one of ours on its connection, which also takes the
// server's packets from there. Reading pauses while events wait to be taken.
import { randomInt } from 'node:crypto'
import type { Socket } from 'node:net'
import mysql, { type Connection, type ConnectionOptions } from 'mysql2'
import { EventIntake } from './event-intake.ts'
import type { EventBytes } from './events.ts'
import { PacketReader } from './packet-reader.ts'
import type { BinlogPlace } from './position.ts'
import { connectMsMax, probeMs } from '../../patience.ts'
import { causeNumber } from '../failure.ts'

const waitingBytesMax = 4 << 20
const heartbeatNs = 500_000_000
/** The server says a word twice a second: a line that brings no byte for so long is dead, and nobody has said so. */
const silenceMsMax = 30_000

/** The protocol asks for places by 32 bits. */
export const offsetMax: number = 2 ** 32
/** The server cannot read its log from there. */
const unreadable = 1236

/** Whether the server says that it has no such log. */
export function isGone(error: unknown): boolean {
  return causeNumber(error) === unreadable
}

/** What of the driver is not in its types: how its own commands are made. */
interface Internals {
  readonly stream: Socket
  packetParser: { execute(chunk: Buffer): void }
  sequenceId: number
  addCommand(command: Command): void
  writePacket(packet: { buffer: Buffer; length(): number; writeHeader(sequence: number): void }): void
  _resetSequenceId(): void
}
interface Packet {
  isError(): boolean
  asError(encoding: string): Error
}
interface Command {
  /** First without a packet, to ask; then with one that is no event. True when it was the last. */
  execute(packet: Packet | undefined): boolean
  readonly onResult: (error: Error) => void
}

const dumpCommand = 0x12
/** What a message begins with that is an event. */
const isEvent = 0
/** Of one that is none, a word of the server's. */
const wordBytesMax = 1 << 16

export class BinlogStream {
  readonly #connection: Connection & Internals
  readonly #intake = new EventIntake()
  /** Of the message in hand, as far as it is no event. */
  #word: Buffer = Buffer.alloc(0)
  #state: 'none' | 'event' | 'word' = 'none'
  #waiting: EventBytes[] = []
  #bytes = 0
  #failure: Error | null = null
  #wake: () => void = () => undefined
  readonly #silenceMs: number

  private constructor(connection: Connection, silenceMs: number) {
    this.#connection = connection as Connection & Internals
    this.#silenceMs = silenceMs
    connection.on('error', (error: Error) => this.#fail(error))
  }

  /** @throws what the server or the driver says when it is not to be had */
  static async open(
    address: ConnectionOptions,
    { file, at }: BinlogPlace,
    silenceMs: number = silenceMsMax,
  ): Promise<BinlogStream> {
    const connection = mysql.createConnection({
      ...address,
      connectTimeout: connectMsMax,
      keepAliveInitialDelay: probeMs,
    })
    const stream = new BinlogStream(connection, silenceMs)
    try {
      // Checksums and GTID events as they are in the file. A word now and then when there is nothing new.
      for (const [name, value] of [
        ['master_binlog_checksum', '@@GLOBAL.binlog_checksum'],
        ['source_binlog_checksum', '@@GLOBAL.binlog_checksum'],
        ['mariadb_slave_capability', '4'],
        ['master_heartbeat_period', String(heartbeatNs)],
        ['source_heartbeat_period', String(heartbeatNs)],
      ])
        await new Promise<void>((done, fail) => {
          stream.#connection.query(`SET @${name} = ${value}`, (error) => (error ? fail(error) : done()))
        })
      stream.#intake.hasChecksums = await new Promise<boolean>((done, fail) => {
        stream.#connection.query('SELECT @@GLOBAL.binlog_checksum AS kind', (error, rows) =>
          error ? fail(error) : done((rows as { kind: string }[])[0]!.kind !== 'NONE'),
        )
      })
      stream.#dump(file, at)
      return stream
    } catch (error) {
      stream.close()
      throw error
    }
  }

  peek(): EventBytes | null {
    return this.#waiting[0] ?? null
  }

  /** The next event, if it has arrived; else null. */
  take(): EventBytes | null {
    const event = this.#waiting.shift() ?? null
    if (event === null) return null
    this.#bytes -= event.bytes.length
    if (this.#bytes < waitingBytesMax) this.#connection.stream.resume()
    return event
  }

  /** Resolves when an event waits, and when `signal` aborts. @throws when the connection is cut or the server refuses */
  async more(signal?: AbortSignal): Promise<void> {
    if (this.#waiting.length > 0 || signal?.aborted === true) return
    if (this.#failure !== null) throw this.#failure
    await new Promise<void>((done) => {
      const end = (): void => {
        clearInterval(listening)
        signal?.removeEventListener('abort', end)
        done()
      }
      const { stream } = this.#connection
      let heard = stream.bytesRead
      const listening = setInterval(() => {
        if (stream.bytesRead === heard) this.#fail(new Error('the connection to the binary log is silent'))
        heard = stream.bytesRead
      }, this.#silenceMs)
      this.#wake = end
      signal?.addEventListener('abort', end, { once: true })
    })
    if (this.#waiting.length === 0 && this.#failure !== null) throw this.#failure
  }

  close(): void {
    this.#fail(new Error('the connection to the binary log was closed'))
    this.#connection.stream.destroy()
  }

  #dump(file: string, at: number): void {
    const request = Buffer.alloc(15 + Buffer.byteLength(file))
    request[4] = dumpCommand
    request.writeUInt32LE(at, 5)
    // If two readers have one number, the server ends the first.
    request.writeUInt32LE(randomInt(1 << 30, 2 ** 32 - 1), 11)
    request.write(file, 15)
    const writeHeader = (sequence: number): void => {
      request.writeUIntLE(request.length - 4, 0, 3)
      request[3] = sequence
    }
    this.#connection.addCommand({
      onResult: (error) => this.#fail(error),
      execute: (packet) => {
        if (packet === undefined) {
          this.#connection._resetSequenceId()
          this.#connection.writePacket({ buffer: request, length: () => request.length, writeHeader })
          this.#takeOver()
          return false
        }
        if (packet.isError()) this.#fail(packet.asError('utf8'))
        else this.#fail(new Error('the connection to the binary log was ended by the server'))
        return true
      },
    })
  }

  /** From now on packets come here; the driver gets those that are no events. */
  #takeOver(): void {
    const driver = this.#connection.packetParser
    const packets = new PacketReader({
      add: (bytes) => this.#add(bytes),
      end: (sequence) => {
        if (this.#state === 'event') this.#push(this.#intake.end())
        else {
          const head = Buffer.from([0, 0, 0, sequence])
          head.writeUIntLE(this.#word.length, 0, 3)
          this.#connection.sequenceId = sequence
          driver.execute(Buffer.concat([head, this.#word]))
        }
        this.#state = 'none'
      },
    })
    this.#connection.packetParser = {
      execute: (chunk) => {
        if (this.#failure !== null) return
        try {
          packets.execute(chunk)
        } catch (error) {
          this.#fail(error as Error)
          this.#connection.stream.destroy()
        }
      },
    }
  }

  #add(bytes: Buffer): void {
    let rest = bytes
    if (this.#state === 'none') {
      this.#state = bytes[0] === isEvent ? 'event' : 'word'
      if (this.#state === 'event') rest = bytes.subarray(1)
      else this.#word = Buffer.alloc(0)
    }
    if (this.#state === 'event') this.#intake.add(rest)
    else if (this.#word.length < wordBytesMax) this.#word = Buffer.concat([this.#word, rest])
  }

  #push(event: EventBytes): void {
    this.#waiting.push(event)
    this.#bytes += event.bytes.length
    if (this.#bytes >= waitingBytesMax) this.#connection.stream.pause()
    this.#wake()
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#wake()
  }
}
