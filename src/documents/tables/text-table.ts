// Numbers for texts: equal texts have one number, and numbers count up from 0. A text is put together byte by byte at the
// end of one piece of memory and stays there when it is new, so that a million texts are no objects. The seed of the
// hash is random: nobody can prepare a file whose texts all meet in one place.
import { commonLength, randomHex } from '../../base/platform.ts'
import { xxh32 } from '../../encoding/xxh32.ts'

const longLength = 256
const manyTexts = 1000
const seed = Number.parseInt(randomHex(4), 16)

export class TextTable {
  #bytes: Uint8Array
  /** Where the text of each number begins, and the next one would. */
  #starts: Uint32Array = new Uint32Array(8)
  #hashes: Int32Array = new Int32Array(8)
  /** Number + 1 by hash, 0 where there is none; never more than half full. */
  #slots: Int32Array = new Int32Array(16)
  #size = 0
  #at = 0

  readonly #sizeExpected: number

  /** What is expected is made room for once there is reason to believe it. */
  constructor(sizeExpected = 0) {
    this.#bytes = new Uint8Array(64)
    this.#sizeExpected = sizeExpected
  }

  /** How many bytes of memory it takes. */
  get footprint(): number {
    return this.#bytes.length + 4 * (this.#starts.length + this.#hashes.length + this.#slots.length)
  }

  get size(): number {
    return this.#size
  }

  /** How many bytes the text has that is being put together. */
  get length(): number {
    return this.#at - this.#starts[this.#size]!
  }

  push(byte: number): void {
    if (this.#at === this.#bytes.length) this.#grow(1)
    this.#bytes[this.#at++] = byte
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    if (this.#at + end - start > this.#bytes.length) this.#grow(end - start)
    const own = this.#bytes
    let at = this.#at
    this.#at += end - start
    if (end - start > longLength) own.set(bytes.subarray(start, end), at)
    else for (let i = start; i < end; i++) own[at++] = bytes[i]!
  }

  /** Appends a text of another table, by its number there. */
  appendFrom(other: TextTable, number: number): void {
    this.append(other.#bytes, other.#starts[number]!, other.#starts[number + 1]!)
  }

  /** Forgets the text that is being put together. */
  clear(): void {
    this.#at = this.#starts[this.#size]!
  }

  /** Its number, or -1 where it was never added. The text is gone then. */
  find(): number {
    const found = this.#slots[this.#slotOf(this.#hash())]! - 1
    this.clear()
    return found
  }

  /** The text's number; `size` grows when the text is new. */
  add(): number {
    if (this.#size + 2 > this.#starts.length) this.#growNumbers()
    const hash = this.#hash()
    const slot = this.#slotOf(hash)
    const known = this.#slots[slot]! - 1
    if (known >= 0) {
      this.clear()
      return known
    }
    const number = this.#size++
    this.#slots[slot] = this.#size
    this.#hashes[number] = hash
    this.#starts[this.#size] = this.#at
    return number
  }

  #hash(): number {
    return xxh32(this.#bytes, this.#starts[this.#size]!, this.#at, seed) | 0
  }

  /** The slot where the text that is being put together is, or would be. */
  #slotOf(hash: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = hash & mask
    for (;;) {
      const number = slots[slot]! - 1
      if (number < 0 || (this.#hashes[number] === hash && this.#isHere(number))) return slot
      slot = (slot + 1) & mask
    }
  }

  #isHere(number: number): boolean {
    const bytes = this.#bytes
    let own = this.#starts[this.#size]!
    let at = this.#starts[number]!
    const end = this.#starts[number + 1]!
    if (end - at !== this.#at - own) return false
    if (end - at > longLength) return commonLength(bytes, at, bytes, own) >= end - at
    while (at < end) if (bytes[at++] !== bytes[own++]) return false
    return true
  }

  #grow(more: number): void {
    const bytes = new Uint8Array(Math.max(2 * this.#bytes.length, this.#at + more))
    bytes.set(this.#bytes.subarray(0, this.#at))
    this.#bytes = bytes
  }

  #growNumbers(): void {
    const isMany = this.#size > manyTexts
    const length = Math.max(2 * this.#starts.length, isMany ? this.#sizeExpected + 2 : 0)
    const [starts, hashes] = [new Uint32Array(length), new Int32Array(length)]
    const slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * length)))
    starts.set(this.#starts)
    hashes.set(this.#hashes)
    const mask = slots.length - 1
    for (let number = 0; number < this.#size; number++) {
      let slot = hashes[number]! & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = number + 1
    }
    ;[this.#starts, this.#hashes, this.#slots] = [starts, hashes, slots]
  }
}
