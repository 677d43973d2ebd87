// What tables a PostgreSQL database has, from its catalogues: columns in order with their types, primary keys, and
// which table refers to which.
import type { Client } from 'pg'
import type { VarveError } from '../../base/errors.ts'
import { missingTable, noTable } from '../missing-table.ts'
import type { EndpointColumn, EndpointTable } from '../interface.ts'
import { readHeirs } from './inheritance.ts'
import { policiesOf } from './policies.ts'
import { quoteName } from './sql.ts'
import { columnTypeOf, hasOneSpelling, spellingsOf } from './types.ts'

/** What this connector knows of a table beside what all know. */
export interface PostgresTable extends EndpointTable {
  /** Quoted, with its schema. */
  readonly sql: string
  /** What its rows are read from and changed in: 'ONLY …' where the rows of tables that inherit from it are not its own. */
  readonly rowsSql: string
  /** Tables inherit from it (and are no partitions) whose rows count as its own. */
  readonly hasHeirs: boolean
  readonly schema: string
  readonly relation: string
  readonly columns: readonly PostgresColumn[]
  /** It is checked at the end of a statement or transaction (DEFERRABLE), and not row by row. */
  readonly isKeyLate: boolean
  readonly mayDelete: boolean
  readonly rights: string
  /** The table and this user, as a GRANT names them. */
  readonly place: string
  readonly grantee: string
}

export interface PostgresColumn extends EndpointColumn {
  /** What is equal by `=` has the same text (unlike citext, say); else its text is compared. */
  readonly hasEquality: boolean
  /** The type's own name, without a length: a cast to 'varchar(3)' would cut what is longer, and say nothing. */
  readonly cast: string
  /** The type's number and modifier: '1700:655366'. */
  readonly typeId: string
  readonly isCollatable: boolean
  /** char(n): blanks at its end mean nothing, and a text of it has none. */
  readonly isPadded: boolean
  /** For a serial or identity column: its sequence, ready for SQL. */
  readonly sequence: string | null
  /** Its name, as a GRANT has it. */
  readonly quoted: string
  readonly mayInsert: boolean
  readonly mayUpdate: boolean
  /** Whether its sequence, if it has one, may be read and set. */
  readonly mayAdvance: boolean
}

interface ColumnRow {
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

const columnsQuery = `
  SELECT n.nspname AS schema, c.relname AS table, c.oid::text AS oid, c.relispartition AS is_part, a.attname AS column,
         CASE c.relkind WHEN 'p' THEN (SELECT to_hex(hashtextextended(string_agg(concat(relid::oid, ':', pg_relation_filenode(relid)), ',' ORDER BY relid::oid), 0))
                                         FROM pg_partition_tree(c.oid))
                        ELSE pg_relation_filenode(c.oid)::text END AS storage,
         tn.nspname AS type_schema, t.typname AS type,
         a.atttypid || ':' || a.atttypmod AS type_id, t.typcollation <> 0 AS is_collatable, 
         CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) ELSE format_type(a.atttypid, a.atttypmod) END AS native,
         t.typtype = 'd' OR tn.nspname = 'pg_catalog' AS is_plain, a.attnotnull AS not_null,
         a.attgenerated::text AS generated,
         array_position(i.indkey::int2[], a.attnum)::int AS key_place,
         CASE WHEN has_schema_privilege(n.oid, 'USAGE') THEN pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname) END AS sequence,
         pg_table_is_visible(c.oid) AS is_visible,
         tn.nspname = 'pg_catalog' AND NOT EXISTS (SELECT FROM pg_collation l WHERE l.oid = a.attcollation AND NOT l.collisdeterministic)
           AND (t.typname = 'varchar' OR EXISTS (SELECT FROM pg_amop o JOIN pg_am m ON m.oid = o.amopmethod
                 WHERE m.amname = 'btree' AND o.amopstrategy = 3 AND o.amoplefttype = a.atttypid)
             OR t.typname IN ('_numeric', '_bpchar', '_float4', '_float8', '_timestamp', '_timestamptz', 'tsrange', 'tstzrange',
                              'tsmultirange', 'tstzmultirange')) AS has_equality,
         coalesce(NOT i.indimmediate, false) AS key_waits, row_security_active(c.oid) AS hides_rows,
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
    LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
   WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
     AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' AND ($1::text[] IS NULL OR c.relname = ANY ($1))
   ORDER BY n.nspname, c.relname, a.attnum`

const referencesQuery = `
  SELECT n.nspname AS schema, c.relname AS table, fn.nspname AS other_schema, f.relname AS other,
         CASE k.confmatchtype WHEN 'f' THEN NOT x.some_full ELSE x.some_empty END AS is_loose
    FROM pg_constraint k
    JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class f ON f.oid = k.confrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace
    CROSS JOIN LATERAL (SELECT bool_or(a.attnotnull) AS some_full, bool_or(NOT a.attnotnull) AS some_empty
                          FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)) x
   WHERE k.contype = 'f' AND ($1::text[] IS NULL OR c.relname = ANY ($1))`

/** Not the user's data: our own row of state. */
export const stateTable = 'varve_sync'

export async function discoverTables(client: Client, names?: readonly string[]): Promise<PostgresTable[]> {
  const relations = names === undefined ? null : names.flatMap(relationsOf)
  const { rows } = await client.query<ColumnRow>(columnsQuery, [relations])
  const tables = groupBy(rows)
  const all = [...tables.values()].map((columns) => tableOf(columns))
  const missing = names?.find((name) => find(all, name) === null)
  if (missing !== undefined) {
    throw await missingFrom(client, missing)
  }
  const chosen =
    names === undefined
      ? all.filter(({ table }) => table.name !== stateTable)
      : names.map((name) => find(all, name)!)
  const { rows: links } = await client.query<ReferenceRow>(referencesQuery, [relations])
  const hiding = chosen
    .filter(({ hidesRows, table }) => hidesRows && table.trouble === undefined)
    .map(({ table }) => table.sql)
  const policies = hiding.length === 0 ? null : await policiesOf(client, hiding)
  const heirsOf = await readHeirs(client, relations, chosen)
  return chosen.map(({ table, schema, relation }) => {
    const own = links.filter((link) => link.schema === schema && link.table === relation)
    const others = new Map<string, boolean>()
    for (const link of own) {
      const other = chosen.find((one) => one.schema === link.other_schema && one.relation === link.other)
      const name = other?.table.name
      if (name === undefined || name === table.name) continue
      others.set(name, link.is_loose && others.get(name) !== false)
    }
    const references = [...others.keys()]
    const applied = policies?.get(table.sql)
    const heirs = heirsOf({ schema, relation })
    return {
      ...table,
      rowsSql: heirs.areLinked ? `ONLY ${table.sql}` : table.sql,
      hasHeirs: heirs.areUnlinked,
      ...(heirs.trouble === null || table.trouble !== undefined ? {} : { trouble: heirs.trouble }),
      references,
      looseReferences: references.filter((name) => others.get(name)!),
      ...(applied === undefined ? {} : { hidesRows: applied.digest }),
      ...(applied?.asks === true ? { hidesUnnoticed: true } : {}),
    }
  })
}

async function missingFrom(client: Client, name: string): Promise<VarveError> {
  const { rows } = await client.query<{ kind: string }>(
    `SELECT CASE relkind WHEN 'f' THEN 'foreign table' ELSE 'view' END AS kind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE relkind IN ('v', 'm', 'f') AND (n.nspname || '.' || relname = $1 OR relname = $1 AND pg_table_is_visible(c.oid)) LIMIT 1`,
    [name],
  )
  if (rows[0] !== undefined) return noTable(name, rows[0].kind)
  const all = await discoverTables(client)
  return missingTable(
    name,
    all.map((table) => table.name),
  )
}

interface ReferenceRow {
  schema: string
  table: string
  other_schema: string
  other: string
  is_loose: boolean
}

interface Found {
  readonly table: PostgresTable
  readonly schema: string
  readonly relation: string
  /** In a schema of the search path that this user may not use, so its name leads nowhere. */
  readonly isShut: boolean
  readonly hidesRows: boolean
}

function groupBy(rows: readonly ColumnRow[]): Map<string, ColumnRow[]> {
  const groups = new Map<string, ColumnRow[]>()
  for (const row of rows) {
    const name = JSON.stringify([row.schema, row.table])
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [row])
    else group.push(row)
  }
  return groups
}

function tableOf(rows: readonly ColumnRow[]): Found {
  const { schema, table: relation, is_visible: isVisible, storage } = rows[0]!
  const keys = rows.filter((row) => row.key_place !== null).sort((a, b) => a.key_place! - b.key_place!)
  const grants = rows.find((row) => row.grants !== null)?.grants ?? null
  const sql = `${quoteName(schema)}.${quoteName(relation)}`
  const table: PostgresTable = {
    name: isVisible ? relation : `${schema}.${relation}`,
    sql,
    namespace: schema,
    incarnation: rows[0]!.oid,
    ...(storage === null ? {} : { storage }),
    rowsSql: sql,
    hasHeirs: false,
    schema,
    relation,
    key: keys.map((row) => row.column),
    references: [],
    isKeyLate: rows[0]!.key_waits,
    mayDelete: rows[0]!.may_delete,
    place: rows[0]!.place,
    grantee: rows[0]!.grantee,
    rights: rightsOf(rows),
    ...(rows[0]!.is_part ? { isPart: true as const } : {}),
    ...(grants === null ? {} : { trouble: `this user may not read it: ${grants}` }),
    columns: rows.map((row) => ({
      name: row.column,
      type: columnTypeOf(row.type),
      nativeType: row.native,
      nullable: !row.not_null,
      generated: row.generated !== '',
      isUnlogged: row.generated !== '',
      hasOneSpelling: row.is_plain && hasOneSpelling(row.native),
      ...spellingsIn(row),
      hasEquality: row.has_equality,
      cast: `${quoteName(row.type_schema)}.${quoteName(row.type)}`,
      typeId: row.type_id,
      isCollatable: row.is_collatable,
      isPadded: row.type === 'bpchar' && row.type_schema === 'pg_catalog',
      sequence: row.sequence,
      quoted: row.quoted,
      mayInsert: row.may_insert,
      mayUpdate: row.may_update,
      mayAdvance: row.may_advance !== false,
    })),
  }
  const isShut = rows[0]!.is_on_path && grants?.startsWith('GRANT USAGE') === true
  return { table, schema, relation, isShut, hidesRows: rows[0]!.hides_rows }
}

function spellingsIn({ is_plain: isPlain, native }: ColumnRow): Pick<PostgresColumn, 'spellings'> {
  const spellings = isPlain ? spellingsOf(native) : undefined
  return spellings === undefined ? {} : { spellings }
}

function rightsOf(rows: readonly ColumnRow[]): string {
  const columns = rows.map((row) => [row.may_insert, row.may_update, row.may_advance !== false])
  return [rows[0]!.may_delete, ...columns.flat()].map(Number).join('')
}

function find(all: readonly Found[], name: string): Found | null {
  const found =
    all.find((one) => one.table.name === name) ??
    all.find((one) => `${one.schema}.${one.relation}` === name) ??
    all.find((one) => one.isShut && one.relation === name)
  return found === undefined ? null : { ...found, table: { ...found.table, name } }
}

/** What the catalogue may call it: 'sales.orders' is a table of the schema sales, or one whose name has a dot. */
function relationsOf(name: string): string[] {
  const parts = name.split('.')
  return parts.map((_, i) => parts.slice(i).join('.'))
}
