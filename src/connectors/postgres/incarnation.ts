// Which files a table's rows lie in, over all of its partitions. Whatever exchanges rows without logging each (a column
// rewritten by ALTER TABLE, TRUNCATE, a partition attached) exchanges files.
import type { Client } from 'pg'
import type { PostgresTable } from './discover.ts'

/** Since when the server runs. */
export const runSql = 'to_hex((extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint)'

/** SQL for the incarnations of the tables whose names are the array `names`. */
export function incarnationSql(names: string): string {
  return `(SELECT to_hex(hashtextextended(string_agg(DISTINCT f.oid || ':' || coalesce(pg_relation_filenode(f.oid), 0), ','), 0))
     FROM unnest(${names}::text[]) AS name,
          LATERAL (SELECT to_regclass(name)::oid AS oid UNION SELECT relid::oid FROM pg_partition_tree(to_regclass(name))) f)`
}

export async function incarnationOf(client: Client, tables: readonly PostgresTable[]): Promise<string> {
  const { rows } = await client.query<{ files: string }>(`SELECT ${incarnationSql('$1')} AS files`, [
    tables.map(({ sql }) => sql),
  ])
  return rows[0]!.files
}

export async function runOf(client: Client): Promise<string> {
  const { rows } = await client.query<{ run: string }>(`SELECT ${runSql} AS run`)
  return rows[0]!.run
}
