// How many indexes the workspace keeps: each takes room, and time whenever rows of its input change. Those that were used
// last stay, so that an index of a table that is no longer derived goes once others come.
import type { SqliteFile } from '../base/platform-sqlite.ts'
import { quoted } from '../formats/sqlite/names.ts'
import type { Index } from './sql/indexes.ts'

const indexesPerInputMax = 8

/** Notes that these indexes are about to be used, and drops others that are too many beside them. */
export function keepIndexes(database: SqliteFile, wanted: readonly Index[]): void {
  database.exec(
    'CREATE TABLE IF NOT EXISTS "varve indexes" (name TEXT PRIMARY KEY, used INTEGER) WITHOUT ROWID',
  )
  const used = new Map(
    database
      .all('SELECT name, used FROM "varve indexes"')
      .map((row) => [String(row['name']), Number(row['used'])]),
  )
  const now = 1 + Math.max(0, ...used.values())
  const names = new Set(wanted.map(({ name }) => name))
  for (const storage of new Set(wanted.map(({ input }) => input.storage))) {
    const others = indexesOn(database, storage).filter((name) => !names.has(name))
    const own = wanted.filter(({ input }) => input.storage === storage).length
    const stay = Math.max(0, indexesPerInputMax - own)
    others.sort((a, b) => (used.get(b) ?? 0) - (used.get(a) ?? 0))
    for (const name of others.slice(stay)) database.exec(`DROP INDEX ${quoted(name)}`)
  }
  note(database, names, now)
}

function indexesOn(database: SqliteFile, storage: string): string[] {
  // Those that SQLite makes by itself have no text.
  return database
    .all("SELECT name, tbl_name AS on_table FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")
    .filter((row) => row['on_table'] === storage)
    .map((row) => String(row['name']))
}

/** Notes which indexes were used, and forgets indexes that are gone. */
function note(database: SqliteFile, names: ReadonlySet<string>, now: number): void {
  const statement = database.prepare('INSERT OR REPLACE INTO "varve indexes" VALUES (?, ?)')
  try {
    for (const name of names) statement.run([name, now])
  } finally {
    statement.finalize()
  }
  database.exec(
    `DELETE FROM "varve indexes" WHERE used < ${now} AND name NOT IN (SELECT name FROM sqlite_schema WHERE type = 'index')`,
  )
}
