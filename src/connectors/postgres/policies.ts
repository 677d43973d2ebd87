// The row-level security policies that apply to this reader, as a text: if it differs from the last one, rows that are
// gone may only be hidden. It is queried only for tables that have such policies, since the query takes the server a
// millisecond to plan.
import type { Client } from 'pg'

const query = `
  SELECT t.sql, left(encode(sha256(convert_to(coalesce(jsonb_agg(jsonb_build_array(
           p.polname, p.polpermissive, r.applies, q.condition, s.settings) ORDER BY p.polname)::text, ''), 'UTF8')), 'hex'), 32) AS digest,
         coalesce(bool_or(r.applies AND EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_policy'::regclass AND d.objid = p.oid
           AND (d.refclassid = 'pg_proc'::regclass OR d.refclassid = 'pg_class'::regclass AND d.refobjid <> p.polrelid))), false) AS asks
    FROM unnest($1::text[]) t(sql)
    LEFT JOIN pg_policy p ON p.polrelid = to_regclass(t.sql) AND p.polcmd IN ('r', '*')
    CROSS JOIN LATERAL (SELECT pg_get_expr(p.polqual, p.polrelid) AS condition) q
    CROSS JOIN LATERAL (SELECT bool_or(o = 0 OR pg_has_role(o, 'MEMBER')) AS applies FROM unnest(p.polroles) o) r
    CROSS JOIN LATERAL (SELECT jsonb_agg(current_setting(m[1], true) ORDER BY m[1]) AS settings
           FROM regexp_matches(q.condition, 'current_setting[(]''([^'']+)''', 'g') m) s
   GROUP BY t.sql`

export interface Policies {
  /** Of their conditions, of whether each is for this user, and of the settings that they ask for by name. */
  readonly digest: string
  /** One of them calls a function of somebody's, or looks into another table: what these say is in no digest. */
  readonly asks: boolean
}

/** By the table's name, as it was given, ready for SQL. */
export async function policiesOf(client: Client, tables: readonly string[]): Promise<Map<string, Policies>> {
  const { rows } = await client.query<Policies & { sql: string }>(query, [tables])
  return new Map(rows.map((row) => [row.sql, row]))
}
