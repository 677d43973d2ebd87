// Runs a derived table's query in the workspace, and makes a table of what it gives.
import { VarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import type { Derivation } from '../dataset/interface.ts'
import { readCells } from '../formats/columnar/read-cells.ts'
import { quoted } from '../formats/sqlite/names.ts'
import { sqliteTable } from '../formats/sqlite/table.ts'
import type { Io } from '../repo/interface.ts'
import { castCell } from '../table/cast.ts'
import type { Cell, ColumnType, Schema } from '../table/interface.ts'
import { writeTable } from '../table/table-object.ts'
import type { LoadedInput } from './inputs.ts'
import type { Workspace } from './workspace.ts'

const result = 'varve result'

export interface Evaluation {
  readonly derivation: Derivation
  /** In the order of the derivation's inputs. */
  readonly inputs: readonly LoadedInput[]
  /** The table as it was: its columns keep their ids. */
  readonly previous: Schema | undefined
  readonly signal?: AbortSignal | undefined
}

/** @throws VarveError VARVE_RULE_VIOLATED: the query is none, its key is not unique or empty, a value is not of its type */
export async function evaluate(workspace: Workspace, io: Io, evaluation: Evaluation): Promise<Cid> {
  const { derivation, previous, signal } = evaluation
  const { path, key } = derivation
  const { database } = workspace
  await runQuery(workspace, evaluation)
  try {
    const source = sqliteTable(database, { name: result, where: path })
    const columns = typedColumns(derivation, source.columns)
    const object = await readCells(
      {
        columns,
        key,
        rowCount: source.rowCount,
        cells: (options) => cast(source.cells(options), derivation, columns),
      },
      { ...io, key, where: path, previous, signal },
    )
    return writeTable(io.writer, { ...object, order: null })
  } finally {
    database.exec(`DROP TABLE IF EXISTS ${quoted(result)}`)
  }
}

async function runQuery(workspace: Workspace, { derivation, inputs, signal }: Evaluation): Promise<void> {
  const { path, from, sql } = derivation
  const views = from.map(({ name }, i) => ({
    name,
    table: inputs[i]!.storage,
    columns: inputs[i]!.columns.map((column) => column.name),
  }))
  const fault = await workspace.query({ views, sql, result }, signal)
  if (fault === null) return
  throw new VarveError('VARVE_RULE_VIOLATED', `'${path}' cannot be derived: ${fault}`, {
    data: { path },
    hint: "its 'sql' is one SELECT in SQLite's words, over the tables that 'from' names, without a semicolon",
  })
}

function typedColumns(
  { path, types }: Derivation,
  columns: readonly { readonly name: string; readonly type: ColumnType }[],
): { name: string; type: ColumnType }[] {
  const unknown = types.find(({ column }) => !columns.some(({ name }) => name === column))
  if (unknown !== undefined) {
    throw new VarveError(
      'VARVE_RULE_VIOLATED',
      `'${path}' has no column '${unknown.column}' to give a type to`,
      {
        data: { path, column: unknown.column },
        hint: `its columns: ${columns.map(({ name }) => name).join(', ')}`,
      },
    )
  }
  return columns.map(({ name, type }) => ({
    name,
    type: types.find(({ column }) => column === name)?.type ?? type,
  }))
}

async function* cast(
  batches: AsyncIterable<readonly (readonly Cell[])[]>,
  { path, types }: Derivation,
  columns: readonly { readonly name: string; readonly type: ColumnType }[],
): AsyncGenerator<readonly (readonly Cell[])[]> {
  const wanted = new Set(types.map(({ column }) => column))
  for await (const rows of batches) {
    if (wanted.size === 0) yield rows
    else yield rows.map((row) => row.map((cell, i) => castOne(cell, columns[i]!, wanted, path)))
  }
}

function castOne(
  cell: Cell,
  { name, type }: { name: string; type: ColumnType },
  wanted: ReadonlySet<string>,
  path: string,
): Cell {
  const made = wanted.has(name) ? castCell(cell, type) : cell
  if (made !== null) return made
  throw new VarveError('VARVE_RULE_VIOLATED', `'${path}': column '${name}' has a value that is no ${type}`, {
    data: { path, column: name, type },
  })
}
