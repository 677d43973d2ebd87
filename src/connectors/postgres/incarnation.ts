// What a log is about, so that what is read of it may be laid over rows that were read before: which files the tables' rows
// lie in, over all of their partitions, for whatever exchanges rows without logging each (a column rewritten by ALTER TABLE,
// TRUNCATE, a partition attached) exchanges files; their columns, and the labels and fields of their types, for when these are
// altered, rows look otherwise and none is written; and the publication, whose rows in the catalogue each ALTER writes anew.
import type { Client } from 'pg'
import type { PostgresTable } from './discover.ts'

/** Since when the server runs. */
export const runSql = 'to_hex((extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint)'

/** SQL for the tables whose names are the array `names`, and the publication `name`. */
export function incarnationSql(names: string, name: string): string {
  return `(WITH RECURSIVE linked AS (SELECT to_regclass(one)::oid AS oid FROM unnest(${names}::text[]) AS one
   ), files AS (
     SELECT oid FROM linked UNION SELECT relid::oid FROM linked, pg_partition_tree(oid)
   ), columns AS (
     SELECT a.* FROM pg_attribute a JOIN linked ON attrelid = oid WHERE attnum > 0 AND NOT attisdropped
   ), types AS (
     SELECT atttypid AS oid FROM columns
     UNION SELECT used.oid FROM types o JOIN pg_type t ON t.oid = o.oid CROSS JOIN LATERAL (
       SELECT t.typbasetype UNION ALL SELECT t.typelem WHERE t.typcategory = 'A'
       UNION ALL SELECT rngsubtype FROM pg_range WHERE rngtypid = t.oid
       UNION ALL SELECT atttypid FROM pg_attribute WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped
     ) used(oid) WHERE used.oid <> 0
   ) SELECT to_hex(hashtextextended(concat_ws(';',
     (SELECT string_agg(oid || ':' || coalesce(pg_relation_filenode(oid), 0), ',' ORDER BY oid) FROM files),
     (SELECT string_agg(concat_ws(':', attrelid, attnum, attname, atttypid, atttypmod), ',' ORDER BY attrelid, attnum)
        FROM columns),
     (SELECT string_agg(e.oid || ':' || enumlabel, ',' ORDER BY e.oid) FROM pg_enum e JOIN types ON types.oid = enumtypid),
     (SELECT string_agg(concat_ws(':', attrelid, attnum, atttypid), ',' ORDER BY attrelid, attnum)
        FROM types JOIN pg_type t USING (oid) JOIN pg_attribute ON attrelid = t.typrelid
       WHERE attnum > 0 AND NOT attisdropped),
     (SELECT string_agg(part::text, ',' ORDER BY part::text) FROM pg_publication p, LATERAL (
        SELECT p.oid, p.xmin UNION ALL SELECT oid, xmin FROM pg_publication_rel WHERE prpubid = p.oid
      ) part WHERE p.pubname = ${name})), 0)))`
}

export async function incarnationOf(
  client: Client,
  tables: readonly PostgresTable[],
  publication: string,
): Promise<string> {
  const { rows } = await client.query<{ incarnation: string }>(
    `SELECT ${incarnationSql('$1', '$2')} AS incarnation`,
    [tables.map(({ sql }) => sql), publication],
  )
  return rows[0]!.incarnation
}

export async function runOf(client: Client): Promise<string> {
  const { rows } = await client.query<{ run: string }>(`SELECT ${runSql} AS run`)
  return rows[0]!.run
}
