// A replication slot and the publication of the same name: what is known of them, and how they end.
import type { Client } from 'pg'
import { setTimeout as sleep } from 'node:timers/promises'
import { isVarveError } from '../../../base/errors.ts'
import type { PostgresTable } from '../discover.ts'
import { incarnationSql, runSql } from '../incarnation.ts'
import { quoteName } from '../sql.ts'

/** A connection that has just ended may still hold the slot. */
const busyMsMax = 10_000

export interface Slot {
  /** Whether the slot belongs to this database. */
  readonly isHere: boolean
  /** How far the log was confirmed as read. */
  readonly confirmed: string
  readonly isLost: boolean
  readonly isActive: boolean
  /** How much of the log the server keeps because of it. */
  readonly keptBytes: number | null
}

interface SlotRow {
  here: boolean
  confirmed: string | null
  wal_status: string | null
  active: boolean
  kept: string | null
}

const slotColumns = `coalesce(database = current_database(), false) AS here, confirmed_flush_lsn::text AS confirmed, wal_status,
  active, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::text AS kept`

export async function readSlot(client: Client, name: string): Promise<Slot | null> {
  const { rows } = await client.query<SlotRow>(
    `SELECT ${slotColumns} FROM pg_replication_slots WHERE slot_name = $1`,
    [name],
  )
  return rows[0] === undefined ? null : slotOf(rows[0])
}

function slotOf({ here, confirmed, wal_status: status, active, kept }: SlotRow): Slot {
  return {
    isHere: here,
    confirmed: confirmed ?? '0/0',
    isLost: status === 'lost',
    isActive: active,
    keptBytes: kept === null ? null : Number(kept),
  }
}

export interface SlotState extends Slot {
  /** Whether it is exactly the tables that are published under its name. */
  readonly isPublishing: boolean
  /** Of the tables, and of what is published of them. */
  readonly incarnation: string
  /** The server's run. */
  readonly run: string
}

/** Everything that decides whether the log can be read further, in one query. */
export async function readSlotState(
  client: Client,
  name: string,
  tables: readonly PostgresTable[],
): Promise<SlotState | null> {
  const { rows } = await client.query<SlotRow & { published: string[]; files: string; run: string }>(
    `SELECT ${slotColumns}, ${incarnationSql('$2', '$1')} AS files, ${runSql} AS run,
            ARRAY(SELECT format('%s.%s', schemaname, tablename) FROM pg_publication_tables WHERE pubname = $1) AS published
       FROM pg_replication_slots WHERE slot_name = $1`,
    [name, tables.map(({ sql }) => sql)],
  )
  const [row] = rows
  if (row === undefined) return null
  const found = row.published.toSorted()
  const wanted = tables.map(({ schema, relation }) => `${schema}.${relation}`).sort()
  const isPublishing = found.length === wanted.length && found.every((one, i) => one === wanted[i])
  return { ...slotOf(row), isPublishing, incarnation: row.files, run: row.run }
}

export async function dropSlot(client: Client, name: string): Promise<void> {
  await whileBusy(() =>
    client.query(
      'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1',
      [name],
    ),
  )
  await client.query(`DROP PUBLICATION IF EXISTS ${quoteName(name)}`)
}

/** Tries again for a while, as long as another connection reads the slot. */
export async function whileBusy<T>(work: () => Promise<T>): Promise<T> {
  for (const end = Date.now() + busyMsMax; ;) {
    try {
      return await work()
    } catch (error) {
      const code = isVarveError(error) ? error.data['code'] : (error as { code?: unknown }).code
      if (code !== '55006' || Date.now() > end) throw error
      await sleep(50)
    }
  }
}
