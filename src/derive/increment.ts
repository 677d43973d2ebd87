// Computes only those rows of a derived table that a change of its inputs affects: rows of the result, or groups, are
// computed by the query restricted to them, once with the inputs as they were and once as they are. Whenever something
// is not as expected, the reason is thrown, and the whole query is run instead.
import type { Cid } from '../encoding/cid.ts'
import { cellSchema } from '../formats/columnar/read-cells.ts'
import { type StoredColumn, changedColumns, typeOfStored } from '../formats/sqlite/stored-columns.ts'
import { sqliteTable } from '../formats/sqlite/table.ts'
import type { Io } from '../repo/interface.ts'
import type { Table } from '../table/table.ts'
import { type ChangedInput, writeChanges } from './changes.ts'
import { type Evaluation, shapeOf } from './evaluate.ts'
import { keepIndexes } from './kept-indexes.ts'
import { type CellRows, replaceRows } from './replace-rows.ts'
import { typedCells, typedColumns } from './result-cells.ts'
import { indexesOf } from './sql/indexes.ts'
import { RunWhole } from './sql/scope.ts'
import { changedRowsMax, names, partSteps } from './steps.ts'
import type { Workspace } from './workspace.ts'

export interface Increment extends Omit<Evaluation, 'previous'> {
  /** The table as it was derived. */
  readonly present: Table
  /** What its columns hold. */
  readonly stored: readonly StoredColumn[]
  readonly changed: readonly ChangedInput[]
}

export interface Incremented {
  readonly table: Cid
  readonly rowsAnew: number
  readonly stored: readonly StoredColumn[]
}

/** @throws RunWhole */
export async function increment(workspace: Workspace, io: Io, work: Increment): Promise<Incremented> {
  const { derivation, inputs, present, changed, signal } = work
  const { database } = workspace
  const shape = shapeOf(derivation, inputs)
  if (shape instanceof RunWhole) throw shape
  keepIndexes(database, indexesOf(shape))
  const columns = work.stored.map(({ name }) => name)
  const changes = await writeChanges(database, io, changed, { rowsMax: changedRowsMax(shape), signal })
  try {
    const steps = partSteps({ shape, changes, columns, rowCount: present.count })
    const end = await workspace.run(steps, signal)
    if (end.kind !== 'done') throw new RunWhole(end.kind === 'fault' ? end.message : end.reason)
    return await replaced(workspace, io, work)
  } finally {
    workspace.dropTables(changes.flatMap(({ before, after }) => [before, after]))
    workspace.dropTables(Object.values(names))
  }
}

async function replaced(workspace: Workspace, io: Io, work: Increment): Promise<Incremented> {
  const { derivation, present, stored } = work
  const { database } = workspace
  const where = derivation.path
  const gone = sqliteTable(database, { name: names.gone, where }, stored)
  const come = sqliteTable(database, { name: names.come, where }, stored)
  for (const { stored: part } of [gone, come]) {
    if (JSON.stringify(part.map(namedAs)) !== JSON.stringify(stored.map(namedAs)))
      throw new RunWhole('its columns are others')
  }
  const now = changedColumns(stored, gone.stored, come.stored)
  const other = now.find((column, i) => typeOfStored(column) !== typeOfStored(stored[i]!))
  if (other !== undefined) throw new RunWhole(`the column '${other.name}' is of another type now`)
  const columns = typedColumns(derivation, come.columns)
  const schema = cellSchema(columns, { key: derivation.key, where, previous: present.schema })
  if (JSON.stringify(schema) !== JSON.stringify(present.schema)) throw new RunWhole('its columns are others')
  const cells = ({ cells: of }: typeof come): CellRows =>
    typedCells(derivation, columns, of({ signal: work.signal }))
  const table = await replaceRows(io, present, { gone: cells(gone), come: cells(come), where })
  return { table, rowsAnew: come.rowCount ?? 0, stored: now }
}

function namedAs({ name, declared }: StoredColumn): readonly [string, string] {
  return [name, declared]
}
