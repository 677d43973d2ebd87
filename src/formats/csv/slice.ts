// One slice of a CSV file into packed rows, with proof: the rows are rendered again and compared with the slice, byte
// for byte, before they are handed out. A pure function of plain data, so that a worker thread can run it.
import { isUtf8, sameBytes } from '../../base/platform.ts'
import { ownRows, PackedBuffer, type PackedRows } from '../packed.ts'
import { type ParseFault, SliceParser } from './parse.ts'
import type { CsvPlan } from './plan.ts'
import { RowRenderer } from './render.ts'

export interface SliceTask {
  /** Whole records: the last byte ends one. */
  readonly bytes: Uint8Array
  readonly plan: CsvPlan
}

export interface SliceResult {
  readonly rows: PackedRows
  /** Bytes that the rows stand for; all of the slice when there is no fault. */
  readonly bytesRead: number
  /** Pairs: a row that takes more than one line, and how many more. */
  readonly longRows: readonly number[]
  readonly fault: ParseFault | 'not-utf8' | 'not-reproduced' | null
  /** Column in the file that the fault is about, or -1. */
  readonly faultColumn: number
}

// One slice after the other goes through a thread: the buffers stay. Rows are copied out of them.
const buffer = new PackedBuffer(1 << 16, 1 << 10)
let scratch = new Uint8Array(1 << 16)

export function parseSlice(task: SliceTask): SliceResult {
  const result = parseSliceShared(task)
  return { ...result, rows: ownRows(result.rows) }
}

/** As `parseSlice`, but the rows are views that the next call spoils. */
export function parseSliceShared({ bytes, plan }: SliceTask): SliceResult {
  buffer.clear()
  const parser = new SliceParser(bytes, plan, buffer)
  parser.run()
  const rows = buffer.view()
  const result = { rows, bytesRead: parser.at, longRows: parser.longRows, faultColumn: parser.faultColumn }
  if (!isUtf8(bytes.subarray(0, parser.at))) return { ...result, fault: 'not-utf8' }
  const renderer = new RowRenderer(plan, scratch)
  renderer.render(rows, 0, rows.count, rows.contents ?? [])
  scratch = renderer.out
  const isReproduced = sameBytes(renderer.out.subarray(0, renderer.length), bytes.subarray(0, parser.at))
  return { ...result, fault: isReproduced ? parser.fault : 'not-reproduced' }
}
