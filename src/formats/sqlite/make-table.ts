// Makes a table of a query's rows in a file of SQLite. It may take long, and cannot be stopped but with its thread.
import { openSqliteFile } from '../../base/platform-sqlite.ts'
import { quoted } from './names.ts'

export interface TableQuery {
  /** The file's path; nobody is in a transaction there. */
  readonly file: string
  /** Names that the query may use: columns of a table of the file. */
  readonly views: readonly {
    readonly name: string
    readonly table: string
    readonly columns: readonly string[]
  }[]
  /** As one statement, whatever the text holds. */
  readonly sql: string
  /** The table that it makes. */
  readonly result: string
}

/** Why the query is none, in SQLite's words; null: the table is there. */
export async function makeTable({ file, views, sql, result }: TableQuery): Promise<string | null> {
  const database = await openSqliteFile(file, 'write')
  try {
    database.exec('PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY')
    for (const { name, table, columns } of views) {
      const names = columns.map(quoted).join(', ')
      database.exec(`CREATE TEMP VIEW ${quoted(name)} AS SELECT ${names} FROM main.${quoted(table)}`)
    }
    try {
      const statement = database.prepare(`CREATE TABLE ${quoted(result)} AS SELECT * FROM (\n${sql}\n)`)
      try {
        statement.run([])
      } finally {
        statement.finalize()
      }
      return null
    } catch (error) {
      return (error as Error).message
    }
  } finally {
    database.close()
  }
}
