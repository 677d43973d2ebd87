// The file of an inbox, and taking webhooks in: one transaction, flushed before it is confirmed, that keeps a webhook
// under its id unless that id has come before to the same address: a sender gives the addresses of two tables one id.
// Ids are remembered for a month and longer, until something is taken out; senders that follow the standard give up
// after days. What waits is bounded, so that a round that is never run fills no disk.
import { randomHex } from '../../base/platform.ts'
import fs from 'node:fs'
import { dirname } from 'node:path'
import { VarveError } from '../../base/errors.ts'
import { SqliteDatabase } from '../sqlite/database.ts'
import { sqliteError } from '../sqlite/failure.ts'
import type { Hook } from './interface.ts'

const layout = 2
export const waitingMax = 100_000
const waitingBytesMax = 256 << 20

const tables = `
  CREATE TABLE inbox (
    id TEXT NOT NULL, reader TEXT, lastSeq INTEGER NOT NULL, takenSeq INTEGER NOT NULL, takenPart INTEGER NOT NULL,
    waiting INTEGER NOT NULL, waitingBytes INTEGER NOT NULL);
  CREATE TABLE hooks (
    seq INTEGER NOT NULL, part INTEGER NOT NULL, id TEXT NOT NULL, tableName TEXT, receivedMs INTEGER NOT NULL,
    body BLOB NOT NULL, chosen TEXT, event TEXT, PRIMARY KEY (seq, part));
  CREATE TABLE aside (
    seq INTEGER NOT NULL, part INTEGER NOT NULL, id TEXT NOT NULL, tableName TEXT, receivedMs INTEGER NOT NULL,
    body BLOB NOT NULL, items TEXT NOT NULL, event TEXT, PRIMARY KEY (seq, part));
  CREATE TABLE ids (id TEXT PRIMARY KEY, receivedMs INTEGER NOT NULL) WITHOUT ROWID;`

export class InboxFile {
  readonly path: string
  readonly database: SqliteDatabase
  /** What is asked and written, one after the other: one connection has one transaction. */
  #last: Promise<unknown> = Promise.resolve()

  private constructor(path: string, database: SqliteDatabase) {
    this.path = path
    this.database = database
  }

  /**
   * Opens an inbox, and makes it if it is not there. @throws VarveError VARVE_UNREACHABLE, VARVE_REFUSED,
   * VARVE_NOT_POSSIBLE
   */
  static async open(path: string): Promise<InboxFile> {
    makeFile(path)
    const database = await SqliteDatabase.open(path)
    const file = new InboxFile(path, database)
    try {
      await file.asked(() => database.patiently(() => database.exec('PRAGMA journal_mode = WAL')))
      await file.write(() => prepare(database))
      return file
    } catch (error) {
      file.close()
      throw error
    }
  }

  /** Durable when it returns; 'full': nothing was kept, and the sender may try again later. */
  take({ id, table, event, body }: Hook): Promise<'kept' | 'known' | 'full'> {
    const { database } = this
    // No id has a space in it.
    const known = table === null ? id : `${id} ${table}`
    return this.write(() => {
      const receivedMs = Date.now()
      const isNew = database.run('INSERT OR IGNORE INTO ids VALUES (?, ?)', [known, receivedMs]) === 1
      if (!isNew) return 'known'
      const [[lastSeq, waiting, bytes]] = database.all(
        'SELECT lastSeq, waiting, waitingBytes FROM inbox',
      ) as [[bigint, bigint, bigint]]
      if (waiting >= waitingMax || Number(bytes) + body.length > waitingBytesMax) {
        database.run('DELETE FROM ids WHERE id = ?', [known])
        return 'full'
      }
      const values = [lastSeq + 1n, 0, id, table, receivedMs, body, event]
      database.run('INSERT INTO hooks VALUES (?, ?, ?, ?, ?, ?, NULL, ?)', values)
      database.run(
        'UPDATE inbox SET lastSeq = lastSeq + 1, waiting = waiting + 1, waitingBytes = waitingBytes + ?',
        [body.length],
      )
      return 'kept'
    })
  }

  /** Runs `work` in one transaction, after all that was asked for before. */
  write<T>(work: () => T): Promise<T> {
    return this.asked(() => this.database.transaction(work))
  }

  asked<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work).catch((error: unknown) => {
      throw sqliteError(this.path, error)
    })
    this.#last = done.catch(() => undefined)
    return done
  }

  close(): void {
    this.database.close()
  }
}

/** Others' rows are in it: nobody but the owner of the file may read it. */
function makeFile(path: string): void {
  try {
    fs.closeSync(fs.openSync(path, fs.constants.O_CREAT | fs.constants.O_RDWR, 0o600))
  } catch (error) {
    // Opening it as a database says what else is the matter.
    const folder = dirname(path)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return
    throw new VarveError('VARVE_UNREACHABLE', `there is no folder '${folder}' for the inbox`, {
      data: { path },
      hint: 'make the folder; the inbox itself is made in it',
      cause: error,
    })
  }
}

function prepare(database: SqliteDatabase): void {
  const [[version]] = database.all('PRAGMA user_version') as [[bigint]]
  if (version === BigInt(layout)) return
  // Before 2 what happened was not kept.
  if (version === 1n) {
    for (const table of ['hooks', 'aside']) database.exec(`ALTER TABLE ${table} ADD COLUMN event TEXT`)
    database.exec(`PRAGMA user_version = ${layout}`)
    return
  }
  if (version !== 0n || database.all('SELECT 1 FROM sqlite_schema').length > 0)
    throw new VarveError('VARVE_NOT_POSSIBLE', 'the file is not an inbox of this version of Varve', {
      hint: 'let the URL name a file that does not exist yet; it is made when it is first opened',
    })
  database.exec(tables)
  database.run('INSERT INTO inbox VALUES (?, NULL, 0, 0, 0, 0, 0)', [randomHex(16)])
  database.exec(`PRAGMA user_version = ${layout}`)
}
