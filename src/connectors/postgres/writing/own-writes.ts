// Whether what a transaction has written to a table is stored as it was sent. The server is asked at the transaction's
// end, after all triggers and checks that could wait: it adds up a hash of each row that the transaction made, whoever
// of its statements, triggers and cascades made it. Is the sum that of the rows that were sent, a later round need not
// read them back. Rows have the numbers of subtransactions, which are those of the batches; what the outermost itself
// makes (a trigger that waits for COMMIT) counts as somebody else's.
import type { Client, QueryResult } from 'pg'
import type { PostgresTable } from '../discover.ts'
import { readMark, withOwnXids } from '../mark.ts'
import { type RowSum, rowHash } from './row-digest.ts'

/**
 * Where fewer rows than one in so many were written, looking for them in the table takes longer than reading them
 * back.
 */
const rowsPerWritten = 1_000

export interface TableWrite {
  readonly inserted: number
  readonly deleted: number
  /** The sum of the rows that were inserted or changed; null where it is not known what the server should have. */
  readonly sent: RowSum | null
  readonly seed: bigint
}

/** Numbers of transactions: the outermost of 64 bits, and how far behind it the last one inside lies. */
export interface OwnSpan {
  readonly top: bigint
  readonly length: number
}

interface OwnRow {
  readonly lsn: string
  readonly own: readonly (readonly [xid: string, count: string, sum: string])[] | null
}

/**
 * The mark of the table as planned, as of the transaction's commit; null where the table is to be read. @throws when the
 * server gives up; the savepoint `varve` is then to be rolled back to
 */
export async function markAfterWrite(
  client: Client,
  table: PostgresTable,
  earlier: string,
  { inserted, deleted, sent, seed }: TableWrite,
  { top, length }: OwnSpan,
): Promise<string | null> {
  const mark = readMark(earlier)
  if (mark === null || sent === null) return null
  const count = Number(mark.count) + inserted - deleted
  if (sent.count > 0 && sent.count * rowsPerWritten < count) return null
  // By xmin as it is: that cannot be sorted, which is what the server would do with its number, and with all the rows.
  const stored =
    sent.count === 0
      ? 'SELECT 0::bigint AS xid, 0 AS count, 0 AS sum WHERE false'
      : `SELECT ${top} + ((xmin::text::bigint - ${top}) & 4294967295) AS xid, count, sum
           FROM (SELECT t.xmin, count(*) AS count, sum(${rowHash(table, seed)}) AS sum FROM ${table.rowsSql} t
                  WHERE ((t.xmin::text::bigint - ${top + 1n}) & 4294967295) < ${length} GROUP BY t.xmin) own`
  const results = await client.query(
    `SAVEPOINT varve;
     SELECT pg_current_wal_insert_lsn()::text AS lsn,
            json_agg(json_build_array(xid::text, count::text, sum::text)) AS own
       FROM (${stored}) s WHERE txid_status(xid) = 'in progress';
     RELEASE SAVEPOINT varve`,
  )
  const [, { rows }] = results as unknown as [unknown, QueryResult<OwnRow>]
  const own = rows[0]!.own ?? []
  const storedCount = own.reduce((all, [, one]) => all + Number(one), 0)
  const sum = own.reduce((all, [, , one]) => all + BigInt(one), 0n)
  if (storedCount !== sent.count || BigInt.asUintN(64, sum) !== sent.sum) return null
  const xids = own.map(([xid]) => Number(BigInt.asUintN(32, BigInt(xid))))
  const after = withOwnXids({ ...mark, lsn: rows[0]!.lsn, count: String(count) }, xids)
  return after === null ? null : JSON.stringify(after)
}
