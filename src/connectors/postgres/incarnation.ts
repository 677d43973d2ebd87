// Which files a table's rows lie in, over all of its partitions. Whatever exchanges rows without logging each (a column
// rewritten by ALTER TABLE, TRUNCATE, a partition attached) exchanges files. A log leaves out as well what its publication
// did not publish for a while.
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

/** SQL for the same together with the publication `name`, whose rows in the catalogue are written anew by each ALTER. */
export function publishedSql(names: string, name: string): string {
  return `to_hex(hashtextextended(concat(${incarnationSql(names)}, (SELECT string_agg(part::text, ',' ORDER BY part::text) FROM
     pg_publication p, LATERAL (SELECT p.oid, p.xmin UNION ALL SELECT oid, xmin FROM pg_publication_rel WHERE prpubid = p.oid) part
    WHERE p.pubname = ${name})), 0))`
}

export async function publishedOf(
  client: Client,
  tables: readonly PostgresTable[],
  name: string,
): Promise<string> {
  const { rows } = await client.query<{ published: string }>(
    `SELECT ${publishedSql('$1', '$2')} AS published`,
    [tables.map(({ sql }) => sql), name],
  )
  return rows[0]!.published
}

export async function runOf(client: Client): Promise<string> {
  const { rows } = await client.query<{ run: string }>(`SELECT ${runSql} AS run`)
  return rows[0]!.run
}
