// SQL expressions over the columns of one row, as SQLite computes them: in memory, and as generated columns, which
// SQLite itself keeps to what is needed here: no subqueries, no aggregates, nothing that is another thing tomorrow. So
// the same row has the same result at any time, and a hostile expression can do no more than compute.
import { VarveError } from '../../base/errors.ts'
import { type SqliteFile, type SqliteStatement, openSqliteFile } from '../../base/platform-sqlite.ts'
import { quoted } from '../../formats/sqlite/names.ts'
import { affinityOf, cellOfResult, markOf, sqliteValue } from '../../formats/sqlite/row-values.ts'
import type { Cell, ColumnType } from '../../table/interface.ts'

export interface Expression {
  /** For messages: 'where', or the column that it computes. */
  readonly name: string
  readonly sql: string
}

export interface InputColumn {
  readonly name: string
  readonly type: ColumnType
}

export class RowExpressions {
  readonly #database: SqliteFile
  readonly #insert: SqliteStatement
  readonly #select: string
  /** Places of the columns that the expressions may speak of. */
  readonly #bound: readonly number[]
  readonly #types: readonly ColumnType[]
  readonly #count: number
  readonly #where: string
  /** By expression. */
  readonly #mentioned: readonly ReadonlySet<number>[]

  private constructor(
    database: SqliteFile,
    made: {
      bound: readonly number[]
      types: readonly ColumnType[]
      mentioned: readonly ReadonlySet<number>[]
      where: string
    },
  ) {
    this.#database = database
    this.#bound = made.bound
    this.#types = made.types
    this.#count = made.mentioned.length
    this.#mentioned = made.mentioned
    this.#where = made.where
    const marks = made.bound.map((i) => markOf(made.types[i]!))
    this.#insert = database.prepare(`INSERT INTO rows VALUES (${['?', ...marks].join(', ')})`)
    const results = Array.from({ length: made.mentioned.length }, (_, i) => {
      const value = `"=${i}"`
      return `typeof(${value}) t${i}, CASE typeof(${value}) WHEN 'text' THEN CAST(${value} AS BLOB) ELSE ${value} END v${i}`
    })
    this.#select = `SELECT ${results.join(', ')} FROM rows ORDER BY "="`
  }

  /** @throws VarveError VARVE_RULE_VIOLATED where an expression cannot be read, or uses what is not in the row */
  static async create(
    columns: readonly InputColumn[],
    expressions: readonly Expression[],
    where: string,
  ): Promise<RowExpressions> {
    const bound = [...columns.keys()].filter((i) => isMentioned(columns[i]!.name, expressions))
    const inputs = bound.map((i) => `${quoted(columns[i]!.name)} ${affinityOf(columns[i]!.type)}`)
    const database = await openSqliteFile(':memory:', 'write')
    try {
      // Each by itself first, so that a fault is told of the one that has it, and brackets close where they were opened.
      for (const { name, sql } of expressions) {
        defineAlone(database, ['"=" INTEGER PRIMARY KEY', ...inputs], name, sql, where)
      }
      const outputs = expressions.map(({ sql }, i) => `"=${i}" GENERATED ALWAYS AS (${sql}\n) VIRTUAL`)
      run(database, `CREATE TABLE rows (${['"=" INTEGER PRIMARY KEY', ...inputs, ...outputs].join(', ')})`)
      const types = columns.map(({ type }) => type)
      const mentioned = expressions.map(
        (expression) => new Set(bound.filter((i) => isMentioned(columns[i]!.name, [expression]))),
      )
      return new RowExpressions(database, { bound, types, mentioned, where })
    } catch (error) {
      database.close()
      throw error
    }
  }

  /** Places of the columns that the expression may speak of. */
  mentioned(expression: number): ReadonlySet<number> {
    return this.#mentioned[expression]!
  }

  /** For each row, one result for each expression. A value that was too large to be read is NULL to them. */
  results(rows: readonly (readonly Cell[])[]): Cell[][] {
    try {
      this.#database.exec('BEGIN')
      for (const [at, row] of rows.entries())
        this.#insert.run([at, ...this.#bound.map((i) => valueOf(row[i]!, this.#types[i]!))])
      const found: Cell[][] = []
      for (const result of this.#database.all(this.#select)) {
        const cells: Cell[] = []
        for (let i = 0; i < this.#count; i++)
          cells.push(cellOfResult(result[`t${i}`]!, result[`v${i}`] ?? null))
        found.push(cells)
      }
      return found
    } catch (error) {
      if (error instanceof VarveError) throw error
      throw fault(`an expression cannot be computed: ${(error as Error).message}`, this.#where, error)
    } finally {
      this.#database.exec('ROLLBACK')
    }
  }

  close(): void {
    try {
      this.#insert.finalize()
    } catch {
      // SQLite says once more what its last run failed with, which `results` has told.
    }
    this.#database.close()
  }
}

function valueOf(cell: Cell, type: ColumnType): ReturnType<typeof sqliteValue> {
  return cell.tooLarge === undefined ? sqliteValue(cell, type) : null
}

function defineAlone(
  database: SqliteFile,
  inputs: readonly string[],
  name: string,
  sql: string,
  where: string,
): void {
  try {
    run(
      database,
      `CREATE TABLE trial (${[...inputs, `"=0" GENERATED ALWAYS AS (${sql}\n) VIRTUAL`].join(', ')})`,
    )
    const columns = database.all('PRAGMA table_xinfo(trial)').length
    if (columns !== inputs.length + 1) throw new Error('it is more than one expression')
    run(database, 'DROP TABLE trial')
  } catch (error) {
    throw fault(`'${name}' is not an expression over one row: ${(error as Error).message}`, where, error)
  }
}

/** Runs the text as a single statement, whatever it holds. */
function run(database: SqliteFile, sql: string): void {
  const statement = database.prepare(sql)
  try {
    statement.run([])
  } finally {
    statement.finalize()
  }
}

function fault(words: string, where: string, cause: unknown): VarveError {
  return new VarveError('VARVE_RULE_VIOLATED', `${where}: ${words}`, {
    hint: 'expressions are those of SQLite, over the columns of one row, and nothing that changes with time',
    cause,
  })
}

/** Whether an expression may use a column. To say so once too often does no harm: the column is bound in vain. */
function isMentioned(name: string, expressions: readonly Expression[]): boolean {
  const wanted = name.toLowerCase()
  return name.includes('"') || expressions.some(({ sql }) => sql.toLowerCase().includes(wanted))
}
