// What tables a MySQL database has, from its catalogue: columns in order with their types, keys, and which table refers
// to which. All of one database: the one that the URL names.
import { utf8 } from '../../base/bytes.ts'
import { sha256Hex } from '../../base/platform.ts'
import { missingTable, noTable } from '../missing-table.ts'
import type { EndpointTable } from '../interface.ts'
import type { Session } from './session.ts'
import { grantee, quoteName } from './sql.ts'
import { type MysqlColumn, columnTypeOf, familyOf, hasOneSpelling, membersOf, spellingsOf } from './types.ts'

/** What this connector knows of a table beside what all know. */
export interface MysqlTable extends EndpointTable {
  readonly columns: readonly MysqlColumn[]
  /** Quoted. */
  readonly sql: string
  readonly engine: string
  readonly isTransactional: boolean
  readonly database: string
  /** As the server's statistics have it. */
  readonly rowsAbout: number
  /** Keeps its rows' history itself. */
  readonly isVersioned: boolean
  /** The server changes or deletes rows of it when the rows that they refer to change or go. */
  readonly changesByCascade: boolean
  /** Deleting its rows may delete or change others, or be refused because of them. */
  readonly isReferenced: boolean
  /** Columns of unique indexes beside the key, and of references: apply may have to empty them for a moment. */
  readonly uniqueColumns: ReadonlySet<string>
  readonly referringColumns: ReadonlySet<string>
}

/** Not the user's data: our own row of state. */
export const stateTable = 'varve_sync'

const columnsQuery = `
  SELECT t.TABLE_NAME, t.ENGINE, COALESCE(e.TRANSACTIONS, 'NO'), c.COLUMN_NAME, c.DATA_TYPE, c.COLUMN_TYPE, c.IS_NULLABLE,
         c.EXTRA, c.CHARACTER_SET_NAME, COALESCE(c.DATETIME_PRECISION, 0), c.CHARACTER_MAXIMUM_LENGTH, t.TABLE_SCHEMA, t.TABLE_TYPE,
         c.PRIVILEGES, CURRENT_USER(), t.CREATE_TIME, c.GENERATION_EXPRESSION,
         COALESCE(t.TABLE_ROWS, 0)
    FROM information_schema.TABLES t
    JOIN information_schema.COLUMNS c ON c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = BINARY t.TABLE_NAME
    LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE
   WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')
   ORDER BY t.TABLE_NAME, c.ORDINAL_POSITION`

const viewsQuery = 'SELECT TABLE_NAME FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()'

/** Unique ones. What is computed in an index has no column. */
const indexesQuery = `
  SELECT TABLE_NAME, INDEX_NAME, COLUMN_NAME, NULLABLE = 'YES' OR SUB_PART IS NOT NULL OR COLUMN_NAME IS NULL
    FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND NON_UNIQUE = 0
   ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX`

const referencesQuery = `
  SELECT TABLE_NAME, COLUMN_NAME, REFERENCED_TABLE_NAME FROM information_schema.KEY_COLUMN_USAGE
   WHERE TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_SCHEMA = DATABASE()`

const cascadesQuery = `
  SELECT TABLE_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS
   WHERE CONSTRAINT_SCHEMA = DATABASE() AND
         (DELETE_RULE NOT IN ('RESTRICT', 'NO ACTION') OR UPDATE_RULE NOT IN ('RESTRICT', 'NO ACTION'))`

/** MariaDB's JSON is text with a check. MySQL has a type of that name, and another form of this catalogue. */
const jsonQuery = `
  SELECT TABLE_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS
   WHERE CONSTRAINT_SCHEMA = DATABASE() AND CHECK_CLAUSE LIKE 'json\\_valid(%)'`

export async function discoverTables(session: Session, names?: readonly string[]): Promise<MysqlTable[]> {
  const [[version]] = (await session.texts('SELECT VERSION()')) as [[string]]
  const catalogue: Catalogue = {
    columns: groupBy(await session.texts(columnsQuery)),
    indexes: groupBy(await session.texts(indexesQuery)),
    references: groupBy(await session.texts(referencesQuery)),
    cascades: groupBy(await session.texts(cascadesQuery)),
    json: groupBy(/mariadb/i.test(version) ? await session.texts(jsonQuery) : []),
  }
  const all = [...catalogue.columns.keys()].filter((name) => name !== stateTable)
  const missing = names?.find((name) => !catalogue.columns.has(name))
  if (missing !== undefined) {
    const views = (await session.texts(viewsQuery)).map(([name]) => name)
    throw views.includes(missing)
      ? noTable(missing, 'view')
      : missingTable(missing, all, await grantFor(session, missing))
  }
  const chosen = names ?? all
  const rights = await rightsOf(session)
  return chosen.map((name) => ({ ...tableOf(catalogue, name, chosen), rights }))
}

/** What the server says of all that the user may do: the catalogue does not tell who may delete. */
export async function rightsOf(session: Session): Promise<string> {
  const grants = (await session.texts('SHOW GRANTS')).map(([grant]) => grant!).sort()
  return sha256Hex(utf8(JSON.stringify(grants)))
}

/** A user is shown no tables of which he has no right. */
async function grantFor(session: Session, table: string): Promise<string> {
  const [[database, user]] = (await session.texts('SELECT DATABASE(), CURRENT_USER()')) as [[string, string]]
  return grantText(database, table, user)
}

function grantText(database: string, table: string, user: string): string {
  return `GRANT SELECT ON ${quoteName(database)}.${quoteName(table)} TO ${grantee(user)}`
}

type Rows = ReadonlyMap<string, readonly (string | null)[][]>

interface Catalogue {
  readonly columns: Rows
  readonly indexes: Rows
  readonly references: Rows
  readonly cascades: Rows
  readonly json: Rows
}

function groupBy(rows: readonly (string | null)[][]): Rows {
  const groups = new Map<string, (string | null)[][]>()
  for (const [table, ...rest] of rows) {
    const group = groups.get(table!)
    if (group === undefined) groups.set(table!, [rest])
    else group.push(rest)
  }
  return groups
}

function tableOf(catalogue: Catalogue, name: string, chosen: readonly string[]): MysqlTable {
  const rows = catalogue.columns.get(name)!
  const indexes = (catalogue.indexes.get(name) ?? []) as readonly (readonly (
    | string
    | null
  )[])[] as readonly IndexRow[]
  const references = (catalogue.references.get(name) ?? []) as [string, string][]
  const checks = new Set((catalogue.json.get(name) ?? []).map(([clause]) => clause))
  const parents = new Set(references.map(([, table]) => table).filter((table) => table !== name))
  const createdAt = rows[0]![14] ?? null
  const isReadable = rows.every((row) => /\bselect\b/i.test(row[12]!))
  const columns = rows.map((row) => columnOf(row, checks))
  const key = keyOf(indexes, columns)
  return {
    name,
    sql: quoteName(name),
    engine: rows[0]![0] ?? '',
    isTransactional: rows[0]![1] === 'YES',
    database: rows[0]![10]!,
    rowsAbout: Number(rows[0]![16]),
    isVersioned: rows[0]![11] === 'SYSTEM VERSIONED',
    ...(createdAt === null ? {} : { incarnation: createdAt }),
    ...(isReadable
      ? {}
      : { trouble: `this user may not read it: ${grantText(rows[0]![10]!, name, rows[0]![13]!)}` }),
    changesByCascade: catalogue.cascades.has(name),
    isReferenced: [...catalogue.references.values()].some((found) =>
      found.some(([, table]) => table === name),
    ),
    columns,
    key,
    references: [...parents].filter((table) => chosen.includes(table)),
    uniqueColumns: new Set(
      indexes.flatMap(([, column]) => (column === null || key.includes(column) ? [] : [column])),
    ),
    referringColumns: new Set(references.map(([column]) => column).filter((column) => !key.includes(column))),
  }
}

type IndexRow = readonly [index: string, column: string | null, isPartial: string]

/** The primary key, or else the shortest of those that are whole, never empty, and can be written. */
function keyOf(indexes: readonly IndexRow[], columns: readonly MysqlColumn[]): string[] {
  const keys = new Map<string, string[]>()
  const unfit = new Set<string>()
  for (const [index, column, isPartial] of indexes) {
    const isWritten = columns.some(({ name, generated }) => name === column && !generated)
    if (column !== null) keys.set(index, [...(keys.get(index) ?? []), column])
    if (isPartial === '1' || !isWritten) unfit.add(index)
  }
  const others = [...keys].filter(([index]) => !unfit.has(index)).map(([, key]) => key)
  return keys.get('PRIMARY') ?? others.toSorted((a, b) => a.length - b.length)[0] ?? []
}

function columnOf(
  row: readonly (string | null)[],
  checks: ReadonlySet<string | null | undefined>,
): MysqlColumn {
  const [, , name, dataType, columnType, nullable, extra, , fractionDigits] = row as string[]
  const [charset, lengthMax] = [row[7] ?? null, row[9] ?? null]
  const isJson = checks.has(`json_valid(${quoteName(name!)})`)
  const family = isJson ? 'json' : familyOf(dataType!, columnType!)
  const spellings = spellingsOf(family, columnType!)
  return {
    name: name!,
    family,
    type: columnTypeOf(family),
    nativeType: isJson ? 'json' : columnType!,
    nullable: nullable === 'YES',
    generated: /GENERATED/i.test(extra!.replace('DEFAULT_GENERATED', '')),
    hasOneSpelling: hasOneSpelling(family, charset),
    ...(spellings === undefined ? {} : { spellings }),
    charset,
    isText: charset !== null,
    members: membersOf(columnType!),
    computedBy: /VIRTUAL GENERATED/i.test(extra!) ? (row[15] ?? '') : null,
    fractionDigits: Number(fractionDigits),
    lengthMax: lengthMax === null ? null : Number(lengthMax),
    isUnsigned: /unsigned/.test(columnType!),
    onUpdate: /on update/i.test(extra!),
  }
}
