// Runs a query over tables of commits in a workspace of SQLite, where they lie as they were asked about last.
import { workspaceFailure } from '../derive/workspace-failure.ts'
import { Workspace } from '../derive/workspace.ts'
import { VarveError, isVarveError } from '../base/errors.ts'
import { Tree } from '../files/tree.ts'
import { exportCells } from '../formats/export.ts'
import type { CellSource } from '../formats/columnar/interface.ts'
import { quoted } from '../formats/sqlite/names.ts'
import { querySteps } from '../formats/sqlite/query-steps.ts'
import { sqliteTable } from '../formats/sqlite/table.ts'
import { withWriter } from '../repo/context.ts'
import { emptyTreeOf } from '../repo/empty.ts'
import { type Folder, type Io, type Repo, indexRef } from '../repo/interface.ts'
import { cellValue } from '../table/cell.ts'
import type { Cell, Row } from '../table/interface.ts'
import { type BoundTables, bindTables, noQuery } from './bind-tables.ts'
import { columnsOfNone } from './empty-result.ts'
import type { QueryColumn, QueryOptions, QueryResult } from './interface.ts'
import { TableNames, type DefaultSource } from './table-names.ts'

const result = 'varve result'
/** Versions of tables that stay known beside those of the last query. */
const keptMax = 8

/** A repository, and the folder with its files where it has one. */
export interface Queried {
  readonly repo: Repo
  readonly folder: Folder | null
}

/** `cacheDir`: where tables stay known for the next query; null: nowhere. @throws VarveError as bindTables */
export async function query(
  queried: Queried,
  sql: string,
  cacheDir: string | null,
  options: QueryOptions = {},
): Promise<QueryResult> {
  const workspace = await openWorkspace(cacheDir)
  try {
    return await answer(queried, sql, workspace, options)
  } catch (error) {
    // A query that is wrong costs nothing that was read for the ones before.
    const isAsked = faultsOfQueries.some((code) => isVarveError(error, code))
    await (isAsked ? workspace.keep() : workspace.drop())
    // Whatever is wrong with what was kept, all is read anew.
    if (cacheDir !== null && !isVarveError(error)) return query(queried, sql, null, options)
    throw workspaceFailure(error) ?? error
  }
}

/** Where nothing can be kept, as on a disk that may only be read, a query is answered all the same. */
async function openWorkspace(cacheDir: string | null): Promise<Workspace> {
  const name = 'queries.sqlite'
  try {
    return await Workspace.open(cacheDir, name)
  } catch (error) {
    if (cacheDir === null || isVarveError(error)) throw error
    return Workspace.open(null, name)
  }
}

const faultsOfQueries = ['VARVE_USAGE', 'VARVE_PATH_NOT_FOUND', 'VARVE_REF_NOT_FOUND'] as const

async function answer(
  queried: Queried,
  sql: string,
  workspace: Workspace,
  options: QueryOptions,
): Promise<QueryResult> {
  const { signal, onProgress } = options
  workspace.database.exec(`DROP TABLE IF EXISTS ${quoted(result)}`)
  const bound = await withWriter(queried.repo, (writer, nodes) => {
    const names = new TableNames(queried.repo, defaultSource(queried, { writer, nodes }, options))
    return bindTables(workspace, { writer, nodes }, sql, names, { signal, onProgress })
  })
  const { views } = bound
  forgetOthers(workspace, new Set(views.map(({ table }) => table)))
  const end = await workspace.run(querySteps({ views, sql, result }), signal)
  if (end.kind !== 'done') throw noQuery(end.kind === 'fault' ? end.message : end.reason)
  return new Result(workspace, { ...bound, sql }, signal)
}

function defaultSource(
  { repo, folder }: Queried,
  io: Io,
  { revision, worktree, signal }: QueryOptions,
): DefaultSource {
  if (worktree !== true) return revision ?? 'HEAD'
  if (revision !== undefined)
    throw new VarveError('VARVE_USAGE', 'a query reads either the files or a revision, not both', {
      hint: "leave out '--worktree' or '--at'",
    })
  if (folder === null)
    throw new VarveError('VARVE_USAGE', 'a bare repository has no files to query', {
      hint: "leave out '--worktree': revisions can be queried",
    })
  return async () => {
    const index = (await repo.store.manifest()).refs.get(indexRef) ?? emptyTreeOf(io)
    return Tree.load(io.nodes, await folder.snapshot(io, index, { signal }))
  }
}

function forgetOthers({ database }: Workspace, used: ReadonlySet<string>): void {
  const others = database
    .all('SELECT path, storage FROM "varve inputs"')
    .filter(({ storage }) => !used.has(String(storage)))
  for (const { path, storage } of others.slice(keptMax)) {
    database.exec(`DROP TABLE ${quoted(String(storage))}`)
    const statement = database.prepare('DELETE FROM "varve inputs" WHERE path = ?')
    statement.run([path!])
    statement.finalize()
  }
}

class Result implements QueryResult {
  readonly columns: readonly QueryColumn[]
  readonly rowCount: number
  readonly tables
  readonly rowsRead: number
  readonly #workspace: Workspace
  readonly #source: CellSource
  readonly #signal: AbortSignal | undefined
  #isOpen = true

  constructor(
    workspace: Workspace,
    { tables, rowsRead, inputs, sql }: BoundTables & { readonly sql: string },
    signal: AbortSignal | undefined,
  ) {
    this.#workspace = workspace
    this.#source = sqliteTable(workspace.database, { name: result, where: 'the result' })
    this.#signal = signal
    this.rowCount = this.#source.rowCount
    this.columns = this.rowCount === 0 ? columnsOfNone(workspace, sql, inputs) : this.#source.columns
    this.tables = tables
    this.rowsRead = rowsRead
  }

  async *rows(): AsyncGenerator<readonly Row[]> {
    for await (const batch of this.#cells()) {
      yield batch.map((cells) =>
        // Not as a literal: a column may be called '__proto__'.
        Object.fromEntries(
          cells.map((cell, i) => [this.columns[i]!.name, cellValue(cell, this.columns[i]!.type)]),
        ),
      )
    }
  }

  export(format: 'csv' | 'tsv' | 'jsonl'): AsyncGenerator<Uint8Array> {
    return exportCells(this.columns, this.#cells(), format)
  }

  #cells(): AsyncIterable<readonly (readonly Cell[])[]> {
    if (!this.#isOpen) throw new TypeError('the result has been closed')
    return this.#source.cells({ signal: this.#signal })
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#workspace.database.exec(`DROP TABLE IF EXISTS ${quoted(result)}`)
    await this.#workspace.keep()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
