// How far a server has got with its log on the disk.
import type { Client } from 'pg'

/** A service that is no PostgreSQL's own may lack the function, not support it, or forbid it. */
const notTold: ReadonlySet<unknown> = new Set(['42883', '0A000', '42501'])

/** Null on a standby, whose log is another server's, and where the server does not tell. */
export async function writePosition(client: Client): Promise<bigint | null> {
  const sql = `SELECT CASE WHEN pg_is_in_recovery() THEN NULL
                           ELSE pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0') END::text AS end`
  try {
    const { rows } = await client.query<{ end: string | null }>(sql)
    const { end } = rows[0]!
    return end === null ? null : BigInt(end)
  } catch (error) {
    if (notTold.has((error as { code?: unknown }).code)) return null
    throw error
  }
}
