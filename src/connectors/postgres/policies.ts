// The row-level security policies that apply to this reader, as a text: if it differs from the last one, rows that are
// gone may only be hidden. It is queried only for tables that have such policies, since the query takes the server a
// millisecond to plan.
import type { Client } from 'pg'

const query = `
  SELECT t.sql, left(encode(sha256(convert_to(coalesce(jsonb_agg(jsonb_build_array(
           p.polname, p.polpermissive, r.applies, q.condition, s.settings) ORDER BY p.polname)::text, ''), 'UTF8')), 'hex'), 32) AS digest
    FROM unnest($1::text[]) t(sql)
    LEFT JOIN pg_policy p ON p.polrelid = to_regclass(t.sql) AND p.polcmd IN ('r', '*')
    CROSS JOIN LATERAL (SELECT pg_get_expr(p.polqual, p.polrelid) AS condition) q
    CROSS JOIN LATERAL (SELECT bool_or(o = 0 OR pg_has_role(o, 'MEMBER')) AS applies FROM unnest(p.polroles) o) r
    CROSS JOIN LATERAL (SELECT jsonb_agg(current_setting(m[1], true) ORDER BY m[1]) AS settings
           FROM regexp_matches(q.condition, 'current_setting[(]''([^'']+)''', 'g') m) s
   GROUP BY t.sql`

/**
 * By the table's name, as it was given, ready for SQL: a digest of the policies' conditions, of whether each is for this user, and
 * of the settings that they ask for by name.
 */
export async function policiesOf(client: Client, tables: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await client.query<{ sql: string; digest: string }>(query, [tables])
  return new Map(rows.map(({ sql, digest }) => [sql, digest]))
}
