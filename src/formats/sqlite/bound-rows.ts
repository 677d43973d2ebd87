// What is bound for many rows of a table of SQLite, as flat data that a thread is handed. Numbers are bound as numbers; of
// everything else the bytes of several rows are bound at once, as one parameter, and each cell says where in them it lies:
// a parameter a cell would be copied into SQLite's memory three times, each time with an allocation, which costs more than
// the insert itself.
import { ensureCapacity } from '../../base/bytes.ts'
import type { SqliteValue } from '../../base/platform-sqlite.ts'

/** Up to here copying byte by byte is the faster way. */
const loopMax = 40
const rowsMax = 32_768
const bytesMax = 4 << 20
/** Parameters in a batch: in wide tables they take the most room. */
const boundMax = 1 << 20

export interface RowsToInsert {
  readonly rowCount: number
  /** Keys and texts, row after row, and one byte more, since SQLite takes no empty part of memory. */
  readonly bytes: Uint8Array
  /** By row. */
  readonly byteEnds: Uint32Array
  /** By row and parameter: a number, or where bytes begin and, next, how many they are; NaN for NULL. */
  readonly bound: Float64Array
  /** Parameters whose values are neither, by their places in `bound`, in order. */
  readonly oddAt: readonly number[]
  readonly odd: readonly SqliteValue[]
}

export class BoundRows {
  #bytes = new Uint8Array(1 << 20)
  #length = 0
  #byteEnds: number[] = []
  #bound = new Float64Array(1 << 14)
  #boundCount = 0
  #oddAt: number[] = []
  #odd: SqliteValue[] = []
  #oddBytes = 0

  get isEmpty(): boolean {
    return this.#byteEnds.length === 0
  }

  /** Whether it is time to insert what was gathered. */
  get isFull(): boolean {
    return (
      this.#byteEnds.length >= rowsMax ||
      this.#length + this.#oddBytes >= bytesMax ||
      this.#boundCount >= boundMax
    )
  }

  /** Adds a number; NaN stands for NULL. */
  number(value: number): void {
    if (this.#boundCount === this.#bound.length) {
      const larger = new Float64Array(2 * this.#bound.length)
      larger.set(this.#bound)
      this.#bound = larger
    }
    this.#bound[this.#boundCount++] = value
  }

  odd(value: SqliteValue): void {
    this.#oddAt.push(this.#boundCount)
    this.#odd.push(value)
    if (value instanceof Uint8Array || typeof value === 'string') this.#oddBytes += value.length
    this.number(NaN)
  }

  place(src: Uint8Array, start: number, end: number): void {
    this.number(this.#length)
    this.number(end - start)
    this.#bytes = ensureCapacity(this.#bytes, this.#length + end - start)
    const bytes = this.#bytes
    if (end - start > loopMax) bytes.set(src.subarray(start, end), this.#length)
    else for (let i = start, at = this.#length; i < end; i++) bytes[at++] = src[i]!
    this.#length += end - start
  }

  endRow(): void {
    this.#byteEnds.push(this.#length)
  }

  /** Takes out what was added since the last call. */
  take(): RowsToInsert {
    const rows = {
      rowCount: this.#byteEnds.length,
      bytes: ensureCapacity(this.#bytes, this.#length + 1).slice(0, this.#length + 1),
      byteEnds: Uint32Array.from(this.#byteEnds),
      bound: this.#bound.slice(0, this.#boundCount),
      oddAt: this.#oddAt,
      odd: this.#odd,
    }
    this.#length = 0
    this.#byteEnds = []
    this.#boundCount = 0
    this.#oddAt = []
    this.#odd = []
    this.#oddBytes = 0
    return rows
  }
}
