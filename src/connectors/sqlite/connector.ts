// A live SQLite file as an endpoint. A snapshot is one reading transaction, writing is one that begins by taking the
// lock; in between other processes read and write as they like.
import fs from 'node:fs/promises'
import { VarveError } from '../../base/errors.ts'
import type {
  ApplyPlan,
  Applied,
  Checkpoint,
  Connector,
  EndpointSnapshot,
  EndpointTable,
} from '../interface.ts'
import { applyPlan } from './apply.ts'
import { SqliteChangeLog } from './changes/change-log.ts'
import { SqliteDatabase, sqlitePath } from './database.ts'
import { changeCounter, dataVersion, hashFile } from './digest.ts'
import { type SqliteTable, discoverTables } from './discover.ts'
import { readingError, sqliteError } from './failure.ts'
import { readRows } from './rows.ts'
import { sinceCursor } from './since.ts'
import { readState, takeOver } from './state.ts'

export async function openSqlite(url: string): Promise<Connector> {
  const path = sqlitePath(url)
  const database = await SqliteDatabase.open(path)
  return new SqliteConnector(database)
}

class SqliteConnector implements Connector {
  readonly location: string
  readonly log: SqliteChangeLog
  readonly #database: SqliteDatabase
  /** Opened when a digest is asked for. */
  #watch: SqliteDatabase | null = null

  constructor(database: SqliteDatabase) {
    this.#database = database
    this.location = `sqlite://${database.path}`
    this.log = new SqliteChangeLog({
      database,
      isWritable: database.isWritable,
      version: async () => {
        this.#watch ??= await SqliteDatabase.open(database.path)
        const watch = this.#watch
        return this.#withErrors(() => dataVersion(watch))
      },
      snapshot: () => this.snapshot(),
      asked: (work) => this.#writing(work),
    })
  }

  /** The file's own number: another file in its place has another, what is copied over it has not. */
  async identity(): Promise<string> {
    const { ino } = await fs.stat(this.#database.path, { bigint: true })
    return `sqlite:${ino}`
  }

  writePosition(): Promise<bigint> {
    return changeCounter(this.#database)
  }

  discover(names?: readonly string[]): Promise<readonly EndpointTable[]> {
    return this.#withErrors(() => discoverTables(this.#database, names))
  }

  async snapshot(): Promise<EndpointSnapshot> {
    const database = this.#database
    this.#watch ??= await SqliteDatabase.open(database.path)
    const watch = this.#watch
    const seen = await this.#withErrors(() => dataVersion(watch))
    if (database.isInTransaction) throw new VarveError('VARVE_NOT_POSSIBLE', 'a snapshot is open already')
    await this.#writing(() => database.beginReading())
    const hash = async (): Promise<string | null> => {
      const digest = await hashFile(watch)
      return (await this.#withErrors(() => dataVersion(watch))) === seen ? digest : null
    }
    let digest: Promise<string | null> | null = null
    return {
      rows: (table) => this.#rows(table as SqliteTable),
      digest: (table) => (digest ??= hash()).then((one) => one && `${one} ${table.name}`),
      since: async (table, cursor) => {
        const from = table as SqliteTable
        const { condition, largest, isIndexed } = await this.#withErrors(() =>
          sinceCursor(database, from, cursor),
        )
        return { isIndexed, largest: () => largest, rows: () => this.#rows(from, condition) }
      },
      close: () => {
        if (database.isInTransaction) database.exec('ROLLBACK')
        return Promise.resolve()
      },
    }
  }

  checkpoint(link: string): Promise<Checkpoint | null> {
    return this.#withErrors(() => readState(this.#database, link))
  }

  takeOver(link: string): Promise<Checkpoint> {
    return this.#writing(() => this.#database.transaction(() => takeOver(this.#database, link)))
  }

  apply(plan: ApplyPlan): Promise<Applied> {
    return this.#writing(() => applyPlan(this.#database, plan))
  }

  close(): Promise<void> {
    this.#watch?.close()
    this.#database.close()
    return Promise.resolve()
  }

  async #withErrors<T>(work: () => T): Promise<T> {
    return this.#writing(() => this.#database.patiently(work))
  }

  async #writing<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw sqliteError(this.#database.path, error)
    }
  }

  async *#rows(table: SqliteTable, condition = 'TRUE'): ReturnType<typeof readRows> {
    try {
      yield* readRows(this.#database, table, condition)
    } catch (error) {
      throw readingError(this.#database.path, table.name, error)
    }
  }
}
