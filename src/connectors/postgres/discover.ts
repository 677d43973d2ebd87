// What tables a PostgreSQL database has, from its catalogues: columns in order with their types, primary keys, and
// which table refers to which.
import type { Client } from 'pg'
import type { VarveError } from '../../base/errors.ts'
import { type ColumnRow, columnsQuery } from './columns-query.ts'
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
