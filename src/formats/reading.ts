// A file slice by slice, in its order: parsed, proved, and with the lines that its rows stand in. A slice that ends inside
// a record gives its rest back.
import { utf8 } from '../base/bytes.ts'
import { faultError } from './faults.ts'
import type { FileRecord, FileTail, OpenFile, ReadRowsOptions, SliceFault, SliceResult } from './interface.ts'
import type { LeafOptions } from './leaves.ts'
import { LineIndex } from './lines.ts'
import { NotATable } from './not-a-table.ts'
import type { Slicer } from './slicer.ts'

const trailerBytesMax = 4096
/** Of slices that are longer than usual, for their rows are long, no further one is begun beyond this. */
const bytesAtOnceMax = 8 << 20

export interface ReadSlice {
  readonly bytes: Uint8Array
  readonly result: SliceResult
  /** The row behind these, which is too large for a table. */
  readonly large: FileRecord | null
}

/** What is wrong with a row that is sound and too large to be kept. */
export const tooLarge: readonly unknown[] = ['cell-too-large', 'key-too-long'] satisfies SliceFault[]

interface Job {
  readonly bytes: Uint8Array
  readonly isLast: boolean
  /** A line end was added, because the file ends without one. */
  readonly isCompleted: boolean
  readonly result: Promise<SliceResult>
}

export class SliceReader {
  readonly #slicer: Slicer
  readonly #file: OpenFile
  readonly #options: ReadRowsOptions
  readonly #lines: LineIndex
  readonly #jobs: Job[] = []
  #isRead = false

  constructor(slicer: Slicer, file: OpenFile, options: ReadRowsOptions) {
    this.#slicer = slicer
    this.#file = file
    this.#options = options
    this.#lines = new LineIndex(file.firstLine)
  }

  /** Line of the row at this place, from 1, as far as has been read. */
  lineOf(row: number): number {
    return this.#lines.lineOf(row)
  }

  /** In the order of the file; a slice is its taker's until the next one is asked for. @throws VarveError, NotATable */
  async *slices(
    leafOptions: () => LeafOptions | null,
    largeRows: 'are faults' | 'are given' = 'are faults',
  ): AsyncGenerator<ReadSlice, FileTail> {
    for (;;) {
      while (!this.#isRead && this.#hasRoom()) await this.#start(leafOptions())
      const job = this.#jobs.shift()
      if (job === undefined) return { finalEol: true, trailer: '' }
      const result = await job.result
      const isLarge = largeRows === 'are given' && tooLarge.includes(result.fault) && result.faultLine < 0
      const large = isLarge ? this.#file.record(job.bytes, result.bytesRead) : null
      if (result.faultLine < 0) {
        this.#lines.add(result.count, result.longRows)
        yield { bytes: job.bytes, result, large }
      }
      if (large !== null) {
        this.#lines.add(1, large.moreLines > 0 ? [0, large.moreLines] : [])
        this.#giveBack(job, large.end)
      } else if (result.fault === 'blank-line') return this.#trailer(job, result)
      else if (result.fault !== null) this.#retry(job, result)
      else if (job.isLast) return { finalEol: !job.isCompleted, trailer: '' }
      this.#slicer.release(job.bytes)
    }
  }

  #hasRoom(): boolean {
    const bytes = this.#jobs.reduce((sum, job) => sum + job.bytes.length, 0)
    return this.#jobs.length < this.#file.slicesAtOnce && bytes < bytesAtOnceMax
  }

  async #start(leafOptions: LeafOptions | null): Promise<void> {
    const slice = await this.#slicer.next((bytes) => this.#file.cut(bytes))
    if (slice === null) {
      this.#isRead = true
      return
    }
    const { bytes, isLast } = slice
    this.#isRead = isLast
    const isCompleted = isLast && !endsLine(bytes, this.#file.eol)
    const whole = isCompleted ? completed(bytes, this.#file.eol, this.#options.where) : bytes
    const result = this.#file.parse(whole, leafOptions)
    // Awaited in turn; a failure before its turn comes must not count as unhandled.
    result.catch(() => {})
    this.#jobs.push({ bytes: whole, isLast, isCompleted, result })
  }

  /** The slice was cut inside a record: its rest goes back, with all that was cut after it. */
  #retry(job: Job, result: SliceResult): void {
    const isCut = result.fault === 'unclosed-quote' || result.fault === 'unfinished'
    if (!isCut || job.isLast) {
      const { where } = this.#options
      const line = this.#lines.next + Math.max(0, result.faultLine)
      const column = this.#file.columnName(result.faultColumn)
      throw faultError(result.fault!, { where, line, column })
    }
    this.#giveBack(job, result.bytesRead)
  }

  #giveBack(job: Job, bytesRead: number): void {
    const parts = [job, ...this.#jobs.splice(0)].map(({ bytes, isCompleted }) =>
      isCompleted ? bytes.subarray(0, bytes.length - this.#file.eol.length) : bytes,
    )
    parts[0] = parts[0]!.subarray(bytesRead)
    this.#slicer.giveBack(parts)
    this.#isRead = false
  }

  /** What follows the first blank line: nothing but line ends is allowed there. */
  async #trailer(job: Job, result: SliceResult): Promise<FileTail> {
    this.#giveBack(job, result.bytesRead)
    const rest = await this.#slicer.peek(trailerBytesMax + 1)
    if (rest.length > trailerBytesMax || rest.some((byte) => byte !== 10 && byte !== 13)) {
      throw faultError('blank-line', { where: this.#options.where, line: this.#lines.next })
    }
    return { finalEol: true, trailer: String.fromCharCode(...rest) }
  }
}

function endsLine(bytes: Uint8Array, eol: string): boolean {
  const last = bytes.at(-1)
  return last === 10 || (last === 13 && eol === '\r')
}

function completed(bytes: Uint8Array, eol: string, where: string): Uint8Array {
  if (bytes.at(-1) === 13) throw new NotATable(`'${where}' ends in a lone carriage return`)
  const whole = new Uint8Array(bytes.length + eol.length)
  whole.set(bytes)
  whole.set(utf8(eol), bytes.length)
  return whole
}
