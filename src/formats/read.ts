// Reads a file into a table in one pass. Slices are parsed and proved, in threads where there are any, while earlier
// ones become nodes; a slice that ends inside a record gives its rest back. When this returns, head, every row and
// tail have been rendered and compared with the bytes read: `renderTable` of the result gives the file again.
import { utf8 } from '../base/bytes.ts'
import type { VarveError } from '../base/errors.ts'
import { keyText } from '../table/key.ts'
import { writeTable } from '../table/table-object.ts'
import { previousNodes } from './bases.ts'
import { faultError, violation } from './faults.ts'
import { formatNamed } from './formats.ts'
import { RowIntake } from './intake.ts'
import type {
  FileTail,
  OpenFile,
  ReadTableOptions,
  ReadTableResult,
  SliceResult,
  SliceRows,
} from './interface.ts'
import { LineIndex } from './lines.ts'
import { NotATable } from './not-a-table.ts'
import { DuplicateKey } from './runs.ts'
import { Slicer } from './slicer.ts'

const trailerBytesMax = 4096

/** @throws VarveError VARVE_RULE_VIOLATED with {path, line, column?, reason}; NotATable */
export async function readTable(
  source: AsyncIterable<Uint8Array>,
  options: ReadTableOptions,
): Promise<ReadTableResult> {
  const slicer = new Slicer(source, options.signal)
  try {
    const file = await formatNamed(options.format).open(slicer, options)
    const intake = new RowIntake(options.writer, options.nodes, (await previousNodes(options)) ?? {})
    const reading = new Reading(slicer, file, intake, options)
    const { tail, rows, order } = await reading.all()
    const table = { ...file.finish(tail), rows: rows.cid, order }
    return { table, cid: writeTable(options.writer, table), rowCount: intake.rowCount }
  } finally {
    await slicer.close()
  }
}

interface Job {
  readonly bytes: Uint8Array
  readonly isLast: boolean
  /** A line end was added, because the file ends without one. */
  readonly isCompleted: boolean
  readonly result: Promise<SliceResult>
}

class Reading {
  readonly #slicer: Slicer
  readonly #file: OpenFile
  readonly #intake: RowIntake
  readonly #options: ReadTableOptions
  readonly #lines: LineIndex
  readonly #jobs: Job[] = []
  #bytesDone = 0
  #isRead = false

  constructor(slicer: Slicer, file: OpenFile, intake: RowIntake, options: ReadTableOptions) {
    this.#slicer = slicer
    this.#file = file
    this.#intake = intake
    this.#options = options
    this.#lines = new LineIndex(file.firstLine)
  }

  async all(): Promise<Awaited<ReturnType<RowIntake['finish']>> & { tail: FileTail }> {
    try {
      const tail = await this.#run()
      return { tail, ...(await this.#intake.finish()) }
    } catch (error) {
      if (!(error instanceof DuplicateKey)) throw error
      throw await this.#duplicate(error.key)
    }
  }

  async #run(): Promise<FileTail> {
    for (;;) {
      while (!this.#isRead && this.#jobs.length < this.#file.slicesAtOnce) await this.#start()
      const job = this.#jobs.shift()
      if (job === undefined) return { finalEol: true, trailer: '' }
      const result = await job.result
      await this.#take(job, result)
      if (result.fault === 'blank-line') return this.#trailer(job, result)
      if (result.fault !== null) this.#retry(job, result)
      else if (job.isLast) return { finalEol: !job.isCompleted, trailer: '' }
      this.#slicer.release(job.bytes)
    }
  }

  async #start(): Promise<void> {
    const slice = await this.#slicer.next((bytes) => this.#file.cut(bytes))
    if (slice === null) {
      this.#isRead = true
      return
    }
    const { bytes, isLast } = slice
    this.#isRead = isLast
    const isCompleted = isLast && !endsLine(bytes, this.#file.eol)
    const whole = isCompleted ? completed(bytes, this.#file.eol, this.#options.where) : bytes
    const result = this.#file.parse(whole, this.#intake.leafWish)
    // Awaited in turn; a failure before its turn comes must not count as unhandled.
    result.catch(() => {})
    this.#jobs.push({ bytes: whole, isLast, isCompleted, result })
  }

  async #take(job: Job, result: SliceResult): Promise<void> {
    if (result.faultLine >= 0) return
    this.#lines.add(result.count, result.longRows)
    if (!('leaves' in result)) await this.#intake.add(result)
    else if (!(await this.#intake.addLeaves(result.leaves, result.contents))) {
      await this.#intake.add((await this.#file.parse(job.bytes, null)) as SliceRows)
    }
    this.#bytesDone += result.bytesRead
    this.#options.onProgress?.(this.#bytesDone)
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

  /** From the first blank line on, there may be line ends only. */
  async #trailer(job: Job, result: SliceResult): Promise<FileTail> {
    this.#giveBack(job, result.bytesRead)
    const rest = await this.#slicer.peek(trailerBytesMax + 1)
    if (rest.length > trailerBytesMax || rest.some((byte) => byte !== 10 && byte !== 13)) {
      throw faultError('blank-line', { where: this.#options.where, line: this.#lines.next })
    }
    return { finalEol: true, trailer: String.fromCharCode(...rest) }
  }

  async #duplicate(key: Uint8Array): Promise<VarveError> {
    const [first, second] = await this.#intake.placesOf(key)
    const lines = [this.#lines.lineOf(first!), this.#lines.lineOf(second!)] as const
    const { schema } = this.#file.finish({ finalEol: true, trailer: '' })
    const words = `key '${keyText(schema, key)}' was used in line ${lines[0]} already`
    return violation(
      'duplicate-key',
      words,
      { where: this.#options.where, line: lines[1] },
      { firstLine: lines[0] },
    )
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
