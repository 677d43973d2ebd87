// Finds records in the bytes of a file, forwards only, and hands on the bytes that it passes. Where nothing is quoted,
// every line feed ends a record; a record with quotes is read by the format's own reader, so that each place this stands
// at is known to begin a record. One window of the file is held at a time, small enough for the processor's cache: what
// was read is searched and copied while it is there.
import { concatBytes, equalBytes } from '../base/bytes.ts'
import { indexOfBytes } from '../base/platform.ts'
import type { ByteSource, TableRenderer } from './interface.ts'

const windowBytes = 1 << 20
const windowBytesMax = 64 << 20
const lf = 10
const lineFeed = Uint8Array.of(lf)

/** Takes bytes that are good until it is done. */
export type ByteSink = (bytes: Uint8Array) => Promise<void>

export class OldRecords {
  /** A place where a record begins: behind the record found last. */
  at = 0
  readonly #source: ByteSource
  readonly #renderer: TableRenderer
  readonly #sink: ByteSink
  /** How far the file's bytes were handed on, or skipped. */
  #passed = 0
  #buffer = new Uint8Array(windowBytes)
  /** Bytes of the file from #windowAt on. */
  #window: Uint8Array = new Uint8Array(0)
  #windowAt = 0
  /** The first quote of the window that was not passed yet. */
  #quoteAt = -1

  constructor(source: ByteSource, renderer: TableRenderer, sink: ByteSink) {
    this.#source = source
    this.#renderer = renderer
    this.#sink = sink
  }

  /** Hands on the bytes before `end`, which lies behind what was found before the last record. */
  async passTo(end: number): Promise<void> {
    if (end <= this.#passed) return
    await this.#sink(this.#window.subarray(this.#passed - this.#windowAt, end - this.#windowAt))
    this.#passed = end
  }

  /** Skips the bytes before `end`: they are not passed on. */
  skipTo(end: number): void {
    this.#passed = end
  }

  /** Passes on the rest of the file. */
  async passRest(): Promise<void> {
    do {
      this.at = this.#windowAt + this.#window.length
      await this.passTo(this.at)
      if (this.at >= this.#source.size) return
      await this.#fill(windowBytes)
    } while (this.#window.length > 0)
  }

  /** Whether the file has the head that it should have; moves behind it. */
  async begins(): Promise<boolean> {
    const { head } = this.#renderer
    if (this.#source.size < head.length) return false
    await this.#fill(head.length)
    this.at = head.length
    return equalBytes(this.#window.subarray(0, head.length), head)
  }

  /** Moves behind the next record with these bytes; false when there is none. */
  async find(record: Uint8Array): Promise<boolean> {
    const sought = concatBytes([lineFeed, record])
    for (let need = 2 * sought.length; need <= windowBytesMax;) {
      await this.#fill(need)
      const start = this.at - this.#windowAt
      const length = this.#window.length
      if (equalBytes(this.#window.subarray(start, start + record.length), record))
        return this.#moveTo(start, record)
      const found = indexOfBytes(this.#window, sought, start)
      const hasEnd = this.#windowAt + length >= this.#source.size
      if (found < 0 && hasEnd) return false
      // A record that the window's end cuts may begin in its last bytes.
      const goal = found < 0 ? length - record.length : found + 1
      const place = this.#walk(start, goal)
      if (found >= 0 && place === goal) return this.#moveTo(place, record)
      if (place === start && hasEnd) return false
      need = place === start ? 2 * (length - start) : 2 * sought.length
      this.at = this.#windowAt + place
    }
    return false
  }

  #moveTo(place: number, record: Uint8Array): true {
    this.at = this.#windowAt + place + record.length
    return true
  }

  /** The last record's start at or before `goal`, or the first behind it, as far as the window tells. */
  #walk(start: number, goal: number): number {
    let at = start
    while (at < goal) {
      const quoted = this.#nextQuote(at)
      const limit = Math.min(goal, quoted)
      if (limit > at) at = Math.max(at, this.#window.lastIndexOf(lf, limit - 1) + 1)
      if (quoted >= goal) return at
      const end = this.#renderer.recordEnd(this.#window, at)
      if (end < 0) return at
      at = end
    }
    return at
  }

  /** The next quote, which is kept until it is passed: most files have few quotes. */
  #nextQuote(from: number): number {
    if (this.#quoteAt >= from) return this.#quoteAt
    const { quote } = this.#renderer
    const found = quote < 0 ? -1 : indexOfBytes(this.#window, quote, from)
    this.#quoteAt = found < 0 ? Number.POSITIVE_INFINITY : found
    return this.#quoteAt
  }

  /** At least `need` bytes of the file behind `at`, or all there are. */
  async #fill(need: number): Promise<void> {
    const unread = this.#window.length - (this.at - this.#windowAt)
    const left = this.#source.size - this.at
    if (unread >= Math.min(need, left)) return
    await this.passTo(this.at)
    const length = Math.min(left, Math.max(windowBytes, need))
    if (length > this.#buffer.length) this.#buffer = new Uint8Array(length)
    this.#window = await this.#source.read(this.at, length, this.#buffer)
    this.#windowAt = this.at
    this.#quoteAt = -1
  }
}
