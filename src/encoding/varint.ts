// Unsigned LEB128 up to 2^53 - 1, always in its shortest form: a longer spelling is refused, so that equal
// values have equal bytes.
import { corrupt } from '../base/errors.ts'

/** How many bytes `writeVarint` needs for `value`. */
export function varintLength(value: number): number {
  let length = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length++
  return length
}

/** Writes at `at` and returns the offset behind it. The caller has made room (8 bytes at most). */
export function writeVarint(target: Uint8Array, at: number, value: number): number {
  let rest = value
  while (rest >= 128) {
    target[at++] = (rest % 128) | 128
    rest = Math.floor(rest / 128)
  }
  target[at++] = rest
  return at
}

/** A cursor over bytes from outside: every read is bounded by `end`. */
export class ByteReader {
  readonly bytes: Uint8Array
  at: number
  readonly end: number

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.bytes = bytes
    this.at = start
    this.end = end
  }

  get done(): boolean {
    return this.at >= this.end
  }

  byte(): number {
    if (this.at >= this.end) throw corrupt('bytes end in the middle of a value')
    return this.bytes[this.at++]!
  }

  varint(): number {
    let value = 0
    let scale = 1
    for (let i = 0; i < 8; i++) {
      const byte = this.byte()
      value += (byte & 127) * scale
      if (byte < 128) {
        if ((byte === 0 && i > 0) || value > Number.MAX_SAFE_INTEGER)
          throw corrupt('number is not in its shortest form')
        return value
      }
      scale *= 128
    }
    throw corrupt('number is longer than 53 bits')
  }

  skip(length: number): void {
    if (length < 0 || length > this.end - this.at) throw corrupt('bytes end in the middle of a value')
    this.at += length
  }

  /** The next bytes, as a view. */
  take(length: number): Uint8Array {
    const start = this.at
    this.skip(length)
    return this.bytes.subarray(start, this.at)
  }
}
