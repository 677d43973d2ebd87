// Lines as COPY … FROM STDIN reads them: what `textOfCell` makes of a cell, as bytes. A buffer grows as far as short lines
// need it; a long value is passed on in chunks, so that it is in memory once more and not four times.
import { utf8 } from '../../../base/bytes.ts'
import { writeIntText } from '../../../table/int-key.ts'
import type { CellSink } from '../../../table/stored-cells.ts'

const tab = 0x09
const lineFeed = 0x0a
const carriageReturn = 0x0d
const backslash = 0x5c
const hexDigits = utf8('0123456789abcdef')
const hexPrefix = utf8('\\\\x')
const nullText = utf8('\\N')
const trueText = utf8('true')
const falseText = utf8('false')
const intTextMax = 40
/** Of a long value, as much as is written at once. */
const pieceBytes = 64 << 10
/** What is in the buffer when a long value goes on, at most. */
const chunkBytes = 256 << 10

export class CopyBuffer implements CellSink {
  #out = new Uint8Array(1 << 16)
  #length = 0
  #chunks: Uint8Array[] = []
  #chunksLength = 0

  get length(): number {
    return this.#chunksLength + this.#length
  }

  /** What was written since the last call, as copies. */
  take(): Uint8Array[] {
    if (this.#length > 0) this.#pass()
    const chunks = this.#chunks
    this.#chunks = []
    this.#chunksLength = 0
    return chunks
  }

  tab(): void {
    this.#reserve(1)
    this.#out[this.#length++] = tab
  }

  endLine(): void {
    this.#reserve(1)
    this.#out[this.#length++] = lineFeed
  }

  null(): void {
    this.#raw(nullText)
  }

  bool(value: boolean): void {
    this.#raw(value ? trueText : falseText)
  }

  /** Writes a number that is not negative. */
  count(value: number): void {
    this.#reserve(intTextMax)
    let digits = 1
    for (let limit = 10; limit <= value; limit *= 10) digits++
    for (let at = this.#length + digits - 1; at >= this.#length; at--) {
      const rest = Math.floor(value / 10)
      this.#out[at] = 0x30 + (value - rest * 10)
      value = rest
    }
    this.#length += digits
  }

  /** Writes an integer out of an encoded key. */
  int(key: Uint8Array, at: number): void {
    this.#reserve(intTextMax)
    this.#length = writeIntText(this.#out, this.#length, key, at)
  }

  text(src: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; at += pieceBytes) this.#text(src, at, Math.min(end, at + pieceBytes))
  }

  #text(src: Uint8Array, start: number, end: number): void {
    this.#reserve(2 * (end - start))
    const out = this.#out
    let at = this.#length
    for (let i = start; i < end; i++) {
      const byte = src[i]!
      if (byte > carriageReturn ? byte !== backslash : byte < tab) out[at++] = byte
      else if (byte === backslash || byte === lineFeed || byte === tab || byte === carriageReturn) {
        out[at++] = backslash
        out[at++] = byte === backslash ? byte : byte === lineFeed ? 0x6e : byte === tab ? 0x74 : 0x72
      } else out[at++] = byte
    }
    this.#length = at
  }

  /** Writes bytes in hex. */
  bytes(bytes: Uint8Array): void {
    this.#raw(hexPrefix)
    for (let at = 0; at < bytes.length; at += pieceBytes) this.#hex(bytes.subarray(at, at + pieceBytes))
  }

  #hex(bytes: Uint8Array): void {
    this.#reserve(2 * bytes.length)
    const out = this.#out
    let at = this.#length
    for (const byte of bytes) {
      out[at++] = hexDigits[byte >> 4]!
      out[at++] = hexDigits[byte & 15]!
    }
    this.#length = at
  }

  #raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    for (let i = 0; i < bytes.length; i++) this.#out[this.#length++] = bytes[i]!
  }

  #reserve(room: number): void {
    if (this.#length + room <= this.#out.length) return
    if (this.#length >= chunkBytes) this.#pass()
    if (this.#length + room <= this.#out.length) return
    const larger = new Uint8Array(2 * (this.#length + room))
    larger.set(this.#out.subarray(0, this.#length))
    this.#out = larger
  }

  #pass(): void {
    this.#chunks.push(this.#out.slice(0, this.#length))
    this.#chunksLength += this.#length
    this.#length = 0
  }
}
