// Three-way merge of tables: schema first, then rows and their cells (merge-row-maps.ts), then the order of the rows
// in the file. The merged table goes on from ours: ids of columns and rows that theirs did not touch stay as they are.
import type { TablePolicies } from '../../dataset/interface.ts'
import { policyText } from '../../dataset/policy.ts'
import type { TableCid } from '../../encoding/cid.ts'
import type { Path } from '../../files/interface.ts'
import type { TableObject } from '../../table/interface.ts'
import { allSources, oneWayOf, withOneWay } from '../../table/one-way.ts'
import { writeTable } from '../../table/table-object.ts'
import type { ColumnClash } from './column-clash.ts'
import type { ConflictRecord } from '../conflicts/conflict-record.ts'
import type { PolicyDecision } from '../policies/decisions.ts'
import { layoutNotes } from './layout-notes.ts'
import type { MergeIo, MergeTablesOptions, TableClash, TableSides } from '../merge-io.ts'
import { mergeLayouts } from './merge-layouts.ts'
import { mergeOrders } from './merge-orders.ts'
import { mergeRowMaps } from './merge-row-maps.ts'
import { type MergedColumn, type MergedSchema, mergeSchemas } from './merge-schemas.ts'

export interface MergedTable {
  readonly kind: 'merged'
  readonly table: TableObject
  readonly cid: TableCid
  readonly rowsAdded: number
  readonly rowsRemoved: number
  readonly rowsChanged: number
  /** Those of columns first, then in the order of keys, and of columns within a row. */
  readonly conflicts: readonly ConflictRecord[]
  /** Columns that clash; whoever knows the three entries makes conflicts of them. */
  readonly clashes: readonly ColumnClash[]
  readonly decisions: readonly PolicyDecision[]
  /** What people should know of it, one sentence each. */
  readonly notes: readonly string[]
}

export async function mergeTables(
  io: MergeIo,
  path: Path,
  tables: TableSides,
  options: MergeTablesOptions = {},
): Promise<MergedTable | TableClash> {
  const { base, ours, theirs } = tables
  const merge = (kept: ReadonlySet<number>): MergedSchema | TableClash =>
    mergeSchemas(base?.schema ?? null, ours.schema, theirs.schema, kept)
  let schema = merge(new Set())
  if (schema.kind === 'clash') return schema
  let rows = await mergeRowMaps(io, path, schema, tables, options)
  const edited = [...rows.edited]
  // Theirs removed a column whose cells ours changed: the table keeps ours' column, and that can only be known now.
  const kept = edited.filter(({ theirs: place }) => place < 0).map(({ ids }) => ids.base!)
  if (kept.length > 0) {
    schema = merge(new Set(kept))
    if (schema.kind === 'clash') return schema
    rows = await mergeRowMaps(io, path, schema, tables, options)
  }
  const layouts = { base: base?.layout ?? null, ours: ours.layout, theirs: theirs.layout }
  const layout = mergeLayouts(layouts, schema)
  if ('reason' in layout) return { kind: 'clash', reason: layout.reason }
  const order = await mergeOrders(io, tables, rows, options)
  const made = { schema: schema.schema, rows: rows.map.cid, order, layout: layout.layout }
  // Of which side a row is says nobody afterwards: what must not go back to where one side's came from stays here.
  const table = withOneWay(made, allSources(oneWayOf(ours), oneWayOf(theirs)))
  const { added, removed, changed, conflicts, decisions } = rows
  return {
    kind: 'merged',
    table,
    cid: writeTable(io.writer, table),
    rowsAdded: added.length,
    rowsRemoved: removed.length,
    rowsChanged: changed,
    conflicts,
    clashes: columnClashes(schema, edited),
    decisions,
    notes: [...rows.notes, ...layoutNotes(layouts), ...policyNotes(tables, options.policies ?? null)],
  }
}

function columnClashes(schema: MergedSchema, edited: readonly MergedColumn[]): ColumnClash[] {
  const known = new Set(schema.clashes.map(({ ids }) => ids.base))
  const clashes = [...schema.clashes]
  for (const { name, ids } of edited) {
    if (known.has(ids.base)) continue
    const [removed, changed] = ids.ours === null ? ['here', 'there'] : ['there', 'here']
    const reason = `column '${name}' is removed ${removed}, and its cells are changed ${changed}`
    const merged = schema.columns.find((column) => column.ids.base === ids.base)?.ids.merged ?? null
    clashes.push({ name, reason, ids: { ...ids, merged } })
  }
  return clashes
}

/** Notes about policies for columns that are not there: a misspelt one would never decide anything. */
function policyNotes({ base, ours, theirs }: TableSides, policies: TablePolicies | null): string[] {
  const names = new Set(
    [base, ours, theirs].flatMap((table) => table?.schema.columns.map(({ name }) => name) ?? []),
  )
  const columns = [...(policies?.columns.keys() ?? [])].filter((name) => !names.has(name))
  const words = [policies?.default ?? null, ...(policies?.columns.values() ?? [])].flatMap((policy) =>
    policy?.kind === 'newest' && policy.column !== null && !names.has(policy.column)
      ? [policyText(policy)]
      : [],
  )
  return [
    ...columns.map((name) => `there is a merge policy for column '${name}', and no such column`),
    ...Array.from(new Set(words), (word) => `the merge policy '${word}' names no column of the table`),
  ]
}
