// Goes over whole frames (copy-frames.ts) field by field: a tab between fields, \N for null, and a backslash before
// what else would be a tab, a line feed or a backslash. A field is looked at once, while it is copied to where it is
// wanted: for texts of usual length a loop is faster than looking for the end and copying natively. Four bytes go at a
// time as long as none of them ends anything.
import { emptyBytes, viewOf } from '../../../base/bytes.ts'
import { corrupt } from '../../../base/errors.ts'
import { frameEnd, frameHeadBytes } from './copy-frames.ts'

const tab = 0x09
const lineFeed = 0x0a
const backslash = 0x5c
const capitalN = 0x4e

/** What stands behind a backslash for something else than itself: b, f, n, r, t, v. */
const named = new Uint8Array(256).map((_, byte) => byte)
named.set([8], 0x62)
named.set([12], 0x66)
named.set([lineFeed], 0x6e)
named.set([13], 0x72)
named.set([tab], 0x74)
named.set([11], 0x76)

const wordBytes = 4

export class CopyReader {
  readonly bytes: Uint8Array
  readonly #words: DataView
  readonly #wordsEnd: number
  #target: Uint8Array = emptyBytes
  #targetWords: DataView = viewOf(emptyBytes)
  /** The next field begins here, or what ends the one that was read. */
  at = 0
  /** Where the row in hand ends. */
  end = 0

  /** `bytes` are whole frames. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.#words = viewOf(bytes)
    this.#wordsEnd = bytes.length - wordBytes
  }

  /** @throws VARVE_CORRUPT */
  beginRow(): void {
    this.end = frameEnd(this.bytes, this.at)
    this.at += frameHeadBytes
    // From here on no field goes on beyond it.
    if (this.bytes[this.end - 1] !== lineFeed) throw corrupt('the server sent a row without its end')
  }

  /** Whether a null is next; steps over it if so. */
  isNull(): boolean {
    const { bytes, at } = this
    if (bytes[at] !== backslash || bytes[at + 1] !== capitalN) return false
    this.at = at + 2
    return true
  }

  /** Copies the field to target[to..), where there must be room for all that is left of the row; the place behind it. */
  copy(target: Uint8Array, to: number): number {
    if (target !== this.#target) {
      this.#target = target
      this.#targetWords = viewOf(target)
    }
    const { bytes } = this
    for (;;) {
      to = this.#copyWords(to)
      let { at } = this
      let byte = bytes[at]!
      while (byte > lineFeed ? byte !== backslash : byte !== tab && byte !== lineFeed) {
        target[to++] = byte
        byte = bytes[++at]!
      }
      this.at = at
      if (byte !== backslash) return to
      target[to++] = named[bytes[at + 1]!]!
      this.at = at + 2
      if (this.at >= this.end) throw wrongCount()
    }
  }

  /** Up to four bytes of which one may be the end of the field, or stand for another. */
  #copyWords(to: number): number {
    const words = this.#words
    const targetWords = this.#targetWords
    let { at } = this
    for (; at <= this.#wordsEnd; at += wordBytes, to += wordBytes) {
      const word = words.getInt32(at, true)
      const escape = word ^ 0x5c5c5c5c
      // A byte below 11; a byte that is a backslash (Hacker's Delight, 6-1: bytes that are zero).
      const stops = ((word - 0x0b0b0b0b) & ~word) | ((escape - 0x01010101) & ~escape)
      if ((stops & 0x80808080) !== 0) break
      targetWords.setInt32(to, word, true)
    }
    this.at = at
    return to
  }

  /** Steps over the field's end. @throws VARVE_CORRUPT where the row has another number of fields */
  endField(isLast: boolean): void {
    if (this.bytes[this.at++] !== (isLast ? lineFeed : tab) || (isLast && this.at !== this.end))
      throw wrongCount()
  }
}

function wrongCount(): Error {
  return corrupt('the server sent a row with another number of fields')
}
