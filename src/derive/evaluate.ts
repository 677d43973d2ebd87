// Runs the whole query of a derived table in the workspace, and makes a table of what it gives. A query of a known shape is
// run in the words that later make parts of it anew, so that both give the same.
import { VarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import type { Derivation } from '../dataset/interface.ts'
import { readCells } from '../formats/columnar/read-cells.ts'
import { quoted } from '../formats/sqlite/names.ts'
import { type QueryView, querySteps } from '../formats/sqlite/query-steps.ts'
import type { StoredColumn } from '../formats/sqlite/stored-columns.ts'
import { sqliteTable } from '../formats/sqlite/table.ts'
import type { Io } from '../repo/interface.ts'
import type { Schema } from '../table/interface.ts'
import { writeTable } from '../table/table-object.ts'
import type { LoadedInput } from './inputs.ts'
import { typedCells, typedColumns } from './result-cells.ts'
import { RunWhole } from './sql/scope.ts'
import { type Shape, readShape } from './sql/shape.ts'
import { wholeQuery } from './sql/statements.ts'
import { tablesOf } from './tables.ts'
import type { Workspace } from './workspace.ts'

const result = 'varve result'
const probe = 'varve probe'

export interface Evaluation {
  readonly derivation: Derivation
  /** In the order of the derivation's inputs. */
  readonly inputs: readonly LoadedInput[]
  /** The table as it was: its columns keep their ids. */
  readonly previous: Schema | undefined
  readonly signal?: AbortSignal | undefined
}

export interface EvaluationResult {
  readonly table: Cid
  readonly rowCount: number
  /** What the result's columns hold, so that parts can be made anew later; null when they cannot. */
  readonly stored: readonly StoredColumn[] | null
  /** Why none can be. */
  readonly reason: string | null
}

/** @throws VarveError VARVE_RULE_VIOLATED: the query is none, its key is not unique or empty, a value is not of its type */
export async function evaluate(
  workspace: Workspace,
  io: Io,
  evaluation: Evaluation,
): Promise<EvaluationResult> {
  const { derivation, previous, signal } = evaluation
  const { path, key } = derivation
  const { database } = workspace
  try {
    const reason = await run(workspace, evaluation)
    const source = sqliteTable(database, { name: result, where: path })
    const columns = typedColumns(derivation, source.columns)
    const object = await readCells(
      {
        columns,
        key,
        rowCount: source.rowCount,
        cells: (options) => typedCells(derivation, columns, source.cells(options)),
      },
      { ...io, key, where: path, previous, signal },
    )
    const table = writeTable(io.writer, { ...object, order: null })
    return { table, rowCount: source.rowCount ?? 0, stored: reason === null ? source.stored : null, reason }
  } finally {
    workspace.dropTables([result, probe])
  }
}

/**
 * Puts the rows into the table `result`. Returns why the query was run as it was written, and not in its form for
 * parts; null when it was not.
 */
async function run(workspace: Workspace, evaluation: Evaluation): Promise<string | null> {
  const { derivation, inputs, signal } = evaluation
  const views = viewsOf(evaluation)
  const written = async (into: string, wanted: 'rows' | 'columns'): Promise<void> => {
    const steps = querySteps({ views, sql: derivation.sql, result: into, wanted })
    const end = await workspace.run(steps, signal)
    if (end.kind !== 'done') throw noQuery(derivation, end.kind === 'fault' ? end.message : end.reason)
  }
  const shape = shapeOf(derivation, inputs)
  if (shape instanceof RunWhole) {
    await written(result, 'rows')
    return shape.message
  }
  await written(probe, 'columns')
  const columns = columnsOf(workspace, probe)
  if (shape.results.length !== columns.length) {
    await written(result, 'rows')
    return 'its columns are not understood'
  }
  const whole = wholeQuery(
    shape,
    columns.map(({ name }) => name),
  )
  const end = await workspace.run([{ run: `CREATE TABLE ${quoted(result)} AS ${whole}` }], signal)
  const isAlike =
    end.kind === 'done' && JSON.stringify(columnsOf(workspace, result)) === JSON.stringify(columns)
  if (isAlike) return null
  workspace.dropTables([result])
  await written(result, 'rows')
  return 'it gives something else when it is written in other words'
}

export function shapeOf({ sql, from }: Derivation, inputs: readonly LoadedInput[]): Shape | RunWhole {
  try {
    return readShape(sql, tablesOf(from, inputs))
  } catch (error) {
    return error instanceof RunWhole ? error : new RunWhole('it is not understood')
  }
}

function viewsOf({ derivation, inputs }: Evaluation): QueryView[] {
  return derivation.from.map(({ name }, i) => {
    const { storage, columns } = inputs[i]!
    return { name, table: storage, columns: columns.map((column) => column.name) }
  })
}

function columnsOf({ database }: Workspace, table: string): { name: string; type: string }[] {
  const columns = database.all(`PRAGMA table_xinfo(${quoted(table)})`)
  return columns.map(({ name, type }) => ({ name: String(name), type: String(type ?? '') }))
}

function noQuery({ path, from }: Derivation, fault: string): VarveError {
  const names = from.map(({ name }) => `"${name}"`).join(', ')
  return new VarveError('VARVE_RULE_VIOLATED', `'${path}' cannot be derived: ${fault}`, {
    data: { path },
    hint: fault.startsWith('no such table')
      ? `its tables are called ${names}; for other names write 'from: {NAME: PATH}'`
      : "its 'sql' is one SELECT in SQLite's words, over the tables that 'from' names, without a semicolon",
  })
}
