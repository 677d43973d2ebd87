// The binary log of MariaDB or MySQL as the log of a link. It is the server's own, kept as long as the server is set to
// keep it and not for the link's sake; where it is gone, or is another one under the same name, the tables are compared
// instead.
import type { ConnectionOptions } from 'mysql2'
import type { ChangeLog, LogMark, LogReader, LogStart, LogStatus, LostLog } from '../../change-log.ts'
import type { EndpointSnapshot, EndpointTable } from '../../interface.ts'
import type { MysqlTable } from '../discover.ts'
import { causeNumber, withEndpointErrors } from '../failure.ts'
import type { Session } from '../session.ts'
import { FollowedTables } from './followed-tables.ts'
import { placeNow, placeOfSnapshot, whileStill } from './log-end.ts'
import { obstacleOf } from './obstacle.ts'
import { type BinlogPlace, positionOf, positionText } from './position.ts'
import { BinlogReader } from './reader.ts'
import { BinlogStream, isGone, offsetMax } from './stream.ts'

/** The user may not read the log, or not ask where it is. */
const noRight = 1227

export interface BinlogHome {
  readonly session: Session
  readonly address: ConnectionOptions
  readonly location: string
  readonly snapshot: (tables: readonly EndpointTable[]) => Promise<EndpointSnapshot>
}

export class BinlogChangeLog implements ChangeLog {
  readonly #home: BinlogHome
  readonly #readers: LogReader[] = []

  constructor(home: BinlogHome) {
    this.#home = home
  }

  async obstacle(tables: readonly EndpointTable[]): Promise<string | null> {
    try {
      return await this.#asked(() => obstacleOf(this.#home.session, tables as readonly MysqlTable[]))
    } catch (error) {
      // Whoever may not ask where the log is may not read it either.
      if (causeNumber(error) === noRight) return (error as Error).message
      throw error
    }
  }

  /** Begins where the log stood at the moment of the snapshot. */
  async begin(_: string, tables: readonly EndpointTable[]): Promise<LogStart> {
    const { session, address } = this.#home
    const [isTold] = await this.#asked(() => session.texts("SHOW STATUS LIKE 'binlog\\_snapshot\\_file'"))
    const both = async (): Promise<{ snapshot: EndpointSnapshot; place: BinlogPlace }> => {
      const snapshot = await this.#home.snapshot(tables)
      try {
        const place = await this.#asked(() => (isTold === undefined ? placeNow : placeOfSnapshot)(session))
        return { snapshot, place }
      } catch (error) {
        await snapshot.close()
        throw error
      }
    }
    const { snapshot, place } =
      isTold === undefined
        ? await this.#asked(() => whileStill(address, tables as readonly MysqlTable[], both))
        : await both()
    try {
      const reader = await this.#read(tables, place)
      const begun = await reader.begun()
      await reader.close()
      return { position: positionText({ ...place, begun, last: null, prepared: [] }), snapshot }
    } catch (error) {
      await snapshot.close()
      throw error
    }
  }

  async open(tables: readonly EndpointTable[], mark: LogMark): Promise<LogReader | LostLog> {
    const at = positionOf(mark.position)
    if (at === null) return { lost: 'its position is not one of MariaDB or MySQL' }
    if (at.at >= offsetMax) return { lost: 'it is beyond the first 4 GiB of a file' }
    try {
      const reader = await this.#read(tables, { file: at.file, at: at.last?.from ?? at.at })
      if (await reader.resume(at)) {
        // Whether the user may still ask where the log is.
        await reader.now()
        return reader
      }
      await reader.close()
      return { lost: 'the server has another log under the same name: it was set back' }
    } catch (error) {
      if (causeNumber(error) === noRight) return { lost: (error as Error).message }
      if (!isGone(error)) throw error
      return { lost: `the server has no such log any more: ${(error as { cause: Error }).cause.message}` }
    }
  }

  async status(position: string): Promise<LogStatus | null> {
    const at = positionOf(position)
    if (at === null) return null
    const files = await this.#asked(() => this.#home.session.texts('SHOW BINARY LOGS'))
    const first = files.findIndex(([file]) => file === at.file)
    const keptBytes = files.slice(Math.max(first, 0)).reduce((sum, [, bytes]) => sum + Number(bytes), 0)
    return {
      name: at.file,
      isActive: this.#readers.length > 0,
      keptBytes: first < 0 ? null : keptBytes - at.at,
      trouble: first < 0 ? 'the server has removed the file' : null,
    }
  }

  async end(): Promise<void> {}

  async close(): Promise<void> {
    for (const reader of this.#readers) await reader.close()
  }

  async #read(tables: readonly EndpointTable[], place: BinlogPlace): Promise<BinlogReader> {
    const { address, location, session } = this.#home
    const stream = await this.#asked(() => BinlogStream.open(address, place))
    const reader = new BinlogReader(
      {
        stream,
        tables: new FollowedTables(tables as readonly MysqlTable[]),
        location,
        now: () => placeNow(session),
        streamFrom: (earlier) => BinlogStream.open(address, earlier),
      },
      { ...place, begun: 0, last: null, prepared: [] },
    )
    this.#readers.push(reader)
    return reader
  }

  #asked<T>(work: () => Promise<T>): Promise<T> {
    return withEndpointErrors(this.#home.location, work)
  }
}
