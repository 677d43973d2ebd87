// One slice of a CSV file into packed rows, with proof: the rows are rendered again and compared with the slice, byte
// for byte, before they are handed out. A pure function of plain data, so that a worker thread can run it.
import { isUtf8, sameBytes } from '../../base/platform.ts'
import type { SliceFacts, SliceResult, SliceRows } from '../interface.ts'
import { type MisfitNotes, SliceMisfits } from '../misfits/misfits.ts'
import { type LeafOptions, leavesOrRows } from '../leaves.ts'
import { ownKeys, ownRows, PackedBuffer, type PackedRows } from '../packed.ts'
import { SliceParser } from './parse.ts'
import { type CsvPlan, lf } from './plan.ts'
import { RowRenderer } from './render.ts'
import { type ValuePlan, valueRows } from './value-rows.ts'

export interface SliceTask {
  /** Whole records: the last byte ends one. */
  readonly bytes: Uint8Array
  readonly plan: CsvPlan
  /** Rows of values, once they are proved. */
  readonly values: ValuePlan | null
}

// One slice after the other goes through a thread: the buffers stay. Rows are copied out of them. They have room for a usual
// slice from the start: memory that is not touched costs nothing, and code that has not seen them grow while it was
// compiled is compiled again when they do.
const buffer = new PackedBuffer(3 << 20, 1 << 17)
let scratch = new Uint8Array(3 << 20)

export function parseSlice(task: SliceTask): SliceRows {
  const result = parseSliceShared(task)
  return { ...result, ...ownRows(result) }
}

/** The keys of the rows; that the slice is made of these rows is left to who reads them. */
export function keySlice({ bytes, plan }: SliceTask): SliceRows {
  const { rows, facts } = parsed(bytes, plan)
  return { ...ownKeys(rows), ...facts }
}

export interface LeafTask extends SliceTask {
  readonly leafOptions: LeafOptions
}

/** Rows that are in order, as leaves; all others as `parseSlice` gives them. */
export function leafSlice(task: LeafTask): SliceResult {
  return leavesOrRows(parseSliceShared(task), task.leafOptions)
}

/**
 * As `parseSlice`, except that the rows are views, valid until the next call. That may be for another file that is read at the
 * same time, so they must be used before anything is awaited.
 */
function parseSliceShared({ bytes, plan, values }: SliceTask): SliceRows {
  const { rows, facts } = parsed(bytes, plan)
  const { bytesRead } = facts
  const read = bytes.subarray(0, bytesRead)
  const result = { ...rows, ...facts }
  if (!isUtf8(read)) return { ...result, fault: 'not-utf8', faultColumn: -1, faultLine: lineOfBroken(read) }
  const rendered = renderedRows(rows, plan)
  if (sameBytes(rendered, read)) {
    if (values === null) return result
    const misfits = new SliceMisfits()
    return { ...result, ...valueRows(rows, values, misfits), misfits: misfits.list }
  }
  return { ...result, fault: 'not-reproduced', faultColumn: -1, faultLine: lineOfDifference(rendered, read) }
}

/**
 * Rows of values of several files that are one slice here, each of which ends at one of `ends`; null where anything is wrong with
 * one of them. They are views that the next call spoils, as above.
 */
export function joinedRows(
  bytes: Uint8Array,
  ends: readonly number[],
  { plan, values, notes }: { plan: CsvPlan; values: ValuePlan; notes: MisfitNotes },
): { rows: PackedRows; rowEnds: readonly number[] } | null {
  buffer.clear()
  const parser = new SliceParser(bytes, plan, buffer)
  const rowEnds: number[] = []
  for (const end of ends) {
    parser.run(end)
    if (parser.fault !== null || parser.at !== end) return null
    rowEnds.push(buffer.count)
  }
  const rows = buffer.view()
  return isUtf8(bytes) && sameBytes(renderedRows(rows, plan), bytes)
    ? { rows: valueRows(rows, values, notes), rowEnds }
    : null
}

/** The keys of the rows of a whole file; null where anything is wrong with it. */
export function wholeKeys(bytes: Uint8Array, plan: CsvPlan): PackedRows | null {
  const { rows, facts } = parsed(bytes, plan)
  return facts.fault === null && facts.bytesRead === bytes.length ? ownKeys(rows) : null
}

function renderedRows(rows: PackedRows, plan: CsvPlan): Uint8Array {
  const renderer = new RowRenderer(plan, scratch)
  renderer.render(rows, 0, rows.count, rows.contents ?? [])
  scratch = renderer.out
  return renderer.out.subarray(0, renderer.length)
}

function parsed(bytes: Uint8Array, plan: CsvPlan): { rows: PackedRows; facts: Omit<SliceFacts, 'count'> } {
  buffer.clear()
  const parser = new SliceParser(bytes, plan, buffer)
  parser.run()
  const { at: bytesRead, longRows, faultColumn, fault } = parser
  return { rows: buffer.view(), facts: { bytesRead, longRows, faultColumn, faultLine: -1, fault } }
}

function lineOfBroken(bytes: Uint8Array): number {
  let line = 0
  for (let at = 0; at < bytes.length; line++) {
    const end = bytes.indexOf(lf, at) + 1 || bytes.length
    if (!isUtf8(bytes.subarray(at, end))) break
    at = end
  }
  return line
}

function lineOfDifference(a: Uint8Array, b: Uint8Array): number {
  let line = 0
  for (let i = 0; i < b.length && a[i] === b[i]; i++) if (b[i] === lf) line++
  return line
}
