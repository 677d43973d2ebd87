// Reads only the rows of a table that are new by a cursor column: those whose value is at least the largest value of
// the last reading minus a lag (for transactions that began earlier and ended later), and those without a value. A row
// that is read twice is stored once. Deleted rows are not seen until all rows are read and compared, unless they stay and
// are only marked as deleted.
import { VarveError } from '../../base/errors.ts'
import type { RowCursor } from '../../connectors/interface.ts'
import type { TableCursor } from '../../dataset/interface.ts'
import type { TreeEntry } from '../../files/interface.ts'
import type { Edit } from '../../prolly/interface.ts'
import type { Io } from '../../repo/interface.ts'
import { writeTable } from '../../table/table-object.ts'
import { Table } from '../../table/table.ts'
import type { SyncOptions } from '../interface.ts'
import { type KnownTable, type TableSource, readWhole } from './read-table.ts'
import { type GatheredRows, entryWindows, gathered, unfitAfter } from './gathered-rows.ts'
import { type IncrementResult, hasColumnsOf } from './read-increment.ts'
import { type Doubts, doubtfulColumns } from './doubtful-columns.ts'
import type { UnfitOfTable } from './unfit-tables.ts'

export const lagDefault: RowCursor['lag'] = { ms: 300_000 }

/** Stored with what was read, in one compare-and-set, so the cursor is never ahead of the rows. */
interface Mark {
  readonly cursor: string
  readonly largest: string | null
  /** When all rows were read, in ms since 1970. */
  readonly fullMs: number
  /** Where the rows were declared to be. */
  readonly declared?: string | undefined
  /** Of columns that were missing from what was new, and not from the table. */
  readonly doubts?: Doubts | undefined
}

interface CursorReading {
  readonly entry: TreeEntry
  /** All rows were read. */
  readonly isWhole: boolean
}

export interface CursorOptions extends TableCursor, Pick<Mark, 'declared'> {
  /** Where columns are properties that items may lose: whether the table already waits because these are gone. */
  readonly waitsFor?: ((names: readonly string[]) => Promise<boolean>) | undefined
}

/** null: the table waits, and goes on waiting. */
export async function readByCursor(
  io: Io,
  source: TableSource,
  { path, known, digests, unfit }: KnownTable,
  { column, lag = lagDefault, fullMs, deletes, declared, waitsFor }: CursorOptions,
  { notes, options }: { readonly notes: string[]; readonly options: SyncOptions },
): Promise<CursorReading | null> {
  const { snapshot, table, where, previous } = source
  if (snapshot.since === undefined) {
    throw new VarveError('VARVE_RULE_VIOLATED', `'${table.name}' cannot be read by a cursor: ${where}`, {
      hint: "this kind of endpoint, or a table with a transform, has none: take 'cursor' out of the link",
    })
  }
  // Under another rule other rows are gone, and those are not sent again.
  const name = deletes === undefined ? column : JSON.stringify([column, deletes])
  const mark = readMark(digests.lastOf(path)?.mark ?? null, name)
  // A mark of an earlier version says nothing of it.
  const isElsewhere = mark?.declared !== undefined && mark.declared !== declared
  if (isElsewhere)
    notes.push(
      `'${table.name}' is declared otherwise in varve.yaml than when it was last read: all of its rows were read`,
    )
  const isDue = mark === null || isElsewhere || (fullMs !== undefined && Date.now() - mark.fullMs >= fullMs)
  const isKnown = known !== null && previous !== undefined && hasColumnsOf(previous.schema, table)
  const from = isDue || !isKnown ? null : mark.largest
  const asked = await snapshot.since(table, { column, lag, from })
  if (from === null && !asked.isIndexed)
    notes.push(`'${table.name}' has no index on its cursor '${column}': each round looks at all of its rows`)
  const before = from === null ? null : await Table.of(io.nodes, previous!)
  const fresh = before && (await gathered(io, before, asked, where))
  const doubtful =
    before && fresh && waitsFor && (await doubtfulColumns(io, before, fresh.rows, mark!.doubts ?? {}))
  const missing = doubtful?.had ?? []
  if (missing.length > 0 && (await waitsFor!(missing))) return null
  if (missing.length > 0) notes.push(doubtWords(table.name, missing))
  const rows = missing.length === 0 ? fresh : null
  const since = missing.length === 0 ? asked : await snapshot.since(table, { column, lag, from: null })
  const now =
    rows === null ? await readAll(io, source, options) : await withRows(io, source, rows, unfit.of(path))
  const kept: Mark = {
    cursor: name,
    largest: since.largest(),
    fullMs: rows === null ? Date.now() : mark!.fullMs,
    declared,
    doubts: doubtful && doubtful.names.length > 0 ? doubtful.doubts : mark?.doubts,
  }
  digests.add(path, JSON.stringify(kept), now.table)
  unfit.set(path, now.unfit)
  return { entry: { kind: 'table', executable: false, table: now.table }, isWhole: rows === null }
}

function doubtWords(table: string, missing: readonly string[]): string {
  const names = missing.map((name) => `'${name}'`).join(', ')
  return `'${table}': no item that is new has ${names}: all of its rows were read`
}

async function readAll(io: Io, source: TableSource, options: SyncOptions): Promise<IncrementResult> {
  const { entry, unfit } = await readWhole(io, source, options)
  return { table: entry.table, unfit }
}

/** Adds the rows that were read. Rows that cannot be kept stay as they are known, even if they were written since. */
async function withRows(
  io: Io,
  { previous }: TableSource,
  gathered: GatheredRows,
  before: UnfitOfTable,
): Promise<IncrementResult> {
  async function* inTurn(rows: GatheredRows['rows'], isGone = false): AsyncGenerator<Edit[]> {
    for (const window of entryWindows(rows)) {
      yield isGone ? window.map(({ key }) => ({ key, value: null })) : window
      await io.writer.drained()
    }
  }
  const { map } = await Table.of(io.nodes, previous!)
  const put = await map.mutate(io.writer, inTurn(gathered.rows))
  const after = gathered.gone.length === 0 ? put : await put.mutate(io.writer, inTurn(gathered.gone, true))
  const table = writeTable(io.writer, { ...previous!, rows: after.cid })
  return { table, unfit: unfitAfter(before, gathered) }
}

/** Reads a stored mark; null when it cannot be read, or belongs to another column or rule. */
function readMark(text: string | null, name: string): Mark | null {
  if (text === null || !text.startsWith('{')) return null
  const mark = JSON.parse(text) as Partial<Mark>
  const isWhole = mark.cursor === name && typeof mark.fullMs === 'number' && mark.largest !== undefined
  return isWhole ? (mark as Mark) : null
}
