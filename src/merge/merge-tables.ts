// Three-way merge of tables: schema first, then rows and their cells (merge-row-maps.ts), then the order of the rows
// in the file. The merged table goes on from ours: ids of columns and rows that theirs did not touch stay as they are.
import type { TableCid } from '../encoding/cid.ts'
import type { Path } from '../files/interface.ts'
import type { TableObject } from '../table/interface.ts'
import { writeTable } from '../table/table-object.ts'
import type { ConflictRecord } from './conflict-record.ts'
import type { MergeIo, MergeTablesOptions, TableClash, TableSides } from './merge-io.ts'
import { mergeLayouts } from './merge-layouts.ts'
import { mergeOrders } from './merge-orders.ts'
import { mergeRowMaps } from './merge-row-maps.ts'
import { mergeSchemas } from './merge-schemas.ts'

export interface MergedTable {
  readonly kind: 'merged'
  readonly table: TableObject
  readonly cid: TableCid
  readonly rowsAdded: number
  readonly rowsRemoved: number
  readonly rowsChanged: number
  /** In the order of keys, and of columns within a row. */
  readonly conflicts: readonly ConflictRecord[]
}

export async function mergeTables(
  io: MergeIo,
  path: Path,
  tables: TableSides,
  options: MergeTablesOptions = {},
): Promise<MergedTable | TableClash> {
  const { base, ours, theirs } = tables
  const schema = mergeSchemas(base?.schema ?? null, ours.schema, theirs.schema)
  if (schema.kind === 'clash') return schema
  const layout = mergeLayouts(
    { base: base?.layout ?? null, ours: ours.layout, theirs: theirs.layout },
    schema,
  )
  if ('reason' in layout) return { kind: 'clash', reason: layout.reason }
  const rows = await mergeRowMaps(io, path, schema, tables, options)
  if (rows.kind === 'clash') return rows
  const order = await mergeOrders(io, tables, rows, options)
  const table = { schema: schema.schema, rows: rows.map.cid, order, layout: layout.layout }
  const { added, removed, changed, conflicts } = rows
  return {
    kind: 'merged',
    table,
    cid: writeTable(io.writer, table),
    rowsAdded: added.length,
    rowsRemoved: removed.length,
    rowsChanged: changed,
    conflicts,
  }
}
