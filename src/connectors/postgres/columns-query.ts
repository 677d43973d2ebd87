// What the catalogues say of each column of each table, of its type, and of what this user may do with it.

export interface ColumnRow {
  schema: string
  table: string
  column: string
  type_schema: string
  type: string
  type_id: string
  native: string
  is_collatable: boolean
  /** Of the system's own types, or a domain, which is spelled as what it is made of (`native`). */
  is_plain: boolean
  not_null: boolean
  generated: string
  key_place: number | null
  sequence: string | null
  is_visible: boolean
  has_equality: boolean
  key_waits: boolean
  hides_rows: boolean
  /** The statements that would let this user read it; null: he may. */
  grants: string | null
  is_on_path: boolean
  place: string
  grantee: string
  quoted: string
  may_delete: boolean
  may_insert: boolean
  may_update: boolean
  may_advance: boolean | null
  oid: string
  is_part: boolean
  storage: string | null
}

/** The key is the primary one, or else the shortest whose values are unique at once and never empty; by name, if several are. */
export const columnsQuery: string = `
  WITH keys AS MATERIALIZED (
    SELECT DISTINCT ON (x.indrelid) x.indrelid, x.indkey, x.indnkeyatts, x.indimmediate AND NOT x.indisexclusion AS decides
      FROM pg_index x JOIN pg_class xc ON xc.oid = x.indexrelid
     WHERE x.indisprimary
        OR x.indisunique AND x.indimmediate AND x.indisvalid AND x.indpred IS NULL AND x.indexprs IS NULL
           AND NOT EXISTS (SELECT FROM pg_attribute k WHERE k.attrelid = x.indrelid AND (NOT k.attnotnull OR k.attgenerated <> '')
                             AND k.attnum = ANY ((x.indkey::int2[])[0:x.indnkeyatts - 1]))
     ORDER BY x.indrelid, NOT x.indisprimary, x.indnkeyatts, xc.relname)
  SELECT n.nspname AS schema, c.relname AS table, c.oid::text AS oid, c.relispartition AS is_part, a.attname AS column,
         CASE c.relkind WHEN 'p' THEN (SELECT to_hex(hashtextextended(string_agg(concat(relid::oid, ':', pg_relation_filenode(relid)), ',' ORDER BY relid::oid), 0))
                                         FROM pg_partition_tree(c.oid))
                        ELSE pg_relation_filenode(c.oid)::text END AS storage,
         tn.nspname AS type_schema, t.typname AS type,
         a.atttypid || ':' || a.atttypmod AS type_id, t.typcollation <> 0 AS is_collatable, 
         CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) ELSE format_type(a.atttypid, a.atttypmod) END AS native,
         t.typtype = 'd' OR tn.nspname = 'pg_catalog' AS is_plain, a.attnotnull AS not_null,
         a.attgenerated::text AS generated,
         array_position((i.indkey::int2[])[0:i.indnkeyatts - 1], a.attnum)::int AS key_place,
         CASE WHEN has_schema_privilege(n.oid, 'USAGE') THEN pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname) END AS sequence,
         pg_table_is_visible(c.oid) AS is_visible,
         tn.nspname = 'pg_catalog' AND NOT EXISTS (SELECT FROM pg_collation l WHERE l.oid = a.attcollation AND NOT l.collisdeterministic)
           AND (t.typname = 'varchar' OR EXISTS (SELECT FROM pg_amop o JOIN pg_am m ON m.oid = o.amopmethod
                 WHERE m.amname = 'btree' AND o.amopstrategy = 3 AND o.amoplefttype = a.atttypid)
             OR t.typname IN ('_numeric', '_bpchar', '_float4', '_float8', '_timestamp', '_timestamptz', 'tsrange', 'tstzrange',
                              'tsmultirange', 'tstzmultirange')) AS has_equality,
         coalesce(NOT i.decides, false) AS key_waits, row_security_active(c.oid) AS hides_rows,
         nullif(concat_ws('; ',
           CASE WHEN NOT has_schema_privilege(n.oid, 'USAGE') THEN format('GRANT USAGE ON SCHEMA %I TO %I', n.nspname, current_user) END,
           CASE WHEN NOT has_column_privilege(c.oid, a.attnum, 'SELECT')
             THEN format('GRANT SELECT ON %I.%I TO %I', n.nspname, c.relname, current_user) END), '') AS grants,
         format('%I.%I', n.nspname, c.relname) AS place, quote_ident(current_user) AS grantee, quote_ident(a.attname) AS quoted,
         has_table_privilege(c.oid, 'DELETE') AS may_delete, has_column_privilege(c.oid, a.attnum, 'INSERT') AS may_insert,
         has_column_privilege(c.oid, a.attnum, 'UPDATE') AS may_update,
         CASE WHEN has_schema_privilege(n.oid, 'USAGE') THEN (
           SELECT has_sequence_privilege(s, 'SELECT') AND has_sequence_privilege(s, 'UPDATE')
             FROM pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname) s WHERE s IS NOT NULL) END AS may_advance,
         n.nspname = ANY (regexp_split_to_array(
           replace(current_setting('search_path'), '"$user"', current_user), ' *, *')) AS is_on_path
    FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_type t ON t.oid = a.atttypid
    JOIN pg_namespace tn ON tn.oid = t.typnamespace
    LEFT JOIN keys i ON i.indrelid = c.oid
   WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
     AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' AND ($1::text[] IS NULL OR c.relname = ANY ($1))
   ORDER BY n.nspname, c.relname, a.attnum`
