// Settles clashes about single columns (tables/column-clash.ts) in a merged table, which holds them as ours has them: gives a
// column another side's name, takes it away, or brings it back with that side's cells. A column comes, goes, or changes
// its name only when no conflict of a row or cell is left in its table: rows of conflicts are rows of the merged columns,
// and a row that came back later would have no cell in a column that came back before.
import { VarveError } from '../../base/errors.ts'
import type { TableCid } from '../../encoding/cid.ts'
import type { Path } from '../../files/interface.ts'
import { entryAt, keyAt } from '../../prolly/entry-batch.ts'
import type { Edit } from '../../prolly/interface.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { ReadOptions } from '../../store/interface.ts'
import type { Column, Layout, Schema, TableObject } from '../../table/interface.ts'
import { valueColumns } from '../../table/key.ts'
import { type Slot, absentSlot, decodeRow, encodeRow } from '../../table/row.ts'
import { loadTable, writeTable } from '../../table/table-object.ts'
import { type ColumnIds, columnOfKey } from '../tables/column-clash.ts'
import { type ConflictRecord, type StoredSide, isOfColumn } from '../conflicts/conflict-record.ts'
import { entryOfSide } from '../conflicts/conflicts.ts'
import type { Side } from '../interface.ts'
import type { MergeIo } from '../merge-io.ts'
import type { Settlement } from './settle-table.ts'

export interface ColumnsOptions extends ReadOptions {
  /** Whether rows or cells of the table stay in conflict. */
  readonly hasOpenRows: boolean
}

export async function settleColumns(
  io: MergeIo,
  path: Path,
  cid: TableCid,
  settlements: readonly Settlement[],
  options: ColumnsOptions,
): Promise<TableCid> {
  let table = await loadTable(io.nodes.reader, cid, options)
  for (const { record, chosen } of settlements.filter((one) => isOfColumn(one.record))) {
    const { name, ids } = columnOfKey(record.key)!
    const side = sideOf(record, chosen)
    if (side === 'ours') continue
    const source = chosen === null ? null : await tableOf(io, chosen, options)
    const id = side === null ? null : ids[side]
    const column = source?.schema.columns.find((one) => one.id === id) ?? null
    const merged = table.schema.columns.find((one) => one.id === ids.merged) ?? null
    if (column === null && merged === null) continue
    if (options.hasOpenRows) throw openRows(path, name)
    refuseTwice(path, table.schema, column, merged)
    if (column === null) table = await withoutColumn(io, table, merged!, options)
    else if (merged !== null && ids.ours !== null && ids.theirs !== null)
      table = renamed(table, merged, column)
    else table = await withCells(io, table, { merged, column, source: source! }, options)
  }
  return writeTable(io.writer, table)
}

/** Which side was chosen; null when none was, and the column goes. */
function sideOf(record: ConflictRecord, chosen: StoredSide | null): keyof Omit<ColumnIds, 'merged'> | null {
  if (chosen === null) return null
  const sides: readonly Side[] = ['ours', 'theirs', 'base']
  return sides.find((side) => record[side]?.links[0] === chosen.links[0]) ?? null
}

async function tableOf(io: MergeIo, side: StoredSide, options: ReadOptions): Promise<TableObject | null> {
  const entry = entryOfSide(side)
  return entry.kind === 'table' ? loadTable(io.nodes.reader, entry.table, options) : null
}

function renamed(table: TableObject, merged: Column, { name, type }: Column): TableObject {
  const columns = table.schema.columns.map((one) => (one === merged ? { ...one, name, type } : one))
  return { ...table, schema: { ...table.schema, columns } }
}

async function withoutColumn(
  io: MergeIo,
  table: TableObject,
  merged: Column,
  options: ReadOptions,
): Promise<TableObject> {
  const schema = { ...table.schema, columns: table.schema.columns.filter((one) => one !== merged) }
  const rows = await rewritten(io, table, schema, () => null, options)
  return { ...table, schema, rows, layout: layoutWithout(table.layout, merged.id) }
}

async function withCells(
  io: MergeIo,
  table: TableObject,
  { merged, column, source }: { merged: Column | null; column: Column; source: TableObject },
  options: ReadOptions,
): Promise<TableObject> {
  const { columns, nextColumnId } = table.schema
  const { name, type } = column
  const own: Column = { id: merged?.id ?? nextColumnId, name, type }
  // Beside the column that precedes it in its own table.
  const before = source.schema.columns.slice(0, source.schema.columns.indexOf(column)).map((one) => one.name)
  const at = 1 + columns.findLastIndex((one) => before.includes(one.name))
  const schema: Schema = {
    ...table.schema,
    columns:
      merged === null ? columns.toSpliced(at, 0, own) : columns.map((one) => (one === merged ? own : one)),
    nextColumnId: merged === null ? nextColumnId + 1 : nextColumnId,
  }
  const cells = await cellsOf(io, source, column, options)
  const rows = await rewritten(io, table, schema, (key) => ({ id: own.id, slot: cells(key) }), options)
  return { ...table, schema, rows }
}

/** A function that gives a column's cell in the row with a key. */
async function cellsOf(
  io: MergeIo,
  source: TableObject,
  column: Column,
  options: ReadOptions,
): Promise<(key: Uint8Array) => Slot> {
  const columns = valueColumns(source.schema)
  const place = columns.findIndex(({ id }) => id === column.id)
  const cells = new Map<string, Slot>()
  const rows = await ProllyMap.load(io.nodes, source.rows, options)
  for await (const batch of rows.scan(options)) {
    for (let i = 0; i < batch.count; i++) {
      const { key, value, links } = entryAt(batch, i)
      const slot = decodeRow(value, links, columns.length).cells[place]
      if (slot !== undefined && slot !== absentSlot)
        cells.set(idOf(key), { ...slot, spelling: slot.spelling.slice() })
    }
  }
  return (key) => cells.get(idOf(key)) ?? absentSlot
}

function idOf(key: Uint8Array): string {
  return String.fromCharCode(...key)
}

/** The rows under another schema; `replaced` may give one cell of a row anew. */
async function rewritten(
  io: MergeIo,
  table: TableObject,
  schema: Schema,
  replaced: (key: Uint8Array) => { readonly id: number; readonly slot: Slot } | null,
  options: ReadOptions,
): Promise<TableObject['rows']> {
  const before = valueColumns(table.schema)
  const places = new Map(before.map(({ id }, i) => [id, i]))
  const after = valueColumns(schema)
  const rows = await ProllyMap.load(io.nodes, table.rows, options)
  const edits = async function* (): AsyncGenerator<Edit[]> {
    for await (const batch of rows.scan(options)) {
      yield Array.from({ length: batch.count }, (_, i): Edit => {
        const { value, links } = entryAt(batch, i)
        const key = keyAt(batch, i)
        const row = decodeRow(value, links, before.length)
        const own = replaced(key)
        const cells = after.map(({ id }) =>
          id === own?.id ? own.slot : (row.cells[places.get(id) ?? -1] ?? absentSlot),
        )
        return { key, ...encodeRow({ ...row, rawLine: null, cells }) }
      })
    }
  }
  return (await rows.mutate(io.writer, edits(), options)).cid
}

function layoutWithout(layout: Layout | null, id: number): Layout | null {
  if (layout === null) return null
  const entries = Object.entries(layout).map(([name, setting]) => [
    name,
    Array.isArray(setting) ? (setting as unknown[]).filter((one) => one !== id) : setting,
  ])
  return Object.fromEntries(entries) as Layout
}

function refuseTwice(path: Path, schema: Schema, column: Column | null, merged: Column | null): void {
  const isTaken = schema.columns.some((one) => one !== merged && one.name === column?.name)
  if (!isTaken) return
  throw new VarveError('VARVE_NOT_POSSIBLE', `'${path}' has another column '${column!.name}' already`, {
    data: { path, column: column!.name },
    hint: 'choose another side, or edit the file as it shall be and add it',
  })
}

function openRows(path: Path, column: string): VarveError {
  return new VarveError(
    'VARVE_NOT_POSSIBLE',
    `column '${column}' of '${path}' cannot change while rows or cells are in conflict`,
    { data: { path, column }, hint: 'settle those first, or all of the path at once' },
  )
}
