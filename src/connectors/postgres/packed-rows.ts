// What COPY sends as packed rows: cut into slices of whole rows, which threads take apart while further ones come.
import { VarveError, corrupt } from '../../base/errors.ts'
import { CellPacker } from '../../formats/columnar/pack-cells.ts'
import type { PackedSlice, PackingOptions } from '../../formats/columnar/packed-source.ts'
import { NotATable } from '../../formats/not-a-table.ts'
import { Slicer } from '../../formats/slicer.ts'
import { type CopyPlan, copyPlan } from './copy-plan.ts'
import { type CopySlice, copySlice } from './copy-slice.ts'
import { copyRows } from './copy-text.ts'
import type { PostgresTable } from './discover.ts'
import { cellOfText } from './types.ts'

const slicesAtOnce = 4
const lineFeed = 0x0a

interface Job {
  readonly bytes: Uint8Array
  readonly result: Promise<CopySlice>
}

/** In the order in which they come. @throws VARVE_RULE_VIOLATED for values that no table can hold */
export async function* packedRows(
  chunks: AsyncIterable<Uint8Array>,
  table: PostgresTable,
  options: PackingOptions,
): AsyncGenerator<PackedSlice> {
  const slicer = new Slicer(chunks, options.signal)
  const plan = copyPlan(table, options.shape)
  const jobs: Job[] = []
  let isRead = false
  let isFirst = true
  let rowsBefore = 0
  try {
    for (;;) {
      while (!isRead && jobs.length < slicesAtOnce) {
        const slice = await nextSlice(slicer, options.where)
        isRead = slice === null || slice.isLast
        if (slice === null) break
        // Of a small table there is nothing to share out.
        jobs.push(start(slice.bytes, plan, options, isFirst && isRead ? 'here' : 'in a thread'))
        isFirst = false
      }
      const job = jobs.shift()
      if (job === undefined) return
      const slice = (await job.result) ?? (await slowly(job.bytes, table, options, rowsBefore))
      rowsBefore += 'rows' in slice ? slice.rows.count : slice.leaves.entryCount
      yield slice
      slicer.release(job.bytes)
    }
  } finally {
    await slicer.close()
  }
}

async function nextSlice(
  slicer: Slicer,
  where: string,
): Promise<{ bytes: Uint8Array; isLast: boolean } | null> {
  try {
    const slice = await slicer.next((bytes) => bytes.lastIndexOf(lineFeed) + 1)
    if (slice !== null && slice.bytes.at(-1) !== lineFeed)
      throw corrupt('the server ended in the middle of a row')
    return slice
  } catch (error) {
    if (!(error instanceof NotATable)) throw error
    throw new VarveError('VARVE_RULE_VIOLATED', `'${where}': ${error.message}`, {
      data: { path: where, reason: 'row-too-large' },
    })
  }
}

function start(
  bytes: Uint8Array,
  plan: CopyPlan,
  { pool, wish }: PackingOptions,
  where: 'here' | 'in a thread',
): Job {
  const task = { bytes, plan, wish: wish() }
  const result =
    where === 'here' ? Promise.resolve(copySlice(task)) : pool.run('copySlice', copySlice, [task])
  // Awaited in turn; a failure before its turn comes must not count as unhandled.
  result.catch(() => undefined)
  return { bytes, result }
}

/** Cell by cell, which says what is wrong with which row. */
async function slowly(
  bytes: Uint8Array,
  table: PostgresTable,
  { shape, where }: PackingOptions,
  rowsBefore: number,
): Promise<PackedSlice> {
  const packer = new CellPacker(shape, where, rowsBefore)
  const places = shape.schema.columns.map(({ name }) => table.columns.findIndex((one) => one.name === name))
  for await (const rows of copyRows([bytes], table.columns.length))
    return {
      rows: packer.pack(
        rows.map((fields) => places.map((at) => cellOfText(fields[at]!, table.columns[at]!.type))),
      ),
    }
  throw corrupt('the server ended in the middle of a row')
}
