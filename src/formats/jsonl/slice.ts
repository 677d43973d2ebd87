// One slice of a JSON Lines file into packed rows, with proof (see pack.ts). A pure function of plain data, so that a worker
// thread can run it: which columns are known goes in, what was seen of them comes out.
import { isUtf8 } from '../../base/platform.ts'
import type { ColumnType, Schema } from '../../table/interface.ts'
import type { SliceResult, SliceRows } from '../interface.ts'
import { type LeafOptions, leavesOrRows } from '../leaves.ts'
import { type SliceMisfit, SliceMisfits } from '../misfits/misfits.ts'
import { NotATable } from '../not-a-table.ts'
import { ownKeys, ownRows, PackedBuffer, type PackedRows } from '../packed.ts'
import { noteMisfits } from '../misfits/packed-misfits.ts'
import { JsonlColumns, type KnownColumns, type SeenColumns } from './columns.ts'
import type { JsonlLayout } from './layout.ts'
import { LinePacker } from './pack.ts'
import { PlainLines } from './plain-lines.ts'
import { valueRows } from './value-rows.ts'

export interface LineTask {
  /** Whole lines. */
  readonly bytes: Uint8Array
  readonly layout: JsonlLayout
  /** A schema of the key's columns alone. */
  readonly keySchema: Schema
  readonly known: KnownColumns
  readonly leafOptions: LeafOptions | null
  /** How lines were spelled stays with their rows, or is left behind once they are proved; or no more than keys are. */
  readonly as: 'lines' | 'values' | 'keys'
}

export interface LineSlice {
  readonly result: SliceResult
  readonly seen: SeenColumns
}

// As in csv/slice.ts: one slice after the other goes through a thread.
const buffer = new PackedBuffer(3 << 20, 1 << 17)

/** A string: why the file is no table, since errors lose their class between threads. */
export function lineSlice({ known, leafOptions, ...task }: LineTask): LineSlice | string {
  const columns = new JsonlColumns(known)
  try {
    const result =
      leafOptions === null
        ? parseLines({ ...task, columns })
        : leavesOrRows(linesShared({ ...task, columns }), leafOptions)
    return { result, seen: columns.seen() }
  } catch (error) {
    if (error instanceof NotATable) return error.reason
    throw error
  }
}

type LinesTask = Pick<LineTask, 'bytes' | 'layout' | 'keySchema' | 'as'> & { readonly columns: JsonlColumns }

/** The columns take what is seen. @throws NotATable */
export function parseLines(task: LinesTask): SliceRows {
  const rows = linesShared(task)
  return { ...rows, ...(task.as === 'keys' ? ownKeys(rows) : ownRows(rows)) }
}

/**
 * The rows are views that the next call spoils. That may be for another file that is read at the same time, so they must be
 * used before anything is awaited.
 */
function linesShared({ bytes, as, ...context }: LinesTask): SliceRows {
  buffer.clear()
  const broken = brokenLine(bytes)
  const sound = broken < 0 ? bytes : bytes.subarray(0, broken)
  const plain = new PlainLines(sound, context.columns, context.layout, buffer)
  const packer = new LinePacker(sound, context, buffer, plain)
  packer.run()
  const rows = as === 'values' ? valueRows(buffer.view()) : buffer.view()
  return {
    ...rows,
    misfits: as === 'values' ? misfitsOf(rows, context.columns) : undefined,
    bytesRead: packer.at,
    longRows: [],
    fault: packer.fault ?? (broken < 0 ? null : 'not-utf8'),
    faultLine: -1,
    faultColumn: packer.faultColumn,
  }
}

/** In a column of nested values a text is one of the values that it has. */
function misfitsOf(rows: PackedRows, columns: JsonlColumns): readonly SliceMisfit[] {
  const notes = new SliceMisfits()
  const { keyTypes, types } = columns.knownTypes()
  const free = (type: ColumnType | null): ColumnType | null => (type === 'json' ? null : type)
  noteMisfits(rows, { keyTypes: keyTypes.map(free), types: types.map(free) }, notes)
  return notes.list
}

/** The start of the first line that is not UTF-8, or -1. */
function brokenLine(bytes: Uint8Array): number {
  if (isUtf8(bytes)) return -1
  for (let at = 0; ;) {
    const end = bytes.indexOf(10, at) + 1 || bytes.length
    if (!isUtf8(bytes.subarray(at, end))) return at
    at = end
  }
}
