// The SQLite database in which queries run: it holds the inputs as they were when it was used last, and is brought up
// to date by what has changed since. It is a cache: whatever is wrong with it, all is read anew.
import { type KeptFile, takeKeptFile } from '../base/platform-kept-file.ts'
import { OwnThread } from '../base/own-thread.ts'
import { type SqliteFile, openSqliteFile } from '../base/platform-sqlite.ts'
import type { RowsToInsert } from '../formats/sqlite/bound-rows.ts'
import { type RowTarget, insertRows } from '../formats/sqlite/insert-rows.ts'
import { quoted } from '../formats/sqlite/names.ts'
import { type SqlStep, type StepsEnd, runSteps, settings } from '../formats/sqlite/run-steps.ts'

/** Raised when tables are stored in another way, or results are computed in another one. */
const layout = 3

export class Workspace {
  readonly database: SqliteFile
  readonly #file: KeptFile
  readonly #thread = new OwnThread()
  /** Whether a thread was ended and has left its lock: then nothing can be changed here any more. */
  #isLocked = false

  private constructor(database: SqliteFile, file: KeptFile) {
    this.database = database
    this.#file = file
  }

  /** Opens a workspace in `folder`, where the next finds it by this name; with null, a temporary one. */
  static async open(folder: string | null, name = 'derived.sqlite'): Promise<Workspace> {
    const file = await takeKeptFile(folder, name)
    const database = await openSqliteFile(file.path, 'write')
    try {
      prepare(database)
      return new Workspace(database, file)
    } catch (error) {
      database.close()
      if (file.isNew) {
        await file.drop()
        throw error
      }
      await file.drop()
      return Workspace.open(folder, name)
    }
  }

  /** As `runSteps`, in a thread that ends when `signal` aborts; then the workspace has to be dropped. */
  async run(steps: readonly SqlStep[], signal: AbortSignal | undefined): Promise<StepsEnd> {
    return this.#inThread((thread, path) => thread.run('runSteps', runSteps, [path, steps], { signal }))
  }

  /** As `insertRows`, in that thread. `rows` are handed over, and after a failure the workspace has to be dropped. */
  async insert(target: RowTarget, rows: RowsToInsert, signal: AbortSignal | undefined): Promise<void> {
    const transfer = [rows.bytes, rows.byteEnds, rows.bound].map(({ buffer }) => buffer as ArrayBuffer)
    return this.#inThread((thread, path) =>
      thread.run('insertRows', insertRows, [path, target, rows], { signal, transfer }),
    )
  }

  async #inThread<T>(work: (thread: OwnThread, path: string) => Promise<T>): Promise<T> {
    try {
      return await work(this.#thread, this.#file.path)
    } catch (error) {
      this.#isLocked = true
      throw error
    }
  }

  /** Drops tables that are there. After an abort this does nothing: they go with the workspace. */
  dropTables(names: Iterable<string>): void {
    if (this.#isLocked) return
    for (const name of names) this.database.exec(`DROP TABLE IF EXISTS ${quoted(name)}`)
  }

  /** The version of what computes here: results of another one may differ in a digit. */
  engine(): string {
    const [row] = this.database.all('SELECT sqlite_version() AS version')
    return `${layout} ${String(row!['version'])}`
  }

  /** Keeps the cache for the next time. */
  async keep(): Promise<void> {
    await this.#thread.close()
    this.database.close()
    await this.#file.giveBack()
  }

  async drop(): Promise<void> {
    await this.#thread.close()
    this.database.close()
    await this.#file.drop()
  }
}

function prepare(database: SqliteFile): void {
  database.exec(settings)
  const [version] = database.all('PRAGMA user_version')
  if (version!['user_version'] !== 0 && version!['user_version'] !== layout) throw new Error('another layout')
  database.exec(
    `CREATE TABLE IF NOT EXISTS "varve inputs"
       (path TEXT PRIMARY KEY, storage TEXT NOT NULL, shape TEXT NOT NULL, tree TEXT NOT NULL) WITHOUT ROWID;
     PRAGMA user_version = ${layout}`,
  )
}
