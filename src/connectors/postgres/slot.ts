// A replication slot and the publication of the same name: what is known of them, and how they end.
import type { Client } from 'pg'
import { setTimeout as sleep } from 'node:timers/promises'
import { isVarveError } from '../../base/errors.ts'
import type { PostgresTable } from './discover.ts'
import { quoteName } from './sql.ts'

/** A connection that has just ended may still hold the slot. */
const busyMsMax = 10_000

export interface Slot {
  /** Whether it is of this database. */
  readonly isHere: boolean
  /** How far it has been told that it was read. */
  readonly confirmed: string
  readonly isLost: boolean
  readonly isActive: boolean
  /** Of the log, because of it. */
  readonly keptBytes: number | null
}

export async function readSlot(client: Client, name: string): Promise<Slot | null> {
  const { rows } = await client.query<{
    here: boolean
    confirmed: string | null
    wal_status: string | null
    active: boolean
    kept: string | null
  }>(
    `SELECT coalesce(database = current_database(), false) AS here, confirmed_flush_lsn::text AS confirmed, wal_status,
            active, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::text AS kept
       FROM pg_replication_slots WHERE slot_name = $1`,
    [name],
  )
  const [row] = rows
  if (row === undefined) return null
  return {
    isHere: row.here,
    confirmed: row.confirmed ?? '0/0',
    isLost: row.wal_status === 'lost',
    isActive: row.active,
    keptBytes: row.kept === null ? null : Number(row.kept),
  }
}

/** Whether it is exactly these tables that are published under the name. */
export async function publishes(
  client: Client,
  name: string,
  tables: readonly PostgresTable[],
): Promise<boolean> {
  const { rows } = await client.query<{ table: string }>(
    "SELECT format('%s.%s', schemaname, tablename) AS table FROM pg_publication_tables WHERE pubname = $1",
    [name],
  )
  const found = rows.map(({ table }) => table).sort()
  const wanted = tables.map(({ schema, relation }) => `${schema}.${relation}`).sort()
  return found.length === wanted.length && found.every((one, i) => one === wanted[i])
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

/** Tries again for a while when another connection reads the slot. */
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
