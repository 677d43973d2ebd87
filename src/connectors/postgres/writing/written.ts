// What has been written to a table since an earlier snapshot, told by the transactions that made its rows. A row that is
// seen now, and whose maker had ended before the earlier snapshot was taken, was seen then: a change makes a new row, and
// a row once gone does not come back. So the rows of old makers are some of those of then, and all of them if they are as
// many. That holds on one run of one server, for the same files and columns, and for values whose text hangs on nothing
// but their bytes: all else is in `state`, and where any of it differs nothing is told.
import type { Client } from 'pg'
import type { PostgresTable } from '../discover.ts'
import { type Mark, isNearlyFull, readMark } from '../mark.ts'

/** Numbers of transactions in rows have 32 bits; what lies further back could be taken for new. */
const spanMax = 2 ** 31
/** Once a day all is read: a machine set back with its memory goes on with a past that nothing in the server shows. */
const secondsMax = 86_400

export interface TableWrites {
  /** For a later snapshot, what this one shows: so many rows. */
  readonly mark: (rows: number | null) => string
  /** null: nothing is known of the snapshot before. */
  readonly since: {
    /** Rows that are as they were. */
    readonly kept: number
    readonly written: number
    readonly isSame: boolean
    /** Whether row `t` was written since, as SQL. */
    readonly condition: string
  } | null
}

const stateQuery = `
  WITH RECURSIVE parts AS (
    SELECT $1::regclass::oid AS oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN parts p ON i.inhparent = p.oid
  ), columns AS (
    SELECT * FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped
  ), types AS (
    SELECT atttypid AS oid FROM columns
    UNION SELECT inner_type FROM types o JOIN pg_type t ON t.oid = o.oid
      CROSS JOIN LATERAL (VALUES (t.typbasetype), (CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE 0 END)) v(inner_type)
     WHERE inner_type <> 0
  ), known AS (
    SELECT NOT pg_is_in_recovery()
       AND version() ~ '^PostgreSQL [0-9]+([.][0-9]+)? ' AND version() !~* 'greenplum'
       AND NOT EXISTS (SELECT FROM pg_extension WHERE extname IN ('citus', 'timescaledb'))
       AND NOT EXISTS (
         SELECT FROM parts JOIN pg_class c USING (oid) LEFT JOIN pg_am a ON a.oid = c.relam
          WHERE row_security_active(c.oid) OR NOT (c.relkind = 'p' OR c.relkind = 'r' AND a.amname = 'heap'))
       AND has_table_privilege($1::regclass, 'SELECT')
       AND NOT EXISTS (SELECT FROM columns WHERE attgenerated NOT IN ('', 's'))
       AND NOT EXISTS (
         SELECT FROM types JOIN pg_type t USING (oid) JOIN pg_namespace n ON n.oid = t.typnamespace
          WHERE NOT CASE WHEN t.typtype IN ('d', 'e') OR t.typcategory = 'A' THEN true
                         ELSE n.nspname = 'pg_catalog' AND t.typtype IN ('b', 'r', 'm')
                              AND t.typname !~ '^(reg.*|money|aclitem)$' END) AS is_known
  )
  SELECT is_known,
         CASE WHEN is_known THEN encode(sha256(convert_to(jsonb_build_array(
           (SELECT system_identifier::text FROM pg_control_system()), pg_postmaster_start_time()::text,
           (SELECT oid::text FROM pg_database WHERE datname = current_database()),
           (SELECT jsonb_agg(jsonb_build_array(oid::text, pg_relation_filenode(oid)::text) ORDER BY oid) FROM parts),
           (SELECT jsonb_agg(jsonb_build_array(attnum, attname, atttypid::text, atttypmod) ORDER BY attnum) FROM columns),
           (SELECT jsonb_agg(jsonb_build_array(e.oid::text, e.enumtypid::text, e.enumlabel) ORDER BY e.oid)
              FROM pg_enum e JOIN types ON types.oid = e.enumtypid)
         )::text, 'UTF8')), 'hex') END AS state,
         CASE WHEN is_known THEN pg_current_wal_insert_lsn() END::text AS lsn,
         txid_snapshot_xmin(txid_current_snapshot())::text AS xmin,
         txid_snapshot_xmax(txid_current_snapshot())::text AS xmax,
         extract(epoch FROM clock_timestamp())::bigint::text AS seconds,
         CASE WHEN is_known THEN pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $2::pg_lsn) >= 0 END AS is_onward
    FROM known`

interface StateRow {
  readonly is_known: boolean
  readonly state: string
  readonly lsn: string
  readonly xmin: string
  readonly xmax: string
  readonly seconds: string
  readonly is_onward: boolean | null
}

/** In a snapshot, before its rows are read. null: not known for this table. */
export async function tableWrites(
  client: Client,
  table: PostgresTable,
  earlier: string | null,
): Promise<TableWrites | null> {
  const before = readMark(earlier)
  const { rows } = await client.query<StateRow>(stateQuery, [table.sql, before?.lsn ?? '0/0'])
  const now = rows[0]!
  if (!now.is_known) return null
  const span = before === null ? 0 : Number(BigInt(now.xmax) - BigInt(before.xmin))
  const age = before === null ? 0 : Number(now.seconds) - before.readSeconds
  const isTold =
    before !== null &&
    before.state === now.state &&
    now.is_onward === true &&
    span >= 0 &&
    span < spanMax &&
    age >= 0 &&
    age < secondsMax
  const { state, xmin, lsn } = now
  const markOf = (rows: number | string | null, readSeconds: number): string =>
    JSON.stringify({ state, xmin, lsn, count: String(rows), readSeconds } satisfies Mark)
  // All rows are going to be read, and counted by whoever reads them.
  if (!isTold) return { mark: (rows) => markOf(rows, Number(now.seconds)), since: null }
  const condition = writtenSince(BigInt(before.xmin), span, before.own)
  const { rows: counted } = await client.query<{ count: string; written: string }>(
    `SELECT count(*) AS count, count(*) FILTER (WHERE ${condition}) AS written FROM ${table.rowsSql} t`,
  )
  const { count, written } = counted[0]!
  const kept = Number(count) - Number(written)
  const isSame = written === '0' && before.count === count
  // A table at rest needs no new mark, and whoever keeps it nothing to write.
  const latest = isSame && !isNearlyFull(before) ? JSON.stringify(before) : markOf(count, before.readSeconds)
  return {
    mark: () => latest,
    since: { kept, written: Number(written), isSame, condition },
  }
}

/** Numbers go round after 2^32; those of `span` transactions from `xmin` on may have been at work, or came later. */
export function writtenSince(xmin: bigint, span: number, own: Mark['own'] = []): string {
  const number = 't.xmin::text::bigint'
  const others = own.map(([first, count]) => ` AND ((${number} - ${first}) & 4294967295) >= ${count}`)
  return `((${number} - ${xmin & 0xffff_ffffn}) & 4294967295) < ${span}${others.join('')}`
}
