// Takes apart what COPY … TO STDOUT sends in its text format, without an object a field: a line a row, a tab between
// fields, \N for null, and a backslash before what else would be a tab, a line feed or a backslash.
import { corrupt } from '../../base/errors.ts'

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

/** The fields of one row at a time: field i is bytes[starts[i]..ends[i]), and null where its end is below 0. */
export class CopyFields {
  readonly starts: Int32Array
  readonly ends: Int32Array
  /** By field: whether it lies in `unescaped`, not among the bytes that came. */
  readonly isUnescaped: Uint8Array
  unescaped: Uint8Array<ArrayBuffer> = new Uint8Array(1024)
  readonly #bytes: Uint8Array
  readonly #count: number
  #unescapedEnd = 0

  /** `bytes` are whole rows. */
  constructor(bytes: Uint8Array, count: number) {
    this.#bytes = bytes
    this.#count = count
    this.starts = new Int32Array(count)
    this.ends = new Int32Array(count)
    this.isUnescaped = new Uint8Array(count)
  }

  /** Reads the row at `at`; the place behind it. @throws VARVE_CORRUPT when it has another number of fields */
  read(at: number): number {
    const bytes = this.#bytes
    const last = this.#count - 1
    this.#unescapedEnd = 0
    for (let field = 0; field <= last; field++) {
      let end = at
      let byte = bytes[end]!
      while (byte !== tab && byte !== lineFeed && byte !== backslash) byte = bytes[++end]!
      if (byte === backslash) {
        end = this.#escaped(field, at, end)
        byte = bytes[end]!
      } else {
        this.starts[field] = at
        this.ends[field] = end
        this.isUnescaped[field] = 0
      }
      if ((byte === lineFeed) !== (field === last)) throw wrongCount()
      at = end + 1
    }
    return at
  }

  /** A field whose first backslash is at `next`; its end. */
  #escaped(field: number, start: number, next: number): number {
    const bytes = this.#bytes
    let end = next
    while (end < bytes.length && bytes[end] !== tab && bytes[end] !== lineFeed)
      end += bytes[end] === backslash ? 2 : 1
    if (end >= bytes.length) throw wrongCount()
    if (end - start === 2 && bytes[start + 1] === capitalN) {
      this.ends[field] = -1
      return end
    }
    this.#reserve(this.#unescapedEnd + end - start)
    const to = this.unescaped
    let length = this.#unescapedEnd
    this.starts[field] = length
    for (let i = start; i < end; i++) {
      const byte = bytes[i]!
      to[length++] = byte === backslash ? named[bytes[++i]!]! : byte
    }
    this.ends[field] = this.#unescapedEnd = length
    this.isUnescaped[field] = 1
    return end
  }

  #reserve(length: number): void {
    if (length <= this.unescaped.length) return
    const larger = new Uint8Array(2 * length)
    larger.set(this.unescaped)
    this.unescaped = larger
  }
}

function wrongCount(): Error {
  return corrupt('the server sent a row with another number of fields')
}
