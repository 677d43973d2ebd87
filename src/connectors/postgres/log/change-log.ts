// PostgreSQL's log of changes: a publication of the link's tables and a replication slot of the same name, which keeps
// the log until this link has read it. The slot is begun with a snapshot of its first moment. It is read on only where
// it is surely the same log: the slot stands where it was last told, the same tables in the same files are published.
import type { Client } from 'pg'
import { setTimeout as sleep } from 'node:timers/promises'
import { VarveError, isVarveError } from '../../../base/errors.ts'
import type { ChangeLog, LogMark, LogReader, LogStart, LogStatus, LostLog } from '../../change-log.ts'
import type { EndpointSnapshot, EndpointTable } from '../../interface.ts'
import type { PostgresTable } from '../discover.ts'
import { withEndpointErrors } from '../failure.ts'
import { incarnationOf, runOf } from '../incarnation.ts'
import { PostgresLogReader } from './log-reader.ts'
import { LogStream } from './log-stream.ts'
import { lsnOf } from './lsn.ts'
import { type Session, connect, placeOf } from '../session.ts'
import { dropSlot, readSlot, readSlotState, whileBusy } from './slot.ts'
import { type SlotPosition, positionOf, positionText, slotName } from './slot-position.ts'
import { quoteName } from '../sql.ts'

/** A slot begins when all transactions that are open then have ended. */
const beginMsMax = 120_000
/** SQLSTATE: the user lacks REPLICATION, or does not own the tables, or may not create a publication. */
const noRight = '42501'
/** Beside that: there are as many slots as max_replication_slots allows; the user may only read. */
const noNewLog: ReadonlySet<unknown> = new Set([noRight, '53400', '25006'])

export class PostgresChangeLog implements ChangeLog {
  readonly #session: Session
  readonly #client: Client
  readonly #where: string
  readonly #snapshot: (name: string) => Promise<EndpointSnapshot>
  readonly #readers: LogReader[] = []
  /** Opened ahead. */
  #line: Promise<Client> | null

  /** `line`: one for the log that is opened already; `snapshot` opens one that another connection has exported. */
  constructor(
    session: Session,
    client: Client,
    line: Promise<Client> | null,
    snapshot: (name: string) => Promise<EndpointSnapshot>,
  ) {
    this.#session = session
    this.#line = line
    this.#client = client
    this.#where = placeOf(session.url)
    this.#snapshot = snapshot
  }

  obstacle(tables: readonly EndpointTable[]): Promise<string | null> {
    return withEndpointErrors(this.#where, () => this.#obstacle(tables))
  }

  begin(name: string, tables: readonly EndpointTable[]): Promise<LogStart> {
    return withEndpointErrors(this.#where, () =>
      this.#begin(slotName(name), tables as readonly PostgresTable[]),
    )
  }

  open(tables: readonly EndpointTable[], mark: LogMark): Promise<LogReader | LostLog> {
    return withEndpointErrors(this.#where, () => this.#open(tables as readonly PostgresTable[], mark))
  }

  #takeLine(): Promise<Client> {
    const line = this.#line ?? connectAhead(this.#session)
    this.#line = null
    return line
  }

  async #obstacle(tables: readonly EndpointTable[]): Promise<string | null> {
    for (const { name, columns } of tables) {
      const generated = columns.find(({ isUnlogged }) => isUnlogged)
      if (generated !== undefined)
        return `'${name}' has a generated column, '${generated.name}', which the log leaves out: so may the link, by a transform with 'omit'`
    }
    const hidden = hiddenRows(tables)
    if (hidden !== null) return hidden
    const heir = tables.find((table) => (table as PostgresTable).hasHeirs)
    if (heir !== undefined)
      return `other tables inherit from '${heir.name}', and the log tells their rows as theirs`
    const { rows } = await this.#client.query<{ level: string; is_standby: boolean }>(
      "SELECT current_setting('wal_level') AS level, pg_is_in_recovery() AS is_standby",
    )
    const { level, is_standby: isStandby } = rows[0]!
    if (level !== 'logical') return `the server's wal_level is '${level}' and must be 'logical'`
    if (isStandby) return 'the server is a standby'
    // Of a partitioned table that is published its parts are what changes. Where one of them has no identity, every UPDATE
    // of whoever uses the database would fail from then on.
    const { rows: odd } = await this.#client.query<{ name: string; kind: string }>(
      `WITH RECURSIVE parts AS (
         SELECT n::regclass::oid AS oid FROM unnest($1::text[]) n
         UNION SELECT i.inhrelid FROM pg_inherits i JOIN parts p ON i.inhparent = p.oid
       )
       SELECT c.oid::regclass::text AS name, c.relpersistence::text AS kind FROM parts JOIN pg_class c USING (oid)
        WHERE c.relpersistence <> 'p' OR c.relreplident <> 'f' AND (c.relreplident <> 'd' OR NOT EXISTS (
          SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND i.indimmediate))`,
      [tables.map((table) => (table as PostgresTable).sql)],
    )
    if (odd[0] === undefined) return null
    return odd[0].kind === 'p'
      ? `the replica identity of ${odd[0].name} is neither its primary key, checked at once, nor the whole row`
      : `${odd[0].name} is unlogged or temporary`
  }

  async #begin(slot: string, own: readonly PostgresTable[]): Promise<LogStart> {
    let replication: Client | null = null
    try {
      await dropSlot(this.#client, slot)
      replication = await this.#takeLine()
      const list = own.map(({ rowsSql }) => rowsSql).join(', ')
      await this.#client.query(
        `CREATE PUBLICATION ${quoteName(slot)} FOR TABLE ${list} WITH (publish_via_partition_root = true)`,
      )
      const incarnation = await incarnationOf(this.#client, own, slot)
      const { rows } = await inTime(
        replication.query<{ consistent_point: string; snapshot_name: string }>(
          `CREATE_REPLICATION_SLOT ${quoteName(slot)} LOGICAL pgoutput EXPORT_SNAPSHOT`,
        ),
      )
      const { consistent_point: start, snapshot_name: exported } = rows[0]!
      const run = await runOf(this.#client)
      const snapshot = await this.#snapshot(exported)
      return { position: positionText({ slot, lsn: lsnOf(start), incarnation, run }), snapshot }
    } catch (error) {
      await this.#client.query('ROLLBACK').catch(() => undefined)
      await dropSlot(this.#client, slot).catch(() => undefined)
      if (!noNewLog.has(sqlStateOf(error))) throw error
      throw new VarveError('VARVE_NOT_POSSIBLE', (error as Error).message, { data: { obstacle: true } })
    } finally {
      await replication?.end().catch(() => undefined)
    }
  }

  async #open(own: readonly PostgresTable[], mark: LogMark): Promise<LogReader | LostLog> {
    const [at, told] = [positionOf(mark.position), positionOf(mark.acknowledged)]
    if (at === null || told === null) return { lost: 'its position is not one of PostgreSQL' }
    const hidden = hiddenRows(own)
    if (hidden !== null) return { lost: hidden }
    // Its connection is opened while the slot is asked about.
    let line: Promise<Client> | null = this.#takeLine()
    try {
      return await this.#openAt(own, at, told, () => {
        const opened = line ?? connect(this.#session, 'replication')
        line = null
        return opened
      })
    } catch (error) {
      if (sqlStateOf(error) !== noRight) throw error
      return { lost: (error as Error).message }
    } finally {
      await endOf(line)
    }
  }

  /** `replication` opens a connection to the log, which then belongs to the reader. */
  async #openAt(
    own: readonly PostgresTable[],
    at: SlotPosition,
    told: SlotPosition,
    replication: () => Promise<Client>,
  ): Promise<LogReader | LostLog> {
    const slot = await readSlotState(this.#client, at.slot, own)
    if (slot === null) return { lost: 'its replication slot is gone' }
    if (!slot.isHere) return { lost: 'its replication slot belongs to another database' }
    if (slot.isLost) return { lost: 'the server has thrown away what its slot kept' }
    const confirmed = lsnOf(slot.confirmed)
    if (confirmed !== at.lsn && confirmed !== told.lsn)
      return {
        lost: 'its replication slot is at another place: somebody else has read it, or the server was set back',
      }
    // What it has been told reaches its disk later. After a start it may stand behind what was read, and what it then has there
    // is another log, if its files were put back.
    if (confirmed !== at.lsn && slot.run !== at.run)
      return { lost: 'the server was restarted, and its replication slot is at an earlier place' }
    if (!slot.isPublishing) return { lost: 'other tables are published' }
    if (slot.incarnation !== at.incarnation)
      return {
        lost: 'a table was written anew as a whole, or a table, a type or the publication was altered',
      }
    return whileBusy(async () => {
      const where = { slot: at.slot, start: at.lsn, safe: confirmed, location: this.#where }
      const stream = new LogStream(await replication(), where)
      const reader = new PostgresLogReader(this.#client, stream, own, { ...at, run: slot.run })
      try {
        await stream.more(undefined, 'asking')
        // From here on nobody else moves it. Had somebody done so just before, the server would begin there and not say so.
        const taken = await readSlot(this.#client, at.slot)
        if (taken?.confirmed === slot.confirmed) {
          this.#readers.push(reader)
          return reader
        }
      } catch (error) {
        // As long as this connection is open, nobody else can read the slot.
        await reader.close()
        throw error
      }
      await reader.close()
      return { lost: 'its replication slot was read by somebody else' }
    })
  }

  async status(position: string): Promise<LogStatus | null> {
    const at = positionOf(position)
    const slot =
      at === null ? null : await withEndpointErrors(this.#where, () => readSlot(this.#client, at.slot))
    if (at === null || slot === null) return null
    const trouble = slot.isLost ? 'the server has thrown away what it kept' : null
    return {
      name: at.slot,
      isActive: slot.isActive,
      keptBytes: slot.keptBytes,
      trouble,
    }
  }

  async end(position: string): Promise<void> {
    // What a link's transform had put before it, as long as it had one, is not asked for here.
    const at = positionOf(position.split(' ').slice(-3).join(' '))
    if (at !== null) await withEndpointErrors(this.#where, () => dropSlot(this.#client, at.slot))
  }

  async close(): Promise<void> {
    const line = this.#line
    this.#line = null
    await Promise.all([endOf(line), ...this.#readers.map((reader) => reader.close())])
  }
}

/** Opens a connection to the log ahead of its use: the server starts a process for it. */
export function connectAhead(session: Session): Promise<Client> {
  const line = connect(session, 'replication')
  line.catch(() => undefined)
  return line
}

export async function endOf(line: Promise<Client> | null): Promise<void> {
  await line?.then((client) => client.end()).catch(() => undefined)
}

/** The log tells of all rows, whoever reads it. */
function hiddenRows(tables: readonly EndpointTable[]): string | null {
  const hiding = tables.find(({ hidesRows }) => hidesRows !== undefined)
  return hiding === undefined
    ? null
    : `policies hide rows of '${hiding.name}' from this user, and the log does not`
}

function sqlStateOf(error: unknown): unknown {
  return isVarveError(error) ? error.data['code'] : (error as { code?: unknown }).code
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  const late = new AbortController()
  const limit = sleep(beginMsMax, undefined, { signal: late.signal }).then(() => {
    throw new VarveError('VARVE_NOT_POSSIBLE', 'a transaction in the database does not end', {
      hint: 'a log can begin only when all transactions that were open have ended: look in pg_stat_activity',
    })
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    late.abort()
    limit.catch(() => undefined)
  }
}
