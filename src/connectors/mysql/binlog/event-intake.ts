// Events of the binary log as their bytes come, each checked against its checksum. Of one that is too long to be held its
// rows are cut as they go by (cut-rows.ts), for which the event that describes the table is kept.
import { crc32 } from 'node:zlib'
import { corrupt } from '../../../base/errors.ts'
import { cellBytesMax } from '../../../table/row.ts'
import { CutBytes } from '../../cut-bytes.ts'
import { rowSteps } from './cut-rows.ts'
import {
  type EventBytes,
  type MappedTable,
  headerBytes,
  isRows,
  isTableMap,
  readEvent,
  readHeader,
} from './events.ts'

/** A row before and after an update, of which one value is as large as a cell can be, is held. */
const heldBytesMax = 2 * cellBytesMax + (1 << 20)
const formatType = 15
const groupType = 162
const checksumBytes = 4

export class EventIntake {
  readonly #heldBytesMax: number
  hasChecksums = false
  /** Of the transaction in hand: the events that describe tables, by their numbers. */
  readonly #maps = new Map<number, EventBytes>()
  readonly #head: Buffer = Buffer.alloc(headerBytes)
  #headLength = 0
  /** What the event's head says that it has. */
  #length = 0
  #seen = 0
  #whole: Buffer | null = null
  #cut: CutEvent | null = null

  constructor(bytesMax: number = heldBytesMax) {
    this.#heldBytesMax = bytesMax
  }

  /** Some bytes of an event. @throws VarveError VARVE_CORRUPT */
  add(bytes: Buffer): void {
    let from = 0
    if (this.#headLength < headerBytes) {
      from = bytes.copy(this.#head, this.#headLength, 0, headerBytes - this.#headLength)
      this.#headLength += from
      if (this.#headLength < headerBytes) return
      this.#begin()
    }
    if (from === bytes.length) return
    if (this.#seen + bytes.length - from > this.#length)
      throw corrupt('an event of the binary log is too long')
    if (this.#whole === null) this.#cut!.add(bytes.subarray(from))
    else bytes.copy(this.#whole, this.#seen, from)
    this.#seen += bytes.length - from
  }

  /** The event has come. @throws VarveError VARVE_CORRUPT */
  end(): EventBytes {
    if (this.#headLength < headerBytes || this.#seen < this.#length)
      throw corrupt('an event of the binary log is too short')
    const event =
      this.#whole === null
        ? { bytes: this.#cut!.end(), isCut: true }
        : { bytes: this.#checked(this.#whole), isCut: false }
    this.#headLength = 0
    this.#whole = this.#cut = null
    this.#note(event)
    return event
  }

  #begin(): void {
    this.#length = this.#head.readUInt32LE(9)
    this.#seen = headerBytes
    if (this.#length <= this.#heldBytesMax) {
      this.#whole = Buffer.allocUnsafe(Math.max(this.#length, headerBytes))
      this.#head.copy(this.#whole)
      return
    }
    const type = this.#head[4]!
    const head = Buffer.from(this.#head)
    const steps = isRows(type) ? rowSteps(type, (id) => this.#typesOf(id)) : null
    const rows = steps === null ? null : new CutBytes(head, steps)
    this.#cut = new CutEvent(head, rows, this.#length - (this.hasChecksums ? checksumBytes : 0))
  }

  /** Without its checksum. Whether events have one is said by the one that begins each file. */
  #checked(event: Buffer): Buffer {
    if (event[4] === formatType) {
      this.hasChecksums = event[event.length - 1 - checksumBytes] === 1
      return event
    }
    if (!this.hasChecksums) return event
    const end = event.length - checksumBytes
    if (end < 0 || crc32(event.subarray(0, end)) !== event.readUInt32LE(end)) throw wrongChecksum()
    return event.subarray(0, end)
  }

  #note(event: EventBytes): void {
    const { bytes, isCut } = event
    const type = bytes[4]!
    if (type === groupType || type === formatType) this.#maps.clear()
    if (!isCut && isTableMap(type) && bytes.length >= headerBytes + 6)
      this.#maps.set(bytes.readUIntLE(headerBytes, 6), event)
  }

  #typesOf(id: number): MappedTable['types'] {
    const map = this.#maps.get(id)
    const event = map === undefined ? null : readEvent(readHeader(map.bytes), map)
    if (event?.kind !== 'table') throw corrupt('the binary log has rows of a table that it has not described')
    return event.table.types
  }
}

/** One that is too long. */
class CutEvent {
  readonly #head: Buffer
  /** null: it is none of rows, and only its head stays. */
  readonly #rows: CutBytes | null
  /** Up to its checksum. */
  #left: number
  #sum: number
  readonly #checksum: Buffer[] = []

  constructor(head: Buffer, rows: CutBytes | null, length: number) {
    this.#head = head
    this.#rows = rows
    this.#left = length - head.length
    this.#sum = crc32(head)
  }

  add(bytes: Buffer): void {
    const part = bytes.subarray(0, this.#left)
    this.#left -= part.length
    this.#sum = crc32(part, this.#sum)
    this.#rows?.add(part)
    if (part.length < bytes.length) this.#checksum.push(Buffer.from(bytes.subarray(part.length)))
  }

  end(): Buffer {
    const sum = Buffer.concat(this.#checksum)
    if (sum.length > 0 && sum.readUInt32LE() !== this.#sum) throw wrongChecksum()
    return this.#rows?.end() ?? this.#head
  }
}

function wrongChecksum(): Error {
  return corrupt('an event of the binary log does not have its checksum')
}
