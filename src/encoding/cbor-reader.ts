// Reads dag-cbor that is just as it is written: heads in their shortest form, names in order, links that are ours. It checks
// this as it goes, where the library has to write all it has read once more to see it. What is anything else, if only
// rare, is left to the library.
import { CID } from 'multiformats/cid'
import { compareRanges, utf8Text } from '../base/bytes.ts'
import { cidBytesLength, isCidAt } from './cid.ts'

const [unsignedMajor, negativeMajor, bytesMajor, textMajor] = [0, 1, 2, 3]
const [arrayMajor, mapMajor, tagMajor] = [4, 5, 6]
const linkTag = 42
const [falseByte, trueByte, nullByte, floatByte] = [0xf4, 0xf5, 0xf6, 0xfb]
const depthMax = 32
const shortTextMax = 24

class NotPlain extends Error {}

/** undefined, which dag-cbor has not: left to the library. */
export function readPlainCbor(bytes: Uint8Array): unknown {
  const reader = new Reader(bytes)
  try {
    const value = reader.value(0)
    return reader.at === bytes.length ? value : undefined
  } catch (error) {
    if (error instanceof NotPlain) return undefined
    throw error
  }
}

class Reader {
  readonly #bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  value(depth: number): unknown {
    if (depth > depthMax) throw new NotPlain()
    const head = this.#bytes[this.at] ?? 0xff
    switch (head >> 5) {
      case unsignedMajor:
        return this.#number()
      case negativeMajor:
        return -1 - this.#number()
      case bytesMajor:
        return new Uint8Array(this.#take(this.#number()))
      case textMajor:
        return this.#text()
      case arrayMajor:
        return this.#array(depth)
      case mapMajor:
        return this.#map(depth)
      case tagMajor:
        return this.#link()
      default:
        return this.#simple(head)
    }
  }

  /** Of any head: its number, in the shortest form. */
  #number(): number {
    const info = this.#byte() & 31
    if (info < 24) return info
    if (info > 27) throw new NotPlain()
    const length = 1 << (info - 24)
    let value = 0
    for (let i = 0; i < length; i++) value = value * 256 + this.#byte()
    const least = length === 1 ? 24 : 2 ** (length * 4)
    if (value < least || value >= Number.MAX_SAFE_INTEGER) throw new NotPlain()
    return value
  }

  #byte(): number {
    const byte = this.#bytes[this.at++]
    if (byte === undefined) throw new NotPlain()
    return byte
  }

  #take(length: number): Uint8Array {
    const end = this.at + length
    if (end > this.#bytes.length) throw new NotPlain()
    const taken = this.#bytes.subarray(this.at, end)
    this.at = end
    return taken
  }

  #text(): string {
    const length = this.#number()
    return length <= shortTextMax ? (this.#ascii(length) ?? this.#utf8(length)) : this.#utf8(length)
  }

  /** A short text is made faster so than by a decoder. */
  #ascii(length: number): string | null {
    let text = ''
    for (let i = this.at; i < this.at + length; i++) {
      const byte = this.#bytes[i] ?? 0xff
      if (byte > 0x7f) return null
      text += String.fromCharCode(byte)
    }
    this.at += length
    return text
  }

  #utf8(length: number): string {
    try {
      return utf8Text(this.#take(length))
    } catch {
      throw new NotPlain()
    }
  }

  #array(depth: number): unknown[] {
    const items: unknown[] = []
    for (let left = this.#number(); left > 0; left--) items.push(this.value(depth + 1))
    return items
  }

  #map(depth: number): Record<string, unknown> {
    const map: Record<string, unknown> = {}
    let [before, beforeEnd] = [0, -1]
    for (let left = this.#number(); left > 0; left--) {
      const from = this.at
      if (this.#bytes[from]! >> 5 !== textMajor) throw new NotPlain()
      const name = this.#text()
      // The shorter first, then by bytes: the head tells the length, so that heads are in order too.
      const isAfter =
        beforeEnd < 0 ||
        beforeEnd - before < this.at - from ||
        (beforeEnd - before === this.at - from &&
          compareRanges(this.#bytes, before, beforeEnd, this.#bytes, from, this.at) < 0)
      if (!isAfter || name === '__proto__') throw new NotPlain()
      ;[before, beforeEnd] = [from, this.at]
      map[name] = this.value(depth + 1)
    }
    return map
  }

  #link(): CID {
    if (this.#number() !== linkTag || this.#bytes[this.at]! >> 5 !== bytesMajor) throw new NotPlain()
    const bytes = this.#take(this.#number())
    if (bytes.length !== cidBytesLength + 1 || bytes[0] !== 0 || !isCidAt(bytes, 1)) throw new NotPlain()
    return CID.decode(new Uint8Array(bytes.subarray(1)))
  }

  #simple(head: number): unknown {
    this.at++
    if (head === falseByte) return false
    if (head === trueByte) return true
    if (head === nullByte) return null
    if (head !== floatByte) throw new NotPlain()
    const bytes = this.#take(8)
    const value = new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0)
    // Whole numbers are written as such.
    if (!Number.isFinite(value) || Number.isInteger(value)) throw new NotPlain()
    return value
  }
}
