// SQLite has no log that others may read, so triggers write one: a table of the keys that were written, in the order of the
// transactions that wrote them. What was there last counts, so the rows are read as they are now, all tables at one
// moment.
import { setTimeout as sleep } from 'node:timers/promises'
import { isVarveError } from '../../../base/errors.ts'
import type {
  ChangeLog,
  LogMark,
  LogPart,
  LogReader,
  LogStart,
  LogStatus,
  LostLog,
} from '../../change-log.ts'
import type { EndpointSnapshot, EndpointTable } from '../../interface.ts'
import type { SqliteDatabase } from '../database.ts'
import type { SqliteTable } from '../discover.ts'
import { readingError } from '../failure.ts'
import { type ChangesPosition, positionOf, positionText } from './position.ts'
import { readChanges } from './read.ts'
import {
  addReader,
  hasTables,
  lastSeq,
  lostReason,
  moveReader,
  newToken,
  realName,
  removeReader,
} from './readers.ts'
import { triggerObstacle } from './triggers.ts'

const pollMs = 100

export interface ChangesHome {
  readonly database: SqliteDatabase
  readonly isWritable: boolean
  /** Changes whenever another connection commits. */
  readonly version: () => Promise<unknown>
  readonly snapshot: () => Promise<EndpointSnapshot>
  /** Runs `work`; an error of SQLite is thrown as a VarveError. */
  readonly asked: <T>(work: () => Promise<T>) => Promise<T>
}

export class SqliteChangeLog implements ChangeLog {
  readonly changesSchema = true
  readonly #home: ChangesHome

  constructor(home: ChangesHome) {
    this.#home = home
  }

  obstacle(tables: readonly EndpointTable[]): Promise<string | null> {
    const { database, isWritable, asked } = this.#home
    if (!isWritable) return Promise.resolve('the file cannot be written to, so no triggers can be made')
    return asked(() =>
      database.patiently(() => {
        for (const table of tables) {
          const obstacle = triggerObstacle(database, table as SqliteTable)
          if (obstacle !== null) return obstacle
        }
        return null
      }),
    )
  }

  async begin(name: string, tables: readonly EndpointTable[]): Promise<LogStart> {
    const { database, asked, snapshot } = this.#home
    const position = await asked(() =>
      database.transaction(() => addReader(database, name, tables as readonly SqliteTable[])),
    )
    // What is written in between is in both, and is read again.
    return { position: positionText(position), snapshot: await snapshot() }
  }

  async open(tables: readonly EndpointTable[], mark: LogMark): Promise<LogReader | LostLog> {
    const { database, asked } = this.#home
    const at = positionOf(mark.position)
    if (at === null) return { lost: 'its position is not one of SQLite' }
    const own = tables as readonly SqliteTable[]
    const lost = await asked(() => database.patiently(() => lostReason(database, own, at)))
    return lost === null ? new ChangesReader(this.#home, own, at) : { lost }
  }

  async status(position: string): Promise<LogStatus | null> {
    const { database, asked } = this.#home
    const at = positionOf(position)
    const isThere = await asked(() =>
      database.patiently(
        () =>
          at !== null &&
          hasTables(database) &&
          database.all('SELECT 1 FROM varve_log WHERE reader = ?', [at.reader]).length > 0,
      ),
    )
    return isThere ? { name: at!.reader, isActive: false, keptBytes: null, trouble: null } : null
  }

  async end(position: string): Promise<void> {
    const { database, asked } = this.#home
    // What a link's transform had put before it, as long as it had one, is not asked for here.
    const at = positionOf(position.split(' ').slice(-3).join(' '))
    if (at !== null) await asked(() => database.transaction(() => removeReader(database, at.reader)))
  }
}

class ChangesReader implements LogReader {
  readonly #home: ChangesHome
  readonly #tables: readonly SqliteTable[]
  #at: ChangesPosition

  constructor(home: ChangesHome, tables: readonly SqliteTable[], at: ChangesPosition) {
    this.#home = home
    this.#tables = tables
    this.#at = at
  }

  async now(): Promise<string> {
    return positionText({ ...this.#at, seq: await this.#last() })
  }

  /** All that is there by now, whatever `until` says: rows are as they are now. */
  async *read(_: string, signal?: AbortSignal): AsyncGenerator<LogPart> {
    const { database, asked } = this.#home
    const after = this.#at.seq
    const transaction = null
    await asked(() => database.beginReading())
    try {
      // The triggers may have gone since the reader was opened, and with them what was written since.
      const lost = lostReason(database, this.#tables, this.#at)
      if (lost !== null) {
        const changes = this.#tables.map(
          ({ name }) => ({ kind: 'unclear', table: name, reason: lost }) as const,
        )
        yield { changes, position: positionText(this.#at), transaction }
        return
      }
      const until = lastSeq(database)
      for (const table of until === after ? [] : this.#tables)
        try {
          for (const changes of readChanges(database, table, realName(database, table), { after, until })) {
            signal?.throwIfAborted()
            yield { changes, position: null, transaction }
          }
        } catch (error) {
          throw readingError(database.path, table.name, error)
        }
      // A file that is set back to this very moment is the same; to any other has another word.
      if (until !== after) this.#at = { ...this.#at, seq: until, token: newToken() }
      yield { changes: [], position: positionText(this.#at), transaction }
    } finally {
      if (database.isInTransaction) database.exec('ROLLBACK')
    }
  }

  async wait(signal: AbortSignal): Promise<void> {
    let seen: unknown = null
    while (!signal.aborted) {
      const version = await this.#home.version()
      if (version !== seen && (await this.#last()) !== this.#at.seq) return
      seen = version
      await sleep(pollMs, undefined, { signal }).catch(() => undefined)
    }
  }

  async acknowledge(position: string): Promise<void> {
    const { database, asked } = this.#home
    try {
      await asked(() => database.transaction(() => moveReader(database, positionOf(position)!)))
    } catch (error) {
      // The file may only be read by now: what is not noted there is found by comparing, whenever the log is opened again.
      if (!isVarveError(error, 'VARVE_REFUSED')) throw error
    }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  #last(): Promise<bigint> {
    const { database, asked } = this.#home
    return asked(() => database.patiently(() => (hasTables(database) ? lastSeq(database) : -1n)))
  }
}
