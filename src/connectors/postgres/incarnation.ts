// Which files a table's rows lie in, over all of its partitions. Whatever exchanges rows without logging each (a column
// rewritten by ALTER TABLE, TRUNCATE, a partition attached) exchanges files.
import type { Client } from 'pg'
import type { PostgresTable } from './discover.ts'

export async function incarnationOf(client: Client, tables: readonly PostgresTable[]): Promise<string> {
  const { rows } = await client.query<{ files: string }>(
    `SELECT to_hex(hashtextextended(string_agg(DISTINCT f.oid || ':' || coalesce(pg_relation_filenode(f.oid), 0), ','), 0)) AS files
       FROM unnest($1::text[]) AS name,
            LATERAL (SELECT to_regclass(name)::oid AS oid UNION SELECT relid::oid FROM pg_partition_tree(to_regclass(name))) f`,
    [tables.map(({ sql }) => sql)],
  )
  return rows[0]!.files
}
