// A tree as an endpoint can hold it. Columns that the dataset's table has and the endpoint's has not stay in the
// branch: they are no part of what is written, nor of what both sides have in common, or else the next round would take
// them for removed over there. Columns that it has not and the endpoint's has keep there what is in them. Its columns
// have the endpoint's types, whatever the branch reads them as: else the next round would take them for changed.
import { compareBytes, equalBytes } from '../../base/bytes.ts'
import { CellPacker } from '../../formats/columnar/pack-cells.ts'
import { packedEdits } from '../../formats/packed-edits.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import type { Tree } from '../../files/tree.ts'
import type { Edit } from '../../prolly/interface.ts'
import type { Io } from '../../repo/interface.ts'
import type { Cell, TableObject } from '../../table/interface.ts'
import { rowShape } from '../../table/rows.ts'
import { writeTable } from '../../table/table-object.ts'
import { Table } from '../../table/table.ts'
import { type LinkedTable, tableAt } from './link-tables.ts'
import { otherKey } from './other-key.ts'
import { rowChanges } from './row-changes.ts'

const editsMax = 20_000

/**
 * `tree` with the columns that `captured` has. Its cost follows the rows that have values in others. Columns that it has
 * not itself are left out, for what is in common, or have what was captured, for what is to be written.
 */
export async function endpointView(
  io: Io,
  tables: readonly LinkedTable[],
  captured: Tree,
  tree: Tree,
  others: 'as captured' | 'left out' = 'left out',
): Promise<Tree> {
  const entries = new Map<Path, TreeEntry>()
  for (const { table, path } of tables) {
    const [there, here] = [await tableAt(io, captured, path), await tableAt(io, tree, path)]
    // A table with another key waits as it is.
    if (there === null || here === null || otherKey(here, there, path) !== null) continue
    const [outer, inner] = [namesOf(there), namesOf(here)]
    const isWhole = [...inner].every((name) => outer.has(name))
    const isFull = others === 'left out' || [...outer].every((name) => inner.has(name))
    const view =
      isWhole && isFull ? withTypesOf(there, here) : await withColumnsOf(io, there, here, table.name)
    if (view === here) continue
    entries.set(path, { kind: 'table', executable: false, table: writeTable(io.writer, view) })
  }
  return entries.size === 0 ? tree : tree.update(io.writer, entries)
}

/** The table with the types of `there`. Cells have kinds of their own, so no row changes by its column's type. */
function withTypesOf(there: TableObject, here: TableObject): TableObject {
  const types = new Map(there.schema.columns.map(({ name, type }) => [name, type]))
  const columns = here.schema.columns.map((column) => ({
    ...column,
    type: types.get(column.name) ?? column.type,
  }))
  const isSame = columns.every(({ type }, i) => type === here.schema.columns[i]!.type)
  return isSame ? here : { ...here, schema: { ...here.schema, columns } }
}

async function withColumnsOf(
  io: Io,
  there: TableObject,
  here: TableObject,
  where: string,
): Promise<TableObject> {
  const { columns } = there.schema
  const packer = new CellPacker(rowShape(there.schema), where)
  const known = namesOf(here)
  let { map } = await Table.of(io.nodes, there)
  let edits: Edit[] = []
  for await (const changes of rowChanges(io.nodes, { before: there, after: here }, { columns }, 'all')) {
    const gone = changes.filter(({ after }) => after === null)
    const rows: Cell[][] = []
    for (const { before, after } of changes) {
      if (after === null) continue
      const row = after.map((cell, i) => (known.has(columns[i]!.name) ? cell : (before?.[i] ?? cell)))
      if (!sameCells(before, row)) rows.push(row)
    }
    edits.push(
      ...(await packedEdits(packer.pack(rows), io.writer)),
      ...gone.map(({ key }): Edit => ({ key, value: null })),
    )
    if (edits.length < editsMax) continue
    map = await map.mutate(io.writer, sorted(edits))
    await io.writer.drained()
    edits = []
  }
  map = await map.mutate(io.writer, sorted(edits))
  return { ...there, rows: map.cid }
}

function namesOf({ schema }: TableObject): Set<string> {
  return new Set(schema.columns.map(({ name }) => name))
}

function sorted(edits: Edit[]): Edit[] {
  return edits.sort((a, b) => compareBytes(a.key, b.key))
}

function sameCells(a: readonly Cell[] | null, b: readonly Cell[]): boolean {
  return a !== null && a.every((cell, i) => cell.kind === b[i]!.kind && equalBytes(cell.bytes, b[i]!.bytes))
}
