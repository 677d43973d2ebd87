// The parts of a fixture that all SQL databases have in common. What differs is handed in.
import type { ColumnShape, Endpoint, PlainRow, TableShape, Write } from '../../src/contract/fixture.ts'
import { sortedByFirst } from '../../src/contract/plans.ts'

export interface SqlDialect {
  /** All of them in one transaction, on the fixture's own connection. */
  run(statements: readonly string[]): Promise<void>
  /** Values as text. */
  query(sql: string): Promise<PlainRow[]>
  readonly quote: (name: string) => string
  readonly literal: (value: string | null) => string
  readonly types: Readonly<Record<'int' | 'name' | 'text' | 'serial', string>>
  /** What a row of (id, v) shows of v: an expression. */
  readonly shown: string
}

export type SqlParts = Pick<Endpoint, 'create' | 'write' | 'rows' | 'createValues' | 'shownValues'>

export function sqlEndpoint(dialect: SqlDialect): SqlParts {
  const { quote } = dialect
  return {
    create: (...tables) => dialect.run(tables.map((table) => createTable(dialect, table))),
    write: (...writes) => dialect.run(writes.flatMap((write) => writeRow(dialect, write))),
    rows: async (table) => {
      const rows = await dialect.query(`SELECT * FROM ${quote(table)}`)
      return rows.length === 0 ? [] : sortedByFirst(rows, Object.keys(rows[0]!)[0]!)
    },
    async createValues(table, type, literals) {
      const name = quote(table)
      await dialect.run([
        `CREATE TABLE ${name} (id ${dialect.types.int} PRIMARY KEY, v ${type})`,
        ...literals.map((literal, i) => `INSERT INTO ${name} VALUES (${i + 1}, ${literal})`),
      ])
    },
    async shownValues(table) {
      const rows = await dialect.query(`SELECT id, ${dialect.shown} AS shown FROM ${quote(table)}`)
      return sortedByFirst(rows, 'id').map(({ shown }) => shown ?? 'NULL')
    },
  }
}

/** Copies of all tables beside them. `names`: a query for their names, as `name`. */
export function backupIn(
  { run, query, quote }: Pick<SqlDialect, 'run' | 'query' | 'quote'>,
  names: string,
): Endpoint['backup'] {
  const all = async (): Promise<string[]> => (await query(names)).map(({ name }) => name!)
  const saved = (name: string): string => quote(`saved ${name}`)
  return async () => {
    const tables = await all()
    await run(tables.map((name) => `CREATE TABLE ${saved(name)} AS SELECT * FROM ${quote(name)}`))
    return async () => {
      const made = (await all()).filter((name) => !tables.includes(name) && !name.startsWith('saved '))
      await run([
        ...tables.flatMap((name) => [
          `DELETE FROM ${quote(name)}`,
          `INSERT INTO ${quote(name)} SELECT * FROM ${saved(name)}`,
        ]),
        ...made.map((name) => `DROP TABLE ${quote(name)}`),
      ])
    }
  }
}

function createTable(dialect: SqlDialect, { name, key, unique = [], columns }: TableShape): string {
  const { quote } = dialect
  const list = (names: readonly string[]): string => `(${names.map(quote).join(', ')})`
  const parts = [
    ...columns.map((column) => columnOf(dialect, column)),
    ...(key.length === 0 ? [] : [`PRIMARY KEY ${list(key)}`]),
    ...unique.map((names) => `UNIQUE ${list(names)}`),
    ...columns.flatMap(({ name: column, references, onDelete }) =>
      references === undefined
        ? []
        : [
            `FOREIGN KEY ${list([column])} REFERENCES ${quote(references)} (${quote('id')})` +
              (onDelete === undefined ? '' : ` ON DELETE ${onDelete.toUpperCase()}`),
          ],
    ),
  ]
  return `CREATE TABLE ${quote(name)} (${parts.join(', ')})`
}

function columnOf({ quote, types }: SqlDialect, column: ColumnShape): string {
  const { name, type, nullable, below, twice, serial } = column
  return [
    quote(name),
    serial === true ? types.serial : types[type],
    twice === undefined ? '' : `GENERATED ALWAYS AS (${quote(twice)} * 2) STORED`,
    nullable === true ? '' : 'NOT NULL',
    below === undefined ? '' : `CHECK (${quote(name)} < ${below})`,
  ].join(' ')
}

function writeRow({ quote, literal }: SqlDialect, write: Write): string[] {
  const table = quote(write.table)
  const equal = (row: PlainRow): string[] =>
    Object.entries(row).map(([name, value]) => `${quote(name)} = ${literal(value)}`)
  // Tables of the suite have their key first.
  const keyOf = (row: PlainRow): string => equal(row)[0]!
  if ('remove' in write) return [`DELETE FROM ${table} WHERE ${keyOf(write.remove)}`]
  const { put } = write
  const names = Object.keys(put).map(quote).join(', ')
  const values = Object.values(put).map(literal).join(', ')
  return [
    `UPDATE ${table} SET ${equal(put).join(', ')} WHERE ${keyOf(put)}`,
    `INSERT INTO ${table} (${names}) SELECT ${values} WHERE NOT EXISTS (SELECT 1 FROM ${table} WHERE ${keyOf(put)})`,
  ]
}
