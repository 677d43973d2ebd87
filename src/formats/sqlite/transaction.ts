import type { SqliteFile } from '../../base/platform-sqlite.ts'

/** Runs `work` in a transaction, and commits it, or takes it back when `work` throws. */
export async function inTransaction<T>(database: SqliteFile, work: () => Promise<T>): Promise<T> {
  database.exec('BEGIN')
  try {
    const result = await work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    rollback(database)
    throw error
  }
}

/** SQLite rolls back by itself when the disk is full: then the first error is reported, not this one. */
function rollback(database: SqliteFile): void {
  try {
    database.exec('ROLLBACK')
  } catch {
    // There is nothing left to take back.
  }
}
