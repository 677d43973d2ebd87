// Puts the lines of a merged file together in one piece of memory. Records that stand one behind the other in a file are
// copied at once, line ends included.
import { textToBytes } from '../../files/text.ts'
import type { Records } from './record.ts'

export class LineWriter {
  #bytes: Uint8Array
  #length = 0
  /** What is to be copied next. */
  #run: { readonly records: Records; readonly start: number; end: number } | null = null
  /** What ends the last line, once another one comes. */
  #eol = ''
  #isEmpty = true

  /** `bytes` is how long the result is expected to be. */
  constructor(bytes: number) {
    this.#bytes = new Uint8Array(bytes)
  }

  /** Writes a record as it stands in its file. */
  record(records: Records, i: number, eol: string): void {
    const start = records.start(i)
    const run = this.#run
    const isNext =
      i > 0 &&
      run?.records === records &&
      start === run.end + this.#eol.length &&
      this.#eol === records.eol(i - 1)
    if (isNext === true) run.end = records.end(i)
    else {
      this.#endLine()
      this.#isEmpty = false
      this.#run = { records, start, end: records.end(i) }
    }
    this.#eol = eol
  }

  /** Begins a line of cells, which `append` and `text` add. */
  begin(eol: string): void {
    this.#endLine()
    this.#isEmpty = false
    this.#eol = eol
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    this.#grow(end - start)
    if (end - start > 64) this.#bytes.set(bytes.subarray(start, end), this.#length)
    else for (let i = start, at = this.#length; i < end; i++) this.#bytes[at++] = bytes[i]!
    this.#length += end - start
  }

  text(text: string): void {
    const bytes = textToBytes(text)
    this.append(bytes, 0, bytes.length)
  }

  /** All that was written. `trailer` follows the last line. */
  end(trailer: string): Uint8Array {
    this.#eol = this.#isEmpty ? '' : trailer
    this.#endLine()
    return this.#bytes.subarray(0, this.#length)
  }

  #endLine(): void {
    if (this.#run !== null) this.append(this.#run.records.bytes, this.#run.start, this.#run.end)
    this.#run = null
    this.text(this.#eol)
  }

  #grow(more: number): void {
    const length = this.#length + more
    if (length <= this.#bytes.length) return
    const bytes = new Uint8Array(Math.max(length, this.#bytes.length + (this.#bytes.length >>> 1)))
    bytes.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = bytes
  }
}
