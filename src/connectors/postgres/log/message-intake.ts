// Messages of the log as their bytes come, each in a frame of the protocol: 'd', its length, and a message of replication,
// which is one of the log behind 'w' and 24 bytes about where it stands, or 'k', which says how far the server is. Of a
// message that is too long to be held the row is cut as it goes by. Other frames are another's.
import { corrupt } from '../../../base/errors.ts'
import { cellBytesMax } from '../../../table/row.ts'
import { CutBytes } from '../../cut-bytes.ts'
import { messageSteps } from './cut-message.ts'
import { isNeeded } from './pgoutput.ts'

export interface LogBytes {
  readonly bytes: Uint8Array
  /** It was too long to be held: see cut-message.ts. */
  readonly isCut: boolean
}

export interface IntakeSink {
  /** The server has begun: it listens. */
  started(): void
  message(message: LogBytes): void
  keepalive(lsn: bigint, isAsked: boolean): void
  /** Bytes from here on are not for this: the server says that the log ends, or why. */
  other(rest: Buffer): void
}

/** A row of which one value is as large as a cell can be is held. */
const heldBytesMax = 2 * cellBytesMax + (1 << 20)
const frameHeadBytes = 5
/** Of the log's own messages. */
const placeBytes = 25
const keepaliveBytes = 18
const [dataFrame, startFrame, logKind, aliveKind] = [0x64, 0x57, 0x77, 0x6b]
/** Settings, notices, notifications. */
const passedOver: ReadonlySet<number> = new Set([startFrame, 0x53, 0x4e, 0x41])

export class MessageIntake {
  readonly #sink: IntakeSink
  readonly #heldBytesMax: number
  /** Of the frame, and of the message in it, up to what says what it is. */
  readonly #head: Buffer = Buffer.alloc(frameHeadBytes + placeBytes)
  #headLength = 0
  /** Of the frame in hand, behind what is in `#head`. */
  #left = 0
  #whole: Uint8Array | null = null
  #cut: CutBytes | null = null
  #isOver = false

  constructor(sink: IntakeSink, bytesMax: number = heldBytesMax) {
    this.#sink = sink
    this.#heldBytesMax = bytesMax
  }

  /** What comes next, cut anywhere. @throws VarveError VARVE_CORRUPT */
  add(bytes: Uint8Array): void {
    let at = 0
    while (at < bytes.length && !this.#isOver) {
      if (this.#headLength < this.#headNeeded()) {
        at += this.#addHead(bytes, at)
        if (this.#headLength < this.#headNeeded()) continue
        if (this.#isOther()) return this.#handOver(bytes.subarray(at))
        this.#begin()
      }
      const part = bytes.subarray(at, at + this.#left)
      this.#take(part)
      at += part.length
      if (this.#left === 0) this.#end()
    }
  }

  /** How much of a frame has to be there before it is known what is in it. */
  #headNeeded(): number {
    if (this.#headLength < frameHeadBytes || this.#head[0] !== dataFrame) return frameHeadBytes
    return Math.min(frameHeadBytes + placeBytes, 1 + this.#frameLength())
  }

  #frameLength(): number {
    return this.#head.readUInt32BE(1)
  }

  #isOther(): boolean {
    return this.#head[0] !== dataFrame && !passedOver.has(this.#head[0]!)
  }

  #addHead(bytes: Uint8Array, at: number): number {
    const part = bytes.subarray(at, at + this.#headNeeded() - this.#headLength)
    this.#head.set(part, this.#headLength)
    this.#headLength += part.length
    return part.length
  }

  #handOver(rest: Uint8Array): void {
    this.#isOver = true
    this.#sink.other(Buffer.concat([this.#head.subarray(0, frameHeadBytes), rest]))
  }

  #begin(): void {
    const length = this.#frameLength()
    if (length < frameHeadBytes - 1) throw corrupt('the server sent a message of no length')
    this.#left = 1 + length - this.#headLength
    if (this.#left === 0 || this.#head[0] !== dataFrame || this.#head[frameHeadBytes] !== logKind) return
    if (this.#left <= this.#heldBytesMax) this.#whole = memory(this.#left)
    else this.#cut = new CutBytes(new Uint8Array(0), messageSteps())
  }

  #take(part: Uint8Array): void {
    if (this.#whole !== null) this.#whole.set(part, this.#whole.length - this.#left)
    else this.#cut?.add(part)
    this.#left -= part.length
  }

  #end(): void {
    const [whole, cut] = [this.#whole, this.#cut]
    this.#whole = this.#cut = null
    const length = this.#headLength
    this.#headLength = 0
    if (this.#head[0] === startFrame) this.#sink.started()
    if (this.#head[0] !== dataFrame) return
    if (whole !== null && isNeeded(whole)) this.#sink.message({ bytes: whole, isCut: false })
    else if (cut !== null) this.#sink.message({ bytes: cut.end(), isCut: true })
    else if (whole === null) this.#endWithoutMessage(length)
  }

  #endWithoutMessage(length: number): void {
    const isAlive = this.#head[frameHeadBytes] === aliveKind && length === frameHeadBytes + keepaliveBytes
    if (!isAlive) throw corrupt('the server sends something else than its log')
    const { buffer, byteOffset } = this.#head
    const head = Buffer.from(buffer, byteOffset + frameHeadBytes, keepaliveBytes)
    this.#sink.keepalive(head.readBigInt64BE(1), head[keepaliveBytes - 1] === 1)
  }
}

/** Of what is small, many share a piece. */
function memory(length: number): Uint8Array {
  const { buffer, byteOffset } = Buffer.allocUnsafe(length)
  return new Uint8Array(buffer, byteOffset, length)
}
