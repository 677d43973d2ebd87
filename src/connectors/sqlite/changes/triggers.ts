// Triggers that note the key of each row that is written, in the transaction that writes it. A row that REPLACE removes for
// another one's sake fires no trigger of its own (unless `recursive_triggers` is on), so before a row is written those are
// noted that have its values in a unique index, or its rowid: a key that is noted in vain is only looked at in vain.
import type { SqliteDatabase } from '../database.ts'
import { type SqliteTable, quoteName } from '../discover.ts'

/** Columns of the change table for keys. */
export const keyColumnsMax = 8
const prefix = 'varve_changes_'

interface UniqueIndex {
  readonly columns: readonly { readonly name: string; readonly collation: string }[]
}

/** Why changes of the table cannot be noted, for people; null when they can. */
export function triggerObstacle(database: SqliteDatabase, table: SqliteTable): string | null {
  if (table.key.length > keyColumnsMax)
    return `the key of '${table.name}' has more than ${keyColumnsMax} columns`
  const generated = new Set(table.columns.filter((one) => one.generated).map(({ name }) => name))
  const isOdd = uniqueIndexes(database, table).some(({ columns }) =>
    columns.some(({ name }) => name === null || generated.has(name)),
  )
  return isOdd ? `'${table.name}' has a unique index over an expression or a generated column` : null
}

/** The triggers by name; `real` is the table's name as the file spells it. */
export function triggersOf(
  database: SqliteDatabase,
  table: SqliteTable,
  real: string,
): ReadonlyMap<string, string> {
  const note = (row: string): string => noting(table, real, (name) => `${row}.${quoteName(name)}`)
  const replaced = replacing(database, table, real)
  const rowid = rowidOf(database, table)
  const numbered = (also: string): string =>
    rowid === null ? '' : ` ${note('t')} FROM ${quoteName(real)} AS t WHERE t.${rowid} = NEW.${rowid}${also};`
  const on = `ON ${quoteName(real)}`
  const moved = table.key
    .map((name) => {
      const [now, old] = [`NEW.${quoteName(name)}`, `OLD.${quoteName(name)}`]
      return `${now} IS NOT ${old} COLLATE BINARY OR typeof(${now}) <> typeof(${old})`
    })
    .join(' OR ')
  const all: [string, string, string][] = [
    ['insert', 'AFTER INSERT', `${note('NEW')};`],
    ['update', 'AFTER UPDATE', `${note('OLD')}; ${note('NEW')} WHERE ${moved};`],
    ['delete', 'AFTER DELETE', `${note('OLD')};`],
    ['replace_insert', 'BEFORE INSERT', replaced + numbered('')],
    ['replace_update', 'BEFORE UPDATE', replaced + numbered(` AND NEW.${rowid} <> OLD.${rowid}`)],
  ]
  const needed = all.filter(([, , body]) => body !== '')
  return new Map(
    needed.map(([what, when, body]) => {
      const name = `${prefix}${what}_${real}`
      return [name, `CREATE TRIGGER ${quoteName(name)} ${when} ${on} BEGIN ${body} END`]
    }),
  )
}

/** Whether they are there, just so, and no others of ours. */
export function areInstalled(
  database: SqliteDatabase,
  real: string,
  wanted: ReadonlyMap<string, string>,
): boolean {
  const found = installed(database, real)
  return found.size === wanted.size && [...wanted].every(([name, sql]) => found.get(name) === sql)
}

export function dropTriggers(database: SqliteDatabase, real: string): void {
  for (const name of installed(database, real).keys()) database.exec(`DROP TRIGGER main.${quoteName(name)}`)
}

/** The triggers of this name or on this table, wherever ALTER TABLE has taken them. */
function installed(database: SqliteDatabase, real: string): Map<string, string> {
  const rows = database.all(
    `SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND substr(name, 1, ${prefix.length}) = ?1
        AND (lower(tbl_name) = lower(?2) OR name IN (${[
          'insert',
          'update',
          'delete',
          'replace_insert',
          'replace_update',
        ]
          .map((what) => `?1 || '${what}_' || ?2`)
          .join(', ')}))`,
    [prefix, real],
  ) as [string, string][]
  return new Map(rows)
}

/** An INSERT that notes a key, without its end: a condition may follow. */
function noting({ key }: SqliteTable, real: string, value: (name: string) => string): string {
  const columns = key.map((_, i) => `k${i}`).join(', ')
  return `INSERT INTO varve_changes (tbl, ${columns}) SELECT ${textLiteral(real)}, ${key.map(value).join(', ')}`
}

/** Statements for each index in which a row may be in the way of the new one. */
function replacing(database: SqliteDatabase, table: SqliteTable, real: string): string {
  return uniqueIndexes(database, table)
    .map(({ columns }) => {
      const where = columns
        .map(({ name, collation }) => {
          const column = quoteName(name)
          return `t.${column} = NEW.${column} COLLATE ${quoteName(collation)}`
        })
        .join(' AND ')
      const note = noting(table, real, (name) => `t.${quoteName(name)}`)
      return `${note} FROM ${quoteName(real)} AS t WHERE ${where};`
    })
    .join(' ')
}

/** The key's own where other bytes may be the same key there; the new row's key is noted in any case. */
function uniqueIndexes(database: SqliteDatabase, { name, key, columns }: SqliteTable): UniqueIndex[] {
  const rows = database.all(
    `SELECT l.name, l.origin, i.name, i.coll FROM pragma_index_list(?) AS l, pragma_index_xinfo(l.name) AS i
      WHERE l."unique" AND i."key" ORDER BY l.name, i.seqno`,
    [name],
  ) as [index: string, origin: string, column: string, collation: string][]
  const indexes = new Map<string, (UniqueIndex['columns'][number] & { readonly origin: string })[]>()
  for (const [index, origin, column, collation] of rows) {
    const known = indexes.get(index) ?? []
    indexes.set(index, [...known, { name: column, collation, origin }])
  }
  const isLoose = key.some((one) => columns.find((column) => column.name === one)?.affinity === 'blob')
  return [...indexes.values()]
    .filter(
      (all) => all[0]!.origin !== 'pk' || isLoose || all.some(({ collation }) => collation !== 'BINARY'),
    )
    .map((all) => ({ columns: all.map(({ name: column, collation }) => ({ name: column, collation })) }))
}

/** What its rows' numbers are called that are not their key; null where they have none, or nobody can name it. */
function rowidOf(database: SqliteDatabase, { name, columns }: SqliteTable): string | null {
  // Without such an index the number is the key; without a number all that there is is the key's index.
  const isKept = database.all(
    `SELECT 1 FROM pragma_index_list(?1) WHERE origin = 'pk' AND NOT
       (SELECT wr FROM pragma_table_list WHERE schema = 'main' AND lower(name) = lower(?1))`,
    [name],
  )
  const taken = columns.map((column) => column.name.toLowerCase())
  return isKept.length === 0
    ? null
    : (['rowid', 'oid', '_rowid_'].find((one) => !taken.includes(one)) ?? null)
}

function textLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
