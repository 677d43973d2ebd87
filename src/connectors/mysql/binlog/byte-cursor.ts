// Reads numbers and bytes one after the other out of an event of the binary log. Bytes come from outside: every read is
// bounded by the event.
import { corrupt } from '../../../base/errors.ts'

export class ByteCursor {
  readonly #bytes: Buffer
  /** A longer value is left out: only its length is there. */
  readonly #valueBytesMax: number
  #at = 0

  constructor(bytes: Buffer, valueBytesMax: number = Infinity) {
    this.#bytes = bytes
    this.#valueBytesMax = valueBytesMax
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  /** The next bytes, as a view. */
  take(count: number): Buffer {
    if (count > this.left) throw corrupt('an event of the binary log ends too early')
    const part = this.#bytes.subarray(this.#at, this.#at + count)
    this.#at += count
    return part
  }

  /** A value behind its length; its length alone where it is left out. */
  value(lengthBytes: number): Buffer | number {
    const length = this.uint(lengthBytes)
    return length > this.#valueBytesMax ? length : this.take(length)
  }

  skip(count: number): void {
    this.take(count)
  }

  /** The next number: little-endian, of up to six bytes. */
  uint(size: number): number {
    if (size > 6) throw corrupt('an event of the binary log has a number of too many bytes')
    return size === 0 ? 0 : this.take(size).readUIntLE(0, size)
  }

  int(size: number): number {
    return this.take(size).readIntLE(0, size)
  }

  uint64(): bigint {
    return this.take(8).readBigUInt64LE(0)
  }

  /** The next length, in the protocol's packed form. No length is larger than an event. */
  packedLength(): number {
    const first = this.uint(1)
    if (first < 0xfb) return first
    return first === 0xfc ? this.uint(2) : first === 0xfd ? this.uint(3) : Number(this.uint64())
  }

  rest(): Buffer {
    return this.take(this.left)
  }
}
