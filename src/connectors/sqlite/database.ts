// An SQLite file that others use at the same time. The driver is SQLite itself, so it locks as every other process that
// has the file open does, in WAL mode too. Whoever holds the lock is waited for, without stopping everything else here.
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type * as driver from '@photostructure/sqlite'
import { VarveError } from '../../base/errors.ts'
import { errorCode, sqliteError } from './failure.ts'

export type SqliteValue = null | bigint | number | string | Uint8Array

/** How long it waits for another's lock. */
const patienceMs = 30_000
const busy = 5

/** The file's path. @throws VarveError VARVE_USAGE */
export function sqlitePath(url: string): string {
  try {
    if (url.startsWith('sqlite:///')) return fileURLToPath(url.replace(/^sqlite:/, 'file:'))
  } catch {
    // Said below.
  }
  throw new VarveError('VARVE_USAGE', `not the URL of an SQLite file: '${url}'`, {
    data: { url },
    hint: 'it has the whole path: sqlite:///srv/app/data.db',
  })
}

export class SqliteDatabase {
  readonly path: string
  readonly isWritable: boolean
  readonly #database: driver.DatabaseSyncInstance
  readonly #stepped = new Set<driver.StatementSyncInstance>()
  readonly #statements = new Map<string, driver.StatementSyncInstance>()

  private constructor(path: string, isWritable: boolean, database: driver.DatabaseSyncInstance) {
    this.path = path
    this.isWritable = isWritable
    this.#database = database
  }

  /** @throws VarveError VARVE_UNREACHABLE when there is no such file, VARVE_NOT_POSSIBLE when it is no database */
  static async open(path: string): Promise<SqliteDatabase> {
    const { DatabaseSync } = await loadDriver()
    if (!fs.existsSync(path)) {
      throw new VarveError('VARVE_UNREACHABLE', `there is no file '${path}'`, {
        data: { path },
        hint: 'its own program makes it: a link only opens what is there',
      })
    }
    const isWritable = mayWrite(path)
    let opened: SqliteDatabase | null = null
    try {
      const database = new DatabaseSync(path, {
        readOnly: !isWritable,
        timeout: 50,
        enableForeignKeyConstraints: true,
        // Schemas of old may have a text in double quotes.
        enableDoubleQuotedStringLiterals: true,
      })
      const fresh = new SqliteDatabase(path, isWritable, database)
      opened = fresh
      await fresh.patiently(() => fresh.all('SELECT count(*) FROM sqlite_schema'))
      opened.exec('PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON')
      // What is reported as written is on the disk, in WAL mode too.
      if (isWritable) opened.exec('PRAGMA synchronous = FULL')
      const [[encoding]] = opened.all('PRAGMA encoding') as [[string]]
      if (encoding !== 'UTF-8') {
        throw new VarveError('VARVE_NOT_POSSIBLE', `'${path}' keeps its text as ${encoding}, not as UTF-8`, {
          data: { path, encoding },
          hint: "copy it into a database with UTF-8: in a new file, 'PRAGMA encoding' before the first table",
        })
      }
      return opened
    } catch (error) {
      opened?.close()
      throw sqliteError(path, error)
    }
  }

  get isInTransaction(): boolean {
    return this.#database.isTransaction
  }

  exec(sql: string): void {
    this.#database.exec(sql)
  }

  /** All rows as arrays; integers as bigint. */
  all(sql: string, values: readonly SqliteValue[] = []): SqliteValue[][] {
    return this.#prepared(sql).all(...values) as SqliteValue[][]
  }

  /** Rows as they are stepped to. A statement of its own: ending the loop ends it. */
  *iterate(sql: string): Generator<SqliteValue[]> {
    const statement = this.#prepare(sql)
    // The driver's iterator does not hold it: without this the collector would end it amid its rows.
    this.#stepped.add(statement)
    try {
      yield* statement.iterate() as IterableIterator<SqliteValue[]>
    } finally {
      this.#stepped.delete(statement)
    }
  }

  /** Runs a statement; returns how many rows it changed. */
  run(sql: string, values: readonly SqliteValue[] = []): number {
    return Number(this.#prepared(sql).run(...values).changes)
  }

  /** Again and again while somebody else has the lock. @throws what `work` throws, at last that it is locked */
  async patiently<T>(work: () => T): Promise<T> {
    const endMs = Date.now() + patienceMs
    for (;;) {
      try {
        return work()
      } catch (error) {
        if ((errorCode(error) & 0xff) !== busy || Date.now() > endMs) throw error
        await sleep(20)
      }
    }
  }

  /** Until its end all is read as it is at this moment. @throws what is left when patience ends: then none has begun */
  async beginReading(): Promise<void> {
    await this.patiently(() => {
      this.exec('BEGIN')
      try {
        // The moment is that of the first reading.
        this.all('SELECT count(*) FROM sqlite_schema')
      } catch (error) {
        // Another try begins another one.
        this.exec('ROLLBACK')
        throw error
      }
    })
  }

  /** Runs `work` in a transaction that keeps all others from writing until its end. */
  async transaction<T>(work: () => Promise<T> | T): Promise<T> {
    await this.patiently(() => this.exec('BEGIN IMMEDIATE'))
    try {
      const result = await work()
      await this.patiently(() => this.exec('COMMIT'))
      return result
    } catch (error) {
      if (this.isInTransaction) this.exec('ROLLBACK')
      throw error
    }
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close()
  }

  #prepared(sql: string): driver.StatementSyncInstance {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#prepare(sql)
    if (this.#statements.size > 500) this.#statements.clear()
    this.#statements.set(sql, statement)
    return statement
  }

  #prepare(sql: string): driver.StatementSyncInstance {
    const statement = this.#database.prepare(sql)
    statement.setReadBigInts(true)
    statement.setReturnArrays(true)
    return statement
  }
}

/** Its binaries are made for some platforms; on others npm leaves it out. */
async function loadDriver(): Promise<typeof driver> {
  try {
    return await import('@photostructure/sqlite')
  } catch (cause) {
    throw new VarveError('VARVE_NOT_POSSIBLE', 'the SQLite driver does not run here', {
      data: { platform: process.platform, arch: process.arch },
      hint: 'there are binaries of @photostructure/sqlite for Linux, macOS and Windows on x64 and arm64',
      cause,
    })
  }
}

function mayWrite(path: string): boolean {
  try {
    fs.accessSync(path, fs.constants.W_OK)
    return true
  } catch {
    return false
  }
}
