// What COPY sends: cut into slices of whole rows, which threads take apart into packed rows while further ones come, or
// which are taken apart here into cells.
import { VarveError, throwIfAborted } from '../../../base/errors.ts'
import { CellPacker } from '../../../formats/columnar/pack-cells.ts'
import type { PackedSlice, PackingOptions } from '../../../formats/columnar/packed-source.ts'
import { NotATable } from '../../../formats/not-a-table.ts'
import { columnPlaces } from '../../../table/column-places.ts'
import type { Cell } from '../../../table/interface.ts'
import { frameEnd, unframed, wholeFrames } from './copy-frames.ts'
import { type CopyColumn, type CopyPlan, copyColumns, copyPlan } from './copy-plan.ts'
import { type CopySlice, copySlice } from './copy-slice.ts'
import { copyRows } from './copy-text.ts'
import type { PostgresTable } from '../discover.ts'
import { FrameSlices } from './frame-slices.ts'
import { cellOfText, cellOfTextBytes } from '../types.ts'

/** What one thread can do while the next slice comes: the server is no faster than that. */
const slicesAtOnce = 3
/** A slice is larger where a single row is. */
const bytesAtOnce = 8 << 20
/** Cells are objects, many times as large as their text. */
const cellBatchBytes = 64 << 10

interface Job {
  readonly bytes: Uint8Array
  readonly result: Promise<CopySlice>
}

/** Asks for these columns of all rows: whole frames (copy-frames.ts), as views that are good until the next are asked for. */
export type Copy = (columns: readonly CopyColumn[]) => AsyncIterable<Uint8Array>

/** Batches of rows of cells. @throws VARVE_RULE_VIOLATED for a row that no table can hold */
export async function* cellRows(copy: Copy, { name, columns }: PostgresTable): AsyncGenerator<Cell[][]> {
  const slices = new FrameSlices(copy(columns))
  try {
    for (;;) {
      const slice = await nextSlice(slices, name)
      if (slice === null) return
      const { bytes } = slice
      for (let at = 0, end = 0; at < bytes.length; at = end) {
        end = at + wholeFrames(bytes.subarray(at, at + cellBatchBytes))
        if (end === at) end = frameEnd(bytes, at)
        yield cellsOf(bytes.subarray(at, end), columns)
      }
      slices.release(bytes)
    }
  } finally {
    await slices.close()
  }
}

/** The cells of the rows, as views of memory that is theirs alone. */
function cellsOf(frames: Uint8Array, columns: readonly CopyColumn[]): Cell[][] {
  return copyRows(unframed(frames), columns.length).map((fields) =>
    fields.map((field, i) => {
      const { type } = columns[i]!
      return typeof field === 'number' ? cellOfTextBytes(field, type) : cellOfText(field, type)
    }),
  )
}

/** In the order in which they come. @throws VARVE_RULE_VIOLATED for values that no table can hold */
export async function* packedRows(
  copy: Copy,
  table: PostgresTable,
  options: PackingOptions,
): AsyncGenerator<PackedSlice> {
  const slices = new FrameSlices(copy(copyColumns(table, options.shape)))
  const plan = copyPlan(table, options.shape)
  const jobs: Job[] = []
  let isRead = false
  let isFirst = true
  let rowsBefore = 0
  try {
    for (;;) {
      while (!isRead && jobs.length < slicesAtOnce && bytesOf(jobs) < bytesAtOnce) {
        throwIfAborted(options.signal)
        const slice = await nextSlice(slices, options.where)
        isRead = slice === null || slice.isLast
        if (slice === null) break
        // A small table gives too little to share out.
        jobs.push(start(slice.bytes, plan, options, isFirst && isRead ? 'here' : 'in a thread'))
        isFirst = false
      }
      const job = jobs.shift()
      if (job === undefined) return
      const slice = (await job.result) ?? slowly(job.bytes, table, options, rowsBefore)
      rowsBefore += 'rows' in slice ? slice.rows.count : slice.leaves.entryCount
      yield slice
      slices.release(job.bytes)
    }
  } finally {
    await slices.close()
  }
}

function bytesOf(jobs: readonly Job[]): number {
  return jobs.reduce((sum, { bytes }) => sum + bytes.length, 0)
}

async function nextSlice(
  slices: FrameSlices,
  where: string,
): Promise<{ bytes: Uint8Array; isLast: boolean } | null> {
  try {
    return await slices.next()
  } catch (error) {
    if (!(error instanceof NotATable)) throw error
    throw new VarveError('VARVE_RULE_VIOLATED', `'${where}': ${error.message}`, {
      data: { path: where, reason: 'row-too-large' },
      hint: 'make the row smaller at the endpoint, or leave the table out of the link',
    })
  }
}

function start(
  bytes: Uint8Array,
  plan: CopyPlan,
  { pool, leafOptions }: PackingOptions,
  where: 'here' | 'in a thread',
): Job {
  const task = { bytes, plan, leafOptions: leafOptions() }
  const result =
    where === 'here' ? Promise.resolve(copySlice(task)) : pool.run('copySlice', copySlice, [task])
  // Awaited in turn; a failure before its turn comes must not count as unhandled.
  result.catch(() => undefined)
  return { bytes, result }
}

/** Packs cell by cell, to find out what is wrong with which row. */
function slowly(
  bytes: Uint8Array,
  table: PostgresTable,
  { shape, where, unfit }: PackingOptions,
  rowsBefore: number,
): PackedSlice {
  const packer = new CellPacker(shape, where, rowsBefore)
  const columns = copyColumns(table, shape)
  const places = columnPlaces(
    columns,
    shape.schema.columns.map(({ name }) => name),
  )
  return {
    rows: packer.pack(
      cellsOf(bytes, columns).map((cells) => places.map((at) => cells[at]!)),
      unfit,
    ),
  }
}
