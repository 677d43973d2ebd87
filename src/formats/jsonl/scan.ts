// The members of one JSON object, as byte ranges: names and values are found without building what they stand for, so
// that numbers keep their digits, and names like `__proto__` mean nothing special. Nested values are checked by
// JSON.parse and kept as they are written.
import { utf8, utf8Text } from '../../base/bytes.ts'
import { isJsonNumber, isJsonText } from '../../table/cell.ts'
import type { SliceFault } from '../interface.ts'
import type { CellKind } from '../../table/interface.ts'

const words = (['true', 'false', 'null'] as const).map((word) => [word, utf8(word)] as const)
const quote = 0x22
const backslash = 0x5c
const depthMax = 512

export class ObjectScanner {
  readonly src: Uint8Array
  /** The members found: raw name ranges (between the quotes), kinds and contents. */
  count = 0
  readonly nameStarts: number[] = []
  readonly nameEnds: number[] = []
  readonly kinds: CellKind[] = []
  /** Contents lie in `src`, or in `decoded` where that is not null. */
  readonly starts: number[] = []
  readonly ends: number[] = []
  readonly decoded: (Uint8Array | null)[] = []
  fault: SliceFault | null = null
  #at = 0
  /** Whether the string read last has escapes. */
  #hasEscape = false
  #end = 0

  constructor(src: Uint8Array) {
    this.src = src
  }

  /** Reads src[start..end) as one object; false when `fault` says what is wrong. */
  scan(start: number, end: number): boolean {
    this.count = 0
    this.#at = start
    this.#end = end
    this.#skipSpace()
    if (this.src[this.#at] !== 0x7b) return this.#failed(this.#isJson(start, end) ? 'not-object' : 'not-json')
    this.#at++
    this.#skipSpace()
    if (this.#at < end && this.src[this.#at] === 0x7d) this.#at++
    else if (!this.#members()) return this.#failed('not-json')
    this.#skipSpace()
    return this.#at === end || this.#failed('not-json')
  }

  #failed(fault: SliceFault): false {
    this.fault = fault
    return false
  }

  #isJson(start: number, end: number): boolean {
    return isJsonText(this.src.subarray(start, end))
  }

  #members(): boolean {
    const { src } = this
    for (;;) {
      this.#skipSpace()
      const i = this.count
      if (!this.#string()) return false
      this.nameStarts[i] = this.starts[i]!
      this.nameEnds[i] = this.ends[i]!
      this.#skipSpace()
      if (this.#at >= this.#end || src[this.#at++] !== 0x3a) return false
      this.#skipSpace()
      if (!this.#value(i)) return false
      this.count++
      this.#skipSpace()
      if (this.#at >= this.#end) return false
      const next = src[this.#at++]
      if (next === 0x7d) return true
      if (next !== 0x2c) return false
    }
  }

  #skipSpace(): void {
    const { src } = this
    for (; this.#at < this.#end; this.#at++) {
      const byte = src[this.#at]
      if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d && byte !== 0x0a) return
    }
  }

  #value(i: number): boolean {
    const first = this.src[this.#at]
    this.decoded[i] = null
    if (first === quote) return this.#text(i)
    this.starts[i] = this.#at
    if (first === 0x7b || first === 0x5b) {
      this.kinds[i] = 'json'
      if (!this.#nested() || !isJsonText(this.src.subarray(this.starts[i], this.#at))) return false
      this.ends[i] = this.#at
      return true
    }
    while (this.#at < this.#end && !isDelimiter(this.src[this.#at]!)) this.#at++
    this.ends[i] = this.#at
    return this.#scalar(i)
  }

  #scalar(i: number): boolean {
    const { src } = this
    const start = this.starts[i]!
    const end = this.ends[i]!
    this.kinds[i] = 'number'
    if (isJsonNumber(src, start, end)) return true
    for (const [word, bytes] of words) {
      if (bytes.length !== end - start || !bytes.every((byte, k) => byte === src[start + k])) continue
      this.kinds[i] = word
      return true
    }
    return false
  }

  /** A string as text; one that no text can hold (a lone surrogate) stays JSON as written. */
  #text(i: number): boolean {
    const open = this.#at
    if (!this.#string()) return false
    this.kinds[i] = 'text'
    if (!this.#hasEscape) return true
    const raw = this.src.subarray(open, this.#at)
    const text = parsedString(raw)
    if (text === null) return false
    if (isWellFormed(text)) {
      this.decoded[i] = utf8(text)
    } else {
      this.kinds[i] = 'json'
      this.decoded[i] = raw
    }
    return true
  }

  /** Moves behind the closing quote; starts and ends of member `count` take what is between. */
  #string(): boolean {
    const { src } = this
    if (this.#at >= this.#end || src[this.#at] !== quote) return false
    let at = this.#at + 1
    this.#hasEscape = false
    this.starts[this.count] = at
    for (; at < this.#end; at++) {
      const byte = src[at]!
      if (byte === quote) {
        this.ends[this.count] = at
        this.#at = at + 1
        return true
      }
      if (byte === backslash) {
        this.#hasEscape = true
        at++
      } else if (byte < 0x20) return false
    }
    return false
  }

  #nested(): boolean {
    const { src } = this
    let depth = 0
    for (let inText = false; this.#at < this.#end; this.#at++) {
      const byte = src[this.#at]
      if (byte === quote) inText = !inText
      else if (inText) this.#at += byte === backslash ? 1 : 0
      else if (byte === 0x7b || byte === 0x5b) depth++
      else if (byte === 0x7d || byte === 0x5d) depth--
      if (depth === 0) {
        this.#at++
        return true
      }
      if (depth > depthMax) return false
    }
    return false
  }
}

function isDelimiter(byte: number): boolean {
  return byte === 0x2c || byte === 0x7d || byte <= 0x20
}

export function parsedString(raw: Uint8Array): string | null {
  try {
    const value = JSON.parse(utf8Text(raw)) as unknown
    return typeof value === 'string' ? value : null
  } catch {
    return null
  }
}

export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text)
}
