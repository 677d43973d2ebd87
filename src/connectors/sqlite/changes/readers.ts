// Who reads a file's change table, and how far: a row for each link and table in `varve_log`. What all have read is
// removed, triggers that nobody needs are dropped, and with the last reader both tables are.
import { randomHex } from '../../../base/platform.ts'
import type { SqliteDatabase } from '../database.ts'
import type { SqliteTable } from '../discover.ts'
import type { ChangesPosition } from './position.ts'
import { areInstalled, dropTriggers, keyColumnsMax, triggersOf } from './triggers.ts'

const keyColumns = Array.from({ length: keyColumnsMax }, (_, i) => `k${i}`).join(', ')
const createTables = `
  CREATE TABLE IF NOT EXISTS varve_changes (seq INTEGER PRIMARY KEY AUTOINCREMENT, tbl TEXT NOT NULL, ${keyColumns});
  CREATE TABLE IF NOT EXISTS varve_log (
    reader TEXT NOT NULL,
    tbl TEXT NOT NULL,
    seq INTEGER NOT NULL,
    token TEXT NOT NULL,
    PRIMARY KEY (reader, tbl)
  )`

/** The table's name as the file has it: links may spell it in other cases. */
export function realName(database: SqliteDatabase, { name }: SqliteTable): string {
  const rows = database.all(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND lower(name) = lower(?)",
    [name],
  )
  return (rows[0]?.[0] ?? name) as string
}

export function newToken(): string {
  return randomHex(8)
}

/** The number of the last change; 0 before the first. */
export function lastSeq(database: SqliteDatabase): bigint {
  const [row] = database.all("SELECT seq FROM sqlite_sequence WHERE name = 'varve_changes'")
  return (row?.[0] ?? 0n) as bigint
}

/** Adds a reader; one of the same name starts anew. Call it inside a transaction. */
export function addReader(
  database: SqliteDatabase,
  reader: string,
  tables: readonly SqliteTable[],
): ChangesPosition {
  database.exec(createTables)
  database.run('DELETE FROM varve_log WHERE reader = ?', [reader])
  const position = { reader, seq: lastSeq(database), token: newToken() }
  for (const table of tables) {
    const real = realName(database, table)
    const wanted = triggersOf(database, table, real)
    if (!areInstalled(database, real, wanted)) {
      dropTriggers(database, real)
      for (const sql of wanted.values()) database.exec(sql)
      // What was written meanwhile nobody has noted: others have to read the table again as well.
      database.run('DELETE FROM varve_log WHERE tbl = ?', [real])
    }
    database.run('INSERT INTO varve_log (reader, tbl, seq, token) VALUES (?, ?, ?, ?)', [
      reader,
      real,
      position.seq,
      position.token,
    ])
  }
  removeUnneeded(database)
  return position
}

/** Why changes after this position are not all there, for people; null when they are. */
export function lostReason(
  database: SqliteDatabase,
  tables: readonly SqliteTable[],
  { reader, seq, token }: ChangesPosition,
): string | null {
  if (!hasTables(database)) return 'its change table is gone'
  const known = database.all('SELECT tbl FROM varve_log WHERE reader = ? AND seq = ? AND token = ?', [
    reader,
    seq,
    token,
  ])
  const names = tables.map((table) => realName(database, table))
  const isSame = known.length === names.length && known.every(([name]) => names.includes(name as string))
  if (!isSame)
    return 'its place in the change table is another: the file was set back, or other tables are noted'
  for (const [i, table] of tables.entries())
    if (!areInstalled(database, names[i]!, triggersOf(database, table, names[i]!)))
      return `the triggers of '${table.name}' are not as they were`
  const [[count]] = database.all('SELECT count(*) FROM varve_changes WHERE seq > ?', [seq]) as [[bigint]]
  return count === lastSeq(database) - seq ? null : 'changes have been removed from the change table'
}

/** Notes how far a reader has read. Call it inside a transaction. */
export function moveReader(database: SqliteDatabase, { reader, seq, token }: ChangesPosition): void {
  database.run('UPDATE varve_log SET seq = ?, token = ? WHERE reader = ?', [seq, token, reader])
  removeUnneeded(database)
}

/** Removes a reader, if there is one. Call it inside a transaction. */
export function removeReader(database: SqliteDatabase, reader: string): void {
  if (!hasTables(database)) return
  database.run('DELETE FROM varve_log WHERE reader = ?', [reader])
  removeUnneeded(database)
  const [[left]] = database.all('SELECT count(*) FROM varve_log') as [[bigint]]
  if (left === 0n) database.exec('DROP TABLE varve_changes; DROP TABLE varve_log')
}

export function hasTables(database: SqliteDatabase): boolean {
  const rows = database.all(
    "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name IN ('varve_changes', 'varve_log')",
  )
  return rows.length === 2
}

function removeUnneeded(database: SqliteDatabase): void {
  database.exec('DELETE FROM varve_changes WHERE seq <= coalesce((SELECT min(seq) FROM varve_log), seq)')
  const idle = database.all(
    `SELECT DISTINCT tbl_name FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'varve\\_changes\\_%' ESCAPE '\\'
        AND tbl_name NOT IN (SELECT tbl FROM varve_log)`,
  ) as [string][]
  for (const [name] of idle) dropTriggers(database, name)
}
