// A connection on which the server sends its binary log from a place on, as to a replica. The driver's own command for it
// understands few events and hands over none of the others, so this is one of ours on its connection. Reading pauses
// while events wait to be taken.
import { randomInt } from 'node:crypto'
import type { Socket } from 'node:net'
import { crc32 } from 'node:zlib'
import mysql, { type Connection, type ConnectionOptions } from 'mysql2'
import { corrupt } from '../../../base/errors.ts'
import type { BinlogPlace } from './position.ts'

const waitingBytesMax = 4 << 20
const heartbeatNs = 500_000_000
/** The server says a word twice a second: a line that brings no byte for so long is dead, and nobody has said so. */
const silenceMsMax = 30_000

/** What of the driver is not in its types: how its own commands are made. */
interface Internals {
  readonly stream: Socket
  addCommand(command: Command): void
  writePacket(packet: { buffer: Buffer; length(): number; writeHeader(sequence: number): void }): void
  _resetSequenceId(): void
}
interface Packet {
  readonly buffer: Buffer
  readonly offset: number
  readonly end: number
  isEOF(): boolean
  isError(): boolean
  asError(encoding: string): Error
}
interface Command {
  /** First without a packet, to ask; then with each that comes. True when it was the last. */
  execute(packet: Packet | undefined): boolean
  readonly onResult: (error: Error) => void
}

const dumpCommand = 0x12
const formatType = 15
const checksumBytes = 4

export class BinlogStream {
  readonly #connection: Connection & Internals
  #waiting: Buffer[] = []
  #hasChecksums = false
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
    const connection = mysql.createConnection({ ...address, connectTimeout: 15_000 })
    const stream = new BinlogStream(connection, silenceMs)
    try {
      // Checksums and GTID events as they are in the file. A word now and then when there is nothing new.
      for (const [name, value] of [
        ['master_binlog_checksum', '@@GLOBAL.binlog_checksum'],
        ['mariadb_slave_capability', '4'],
        ['master_heartbeat_period', String(heartbeatNs)],
      ])
        await new Promise<void>((done, fail) => {
          stream.#connection.query(`SET @${name} = ${value}`, (error) => (error ? fail(error) : done()))
        })
      stream.#hasChecksums = await new Promise<boolean>((done, fail) => {
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

  peek(): Buffer | null {
    return this.#waiting[0] ?? null
  }

  /** The next event, if it has arrived; else null. */
  take(): Buffer | null {
    const event = this.#waiting.shift() ?? null
    if (event === null) return null
    this.#bytes -= event.length
    if (this.#bytes < waitingBytesMax) this.#connection.resume()
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
          return false
        }
        const isLast = packet.isError() || packet.isEOF()
        if (packet.isError()) this.#fail(packet.asError('utf8'))
        else if (isLast) this.#fail(new Error('the connection to the binary log was ended by the server'))
        else this.#push(packet)
        return isLast
      },
    })
  }

  #push({ buffer, offset, end }: Packet): void {
    // Behind a byte that says that all is well. A copy: the driver reads on into its buffer.
    const event = this.#checked(Buffer.from(buffer.subarray(offset + 1, end)))
    this.#waiting.push(event)
    this.#bytes += event.length
    if (this.#bytes >= waitingBytesMax) this.#connection.pause()
    this.#wake()
  }

  /** Without its checksum. Whether events have one is said by the one that begins each file. */
  #checked(event: Buffer): Buffer {
    if (event[4] === formatType) {
      this.#hasChecksums = event[event.length - 1 - checksumBytes] === 1
      return event
    }
    if (!this.#hasChecksums) return event
    const end = event.length - checksumBytes
    if (end < 0 || crc32(event.subarray(0, end)) !== event.readUInt32LE(end))
      throw corrupt('an event of the binary log does not have its checksum')
    return event.subarray(0, end)
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#wake()
  }
}
