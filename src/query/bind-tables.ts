// Which tables a query is about is SQLite's to say: it is asked to prepare the query, and each table that it misses is
// read into the workspace, until it misses none. So no SQL is parsed here, and names mean what they mean there.
import { VarveError } from '../base/errors.ts'
import { didYouMean, nearest } from '../base/nearest.ts'
import { digestHex } from '../encoding/cid.ts'
import { type InputOptions, type LoadedInput, loadInput } from '../derive/inputs.ts'
import type { Workspace } from '../derive/workspace.ts'
import { quoted } from '../formats/sqlite/names.ts'
import type { QueryView } from '../formats/sqlite/query-steps.ts'
import type { Io } from '../repo/interface.ts'
import type { QueriedTable } from './interface.ts'
import { noStatement } from './no-statement.ts'
import type { TableNames } from './table-names.ts'

/** Joins of more are refused by SQLite itself. */
const tablesMax = 64

export interface BoundTables {
  readonly views: readonly QueryView[]
  readonly tables: readonly QueriedTable[]
  readonly rowsRead: number
  /** By the names that the query has for them. */
  readonly inputs: ReadonlyMap<string, LoadedInput>
}

interface BoundTable {
  readonly table: QueriedTable
  readonly input: LoadedInput
}

/** @throws VarveError VARVE_USAGE (no such query), VARVE_PATH_NOT_FOUND (no such table), VARVE_REF_NOT_FOUND */
export async function bindTables(
  workspace: Workspace,
  io: Io,
  sql: string,
  names: TableNames,
  options: InputOptions,
): Promise<BoundTables> {
  const bound = new Map<string, BoundTable>()
  for (;;) {
    const name = missingTable(workspace, sql, [...bound.values()])
    if (name === null) break
    if (bound.has(name) || bound.size === tablesMax) throw noQuery(`no such table: ${name}`)
    const { path, table, commit, cacheName } = await names.find(name).catch((error: unknown) => {
      throw noStatement(sql, error) ?? error
    })
    const input = await loadInput(workspace, io, { path: cacheName, table }, options)
    bound.set(name, { table: { name, path, commit: commit === null ? null : digestHex(commit) }, input })
    const columns = input.columns.map((column) => quoted(column.name)).join(', ')
    workspace.database.exec(
      `CREATE TEMP VIEW ${quoted(name)} AS SELECT ${columns} FROM main.${quoted(input.storage)}`,
    )
  }
  const all = [...bound.values()]
  return {
    views: all.map(({ table, input }) => ({
      name: table.name,
      table: input.storage,
      columns: input.columns.map((column) => column.name),
    })),
    tables: all.map(({ table }) => table),
    inputs: new Map(all.map(({ table, input }) => [table.name, input])),
    rowsRead: all.reduce((sum, { input }) => sum + input.rowsRead, 0),
  }
}

/** The table that the query lacks; null when it can be run. */
function missingTable({ database }: Workspace, sql: string, bound: readonly BoundTable[]): string | null {
  try {
    database.prepare(`SELECT * FROM (\n${sql}\n)`).finalize()
    return null
  } catch (error) {
    const { message } = error as Error
    const missing = /^no such table: (.+)$/s.exec(message)
    if (missing !== null) return missing[1]!
    throw noStatement(sql) ?? noQuery(message, nearColumn(message, bound))
  }
}

/** Of a column that is not there: the one that may have been meant. */
function nearColumn(message: string, bound: readonly BoundTable[]): string | null {
  const missing = /^no such column: (?:[^.]*\.)?([^.]+)$/s.exec(message)
  if (missing === null) return null
  const names = bound.flatMap(({ input }) => input.columns.map((column) => column.name))
  return nearest(missing[1]!, names)
}

export function noQuery(fault: string, near: string | null = null): VarveError {
  return new VarveError('VARVE_USAGE', `the query cannot be run: ${fault}`, {
    hint: didYouMean(
      near,
      "write one SELECT in SQLite's dialect, without a semicolon; put names with special characters in double quotes",
    ),
  })
}
