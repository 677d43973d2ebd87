// The one row a link keeps in the file itself: which commit it was brought to, and who may write. It is written with the
// rows, and restored with them.
import type { ApplyPlan, Checkpoint } from '../interface.ts'
import { takenOverError } from '../taken-over-error.ts'
import type { SqliteDatabase } from './database.ts'

const createTable = `
  CREATE TABLE IF NOT EXISTS varve_sync (
    link TEXT PRIMARY KEY NOT NULL,
    fence INTEGER NOT NULL,
    base_commit TEXT,
    applied_at TEXT
  )`

export function readState(database: SqliteDatabase, link: string): Checkpoint | null {
  const known = database.all("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'varve_sync'")
  if (known.length === 0) return null
  const [row] = database.all('SELECT fence, base_commit FROM varve_sync WHERE link = ?', [link])
  return row === undefined ? null : { fence: Number(row[0]), base: row[1] as string | null }
}

/** Takes the link over from any other worker. Call it inside a transaction. */
export function takeOver(database: SqliteDatabase, link: string): Checkpoint {
  database.exec(createTable)
  database.run(
    `INSERT INTO varve_sync (link, fence) VALUES (?, 1) ON CONFLICT (link) DO UPDATE SET fence = fence + 1`,
    [link],
  )
  return readState(database, link)!
}

/** Inside the transaction that writes the rows. @throws VARVE_NOT_POSSIBLE when another worker has taken over */
export function writeState(database: SqliteDatabase, { link, fence, base }: ApplyPlan): void {
  const changed = database.run(
    `UPDATE varve_sync SET base_commit = ?, applied_at = datetime('now') WHERE link = ? AND fence = ?`,
    [base, link, fence],
  )
  if (changed === 1) return
  throw takenOverError(link)
}
