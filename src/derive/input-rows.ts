// A table's rows in the workspace. They lie in the order of their keys, whatever the order in which they came: a sum of
// floats is then the same, however it was reached.
import { VarveError } from '../base/errors.ts'
import type { SqliteFile } from '../base/platform-sqlite.ts'
import { quoted, sameNames } from '../formats/sqlite/names.ts'
import { affinityOf, markOf, sqliteValue } from '../formats/sqlite/row-values.ts'
import type { Difference } from '../prolly/interface.ts'
import type { Io } from '../repo/interface.ts'
import { contentRuns, entryContentBytes } from '../table/content-runs.ts'
import { entryCells } from '../table/entry-cells.ts'
import type { Column } from '../table/interface.ts'
import type { RowShape } from '../table/rows.ts'

/** SQLite's own limit, less the key. */
const columnsMax = 1999

export function createStorage(database: SqliteFile, name: string, columns: readonly Column[]): void {
  const definitions = columns.map((column) => `${quoted(column.name)} ${affinityOf(column.type)}`)
  const key = `${quoted(keyColumnBeside(columns))} BLOB PRIMARY KEY`
  database.exec(`CREATE TABLE ${quoted(name)} (${[key, ...definitions].join(', ')}) WITHOUT ROWID`)
}

/** @throws VarveError VARVE_NOT_POSSIBLE: SQLite cannot have a table of these columns */
export function checkColumns(path: string, columns: readonly Column[]): void {
  const refused = (why: string): VarveError =>
    new VarveError('VARVE_NOT_POSSIBLE', `'${path}' cannot be asked by SQL: ${why}`, {
      data: { path },
      hint: 'rename or remove columns of the table, or leave it out of the query',
    })
  if (columns.length > columnsMax) throw refused(`it has more than ${columnsMax} columns`)
  const twice = sameNames(columns)
  if (twice !== null) throw refused(`columns '${twice[0]}' and '${twice[1]}' are one column to SQLite`)
}

/** A name for the key column that no other column has. */
export function keyColumnBeside(columns: readonly Column[]): string {
  let name = '='
  while (columns.some((column) => column.name === name)) name += '='
  return name
}

export class InputRows {
  readonly #columns: readonly Column[]
  readonly #put
  readonly #delete

  constructor(database: SqliteFile, storage: string, columns: readonly Column[]) {
    this.#columns = columns
    const marks = ['?', ...columns.map(({ type }) => markOf(type))].join(', ')
    const key = quoted(keyColumnBeside(columns))
    this.#put = database.prepare(`INSERT OR REPLACE INTO ${quoted(storage)} VALUES (${marks})`)
    this.#delete = database.prepare(`DELETE FROM ${quoted(storage)} WHERE ${key} = ?`)
  }

  /** Makes the rows what they are on that side; rows that are not there are removed. */
  async set(
    io: Io,
    shape: RowShape,
    differences: readonly Difference[],
    side: 'before' | 'after',
  ): Promise<void> {
    for (const run of contentRuns(differences, (one) => entryContentBytes(one[side]))) {
      const entries = run.map((one) => one[side])
      const rows = await entryCells(io.nodes.reader, shape, entries, this.#columns)
      for (const [i, { key }] of run.entries()) {
        const cells = rows[i]!
        if (cells === null) this.#delete.run([key])
        else this.#put.run([key, ...cells.map((cell, at) => sqliteValue(cell, this.#columns[at]!.type))])
      }
    }
  }

  close(): void {
    this.#put.finalize()
    this.#delete.finalize()
  }
}
