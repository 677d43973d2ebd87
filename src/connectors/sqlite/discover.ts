// What tables an SQLite file has: columns with their declared types, keys, and which table refers to which. A declared
// type is a hint in SQLite; what it does to values that are written is the column's affinity.
import { missingTable } from '../missing-table.ts'
import type { ColumnType } from '../../table/interface.ts'
import type { EndpointColumn, EndpointTable } from '../interface.ts'
import type { SqliteDatabase } from './database.ts'
import { numberSpeller } from './values.ts'

/** https://sqlite.org/datatype3.html, section 3. */
export type Affinity = 'integer' | 'text' | 'blob' | 'real' | 'numeric'

export interface SqliteTable extends EndpointTable {
  readonly columns: readonly SqliteColumn[]
}

export interface SqliteColumn extends EndpointColumn {
  readonly affinity: Affinity
  /** NULL can be written, whatever the key says. */
  readonly mayBeNull: boolean
  readonly isStrict: boolean
}

type ColumnRow = [name: string, type: string, notNull: bigint, pk: bigint, hidden: bigint]

/** Not the user's data. */
const ownTables: readonly string[] = ['varve_sync', 'varve_changes', 'varve_log']

export function discoverTables(database: SqliteDatabase, names?: readonly string[]): SqliteTable[] {
  const rows = database.all(
    `SELECT name, wr, strict FROM pragma_table_list
      WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`,
  ) as [name: string, withoutRowid: bigint, strict: bigint][]
  const all = rows.filter(([name]) => !ownTables.includes(name))
  const chosen = names === undefined ? all : names.map((name) => find(all, name))
  const tables = chosen.map(([name, , strict], i) => ({
    ...tableOf(database, name, strict === 1n),
    name: names?.[i] ?? name,
    real: name,
  }))
  return tables.map(({ real, ...table }) => {
    const targets = database.all('SELECT DISTINCT lower("table") FROM pragma_foreign_key_list(?)', [real])
    const references = tables.filter(
      (one) => one.real !== real && targets.some(([target]) => target === one.real.toLowerCase()),
    )
    return { ...table, references: references.map(({ name }) => name) }
  })
}

function tableOf(database: SqliteDatabase, name: string, isStrict: boolean): SqliteTable {
  const rows = database.all('SELECT name, type, "notnull", pk, hidden FROM pragma_table_xinfo(?)', [
    name,
  ]) as ColumnRow[]
  const primary = rows.filter(([, , , pk]) => pk > 0n).sort((a, b) => Number(a[3] - b[3]))
  const key = primary.length > 0 ? primary.map(([column]) => column) : uniqueKey(database, name, rows)
  return {
    name,
    references: [],
    key,
    columns: rows.map(([column, type, notNull, pk, hidden]) => ({
      name: column,
      type: columnTypeOf(type),
      nativeType: type,
      nullable: notNull === 0n && pk === 0n,
      generated: hidden === 2n || hidden === 3n,
      ...spellingOf(columnTypeOf(type), affinityOf(type, isStrict)),
      affinity: affinityOf(type, isStrict),
      mayBeNull: notNull === 0n && pk === 0n,
      isStrict,
    })),
  }
}

/** The shortest key whose values are unique and never empty, by name if several are; none is also a key. */
function uniqueKey(database: SqliteDatabase, table: string, rows: readonly ColumnRow[]): string[] {
  const usable = new Set(
    rows.flatMap(([name, , notNull, , hidden]) => (notNull === 1n && hidden === 0n ? [name] : [])),
  )
  const indexes = database.all(
    'SELECT name FROM pragma_index_list(?) WHERE "unique" AND NOT partial ORDER BY name',
    [table],
  ) as [string][]
  const keys = indexes
    .map(
      ([index]) =>
        database.all('SELECT name FROM pragma_index_info(?) ORDER BY seqno', [index]) as [string | null][],
    )
    .map((columns) => columns.map(([column]) => column))
    .filter((columns): columns is string[] =>
      columns.every((column) => column !== null && usable.has(column)),
    )
  return keys.toSorted((a, b) => a.length - b.length)[0] ?? []
}

function find<T extends readonly [string, ...unknown[]]>(all: readonly T[], name: string): T {
  const found =
    all.find(([one]) => one === name) ?? all.find(([one]) => one.toLowerCase() === name.toLowerCase())
  if (found !== undefined) return found
  throw missingTable(
    name,
    all.map(([one]) => one),
  )
}

function affinityOf(declared: string, isStrict: boolean): Affinity {
  if (isStrict && /^any$/i.test(declared)) return 'blob'
  if (/int/i.test(declared)) return 'integer'
  if (/char|clob|text/i.test(declared)) return 'text'
  if (/blob/i.test(declared) || declared === '') return 'blob'
  return /real|floa|doub/i.test(declared) ? 'real' : 'numeric'
}

const types: readonly (readonly [RegExp, ColumnType])[] = [
  [/bool/i, 'bool'],
  [/int/i, 'int'],
  [/json/i, 'json'],
  [/char|clob|text/i, 'text'],
  [/blob/i, 'bytes'],
  [/real|floa|doub/i, 'float'],
  [/datetime|timestamp/i, 'timestamp'],
  [/date/i, 'date'],
  [/num|dec/i, 'decimal'],
]

/** A number is kept as SQLite writes it, without zeros at its end. */
function spellingOf(
  type: ColumnType,
  affinity: Affinity,
): Pick<EndpointColumn, 'hasOneSpelling' | 'spellings'> {
  if (affinity === 'text' || affinity === 'blob') return {}
  if (type === 'int' || type === 'bool') return { hasOneSpelling: true }
  const isNumber = type === 'decimal' || type === 'float'
  return isNumber ? { hasOneSpelling: true, spellings: numberSpeller(affinity) } : {}
}

function columnTypeOf(declared: string): ColumnType {
  return types.find(([pattern]) => pattern.test(declared))?.[1] ?? 'text'
}

/** Quotes a name: "we""ird". */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
