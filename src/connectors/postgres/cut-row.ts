// A row of COPY's that is too long to be held: its fields go by, and of those that no cell can hold only the size is kept.
// What is left is a frame of a kind of its own (copy-frames.ts), with `\L` and the size in the place of such a field: a
// backslash that the server never sends before that letter.
import { cellBytesMax } from '../../table/row.ts'
import { utf8 } from '../../base/bytes.ts'
import { NotATable } from '../../formats/not-a-table.ts'
import { frameHeadBytes, letterCut } from './copy/copy-frames.ts'

const tab = 0x09
const lineFeed = 0x0a
const backslash = 0x5c

export interface CutLimits {
  /** A longer field has more bytes than a cell may: none takes more than two of its text, and a few for all. */
  readonly fieldBytesMax: number
  /** Of all that is kept. */
  readonly rowBytesMax: number
}

const limitsDefault: CutLimits = { fieldBytesMax: 2 * cellBytesMax + 8, rowBytesMax: 64 << 20 }

export class CutRow {
  readonly #limits: CutLimits
  /** Of the row's text. */
  #left: number
  #kept = new Uint8Array(1 << 16)
  #length = frameHeadBytes
  #fieldStart = frameHeadBytes
  /** Of the field in hand. */
  #fieldBytes = 0
  #escapes = 0
  #isEscaped = false

  /** `length` is that of the row's text, its line feed included. */
  constructor(length: number, limits: CutLimits = limitsDefault) {
    this.#left = length
    this.#limits = limits
  }

  get isWhole(): boolean {
    return this.#left === 0
  }

  /** What comes next; how much of it is the row's. @throws NotATable where too much is left of it */
  add(bytes: Uint8Array): number {
    const count = Math.min(bytes.length, this.#left)
    for (let i = 0; i < count; i++) this.#take(bytes[i]!)
    this.#left -= count
    return count
  }

  frame(): Uint8Array {
    const frame = this.#kept.subarray(0, this.#length)
    frame[0] = letterCut
    new DataView(frame.buffer).setUint32(1, frame.length - 1)
    return frame
  }

  #take(byte: number): void {
    if (!this.#isEscaped && (byte === tab || byte === lineFeed)) return this.#endField(byte)
    this.#isEscaped = !this.#isEscaped && byte === backslash
    if (this.#isEscaped) this.#escapes++
    if (++this.#fieldBytes <= this.#limits.fieldBytesMax) this.#keep(byte)
    else this.#length = this.#fieldStart
  }

  #endField(end: number): void {
    if (this.#fieldBytes > this.#limits.fieldBytesMax)
      for (const byte of utf8(`\\L${this.#fieldBytes - this.#escapes}`)) this.#keep(byte)
    this.#keep(end)
    this.#fieldStart = this.#length
    this.#fieldBytes = this.#escapes = 0
  }

  #keep(byte: number): void {
    if (this.#length >= this.#limits.rowBytesMax) throw new NotATable('a row is longer than 64 MiB')
    if (this.#length === this.#kept.length) {
      const larger = new Uint8Array(2 * this.#length)
      larger.set(this.#kept)
      this.#kept = larger
    }
    this.#kept[this.#length++] = byte
  }
}
