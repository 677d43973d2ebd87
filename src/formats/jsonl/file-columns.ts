// The columns of a JSON Lines file by themselves: it has no head, so every line is looked at, by threads where there are any.
import { isUtf8 } from '../../base/platform.ts'
import { isIntLiteral } from '../../table/key.ts'
import { faultError } from '../faults.ts'
import type { FileColumn, ReadColumnsOptions, SliceFault } from '../interface.ts'
import { NotATable } from '../not-a-table.ts'
import { runSlice, slicesAtOnceOf } from '../slice-jobs.ts'
import type { Slicer } from '../slicer.ts'
import { JsonlColumns, type KnownColumns, type SeenColumns } from './columns.ts'
import { ObjectScanner } from './scan.ts'

const lf = 10
const cr = 13

export interface ColumnsTask {
  /** Whole lines; the last one of a file may lack its end. */
  readonly bytes: Uint8Array
  readonly known: KnownColumns
}

interface SeenLines {
  readonly seen: SeenColumns
  readonly lines: number
  readonly fault: SliceFault | null
  /** A blank line ends the rows. */
  readonly isLast: boolean
}

interface Job {
  readonly bytes: Uint8Array
  readonly known: KnownColumns
  readonly result: Promise<SeenLines | string>
}

/** Broken lines are reported by number; what follows a blank line is left to the reader of the rows. */
export async function jsonlColumns(slicer: Slicer, options: ReadColumnsOptions): Promise<FileColumn[]> {
  const columns = new JsonlColumns({ key: [], previous: null, more: [] })
  const jobs: Job[] = []
  refuseMark(await slicer.peek(1))
  let line = 1
  for (let isRead = false; ;) {
    // The first slice nearly always shows all columns: those behind it begin with what it has seen.
    const atOnce = line === 1 ? 1 : slicesAtOnceOf(options.pool)
    while (!isRead && jobs.length < atOnce) {
      const slice = await slicer.next((bytes) => bytes.lastIndexOf(lf) + 1)
      isRead = slice === null || slice.isLast
      if (slice !== null) jobs.push(start(slice.bytes, columns.known(), options))
    }
    const job = jobs.shift()
    if (job === undefined) return columns.found()
    const { lines, fault, isLast } = await taken(job, columns, options)
    line += lines
    if (fault !== null) throw faultError(fault, { where: options.where, line })
    if (isLast) return columns.found()
    slicer.release(job.bytes)
  }
}

/** @throws NotATable for a file that begins with a byte order mark: JSON has none */
export function refuseMark(head: Uint8Array): void {
  if (head[0] === 0xef) throw new NotATable('it begins with a byte order mark', 1)
}

function start(bytes: Uint8Array, known: KnownColumns, { pool }: ReadColumnsOptions): Job {
  const task: ColumnsTask = { bytes, known }
  const result =
    pool === undefined
      ? Promise.resolve(lineColumns(task))
      : runSlice(pool, bytes.length, { name: 'lineColumns', local: lineColumns, args: [task] })
  // Awaited in turn; a failure before its turn comes must not count as unhandled.
  result.catch(() => {})
  return { bytes, known, result }
}

/** Where the slice has new columns, and one before it had too, it is looked at again: they are numbered in their order. */
async function taken(job: Job, columns: JsonlColumns, options: ReadColumnsOptions): Promise<SeenLines> {
  for (let { known, result } = job; ; { known, result } = start(job.bytes, columns.known(), options)) {
    const lines = await result
    if (typeof lines === 'string') throw new NotATable(lines)
    if (columns.take(lines.seen, known)) return lines
  }
}

/** A string: why the file is no table, since errors lose their class between threads. */
export function lineColumns({ bytes, known }: ColumnsTask): SeenLines | string {
  const columns = new JsonlColumns(known)
  try {
    const seen = look(bytes, columns)
    return { ...seen, seen: columns.seen() }
  } catch (error) {
    if (error instanceof NotATable) return error.reason
    throw error
  }
}

function look(bytes: Uint8Array, columns: JsonlColumns): Omit<SeenLines, 'seen'> {
  const scanner = new ObjectScanner(bytes)
  let lines = 0
  for (let at = 0; at < bytes.length; lines++) {
    const next = bytes.indexOf(lf, at) + 1 || bytes.length
    const feed = next - (bytes[next - 1] === lf ? 1 : 0)
    const end = feed - (feed > at && bytes[feed - 1] === cr ? 1 : 0)
    if (end === at) return { lines, fault: null, isLast: true }
    if (!isUtf8(bytes.subarray(at, end))) return { lines, fault: 'not-utf8', isLast: true }
    if (!scanner.scan(at, end)) return { lines, fault: scanner.fault, isLast: true }
    see(scanner, columns)
    at = next
  }
  return { lines, fault: null, isLast: false }
}

function see(
  { src, count, nameStarts, nameEnds, kinds, starts, ends }: ObjectScanner,
  columns: JsonlColumns,
): void {
  let guess = 0
  for (let i = 0; i < count; i++) {
    const column = columns.columnOf(src, nameStarts[i]!, nameEnds[i]!, guess)
    guess = column + 1
    const kind = kinds[i]!
    const isInt =
      kind === 'number' && !columns.hasFractions(column) && isIntLiteral(src.subarray(starts[i], ends[i]))
    columns.saw(column, isInt ? 'int' : kind)
  }
}
