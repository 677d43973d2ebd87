// Runs statements on a file of SQLite, one after the other, each only as long as what came before says that it is worth
// it. It may take long, and cannot be stopped but with its thread.
import { type SqliteFile, openSqliteFile } from '../../base/platform-sqlite.ts'
import { quoted } from './names.ts'

export type SqlStep = RunStep | FillStep | BoundStep

export interface RunStep {
  readonly run: string
}

/** Puts rows of a query where `into` says, unless SQLite's plan for it looks at more rows than `looksMax`. */
export interface FillStep {
  /** INSERT INTO a table, or CREATE TABLE ... AS. */
  readonly into: string
  readonly query: string
  /** By alias in the query: how many rows are there. */
  readonly rows: Readonly<Record<string, number>>
  /** Table of the alias 'd', whose rows are counted when its turn comes. */
  readonly driver: string | null
  readonly looksMax: number
  readonly refusal: string
}

/** Goes on only if a table has no more rows than this. */
export interface BoundStep {
  readonly table: string
  readonly rowsMax: number
  readonly refusal: string
}

export type StepsEnd =
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly reason: string }
  /** In SQLite's words. */
  | { readonly kind: 'fault'; readonly message: string }

/**
 * Of a file that nobody else opens and that is given up when its process ends amid the work: it is flushed once, when it is
 * done with, and not at each statement.
 */
export const settings: string =
  'PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY; ' +
  'PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY'

export async function runSteps(file: string, steps: readonly SqlStep[]): Promise<StepsEnd> {
  const database = await openSqliteFile(file, 'write')
  try {
    database.exec(settings)
    for (const step of steps) {
      const reason = runStep(database, step)
      if (reason !== null) return { kind: 'refused', reason }
    }
    return { kind: 'done' }
  } catch (error) {
    return { kind: 'fault', message: (error as Error).message }
  } finally {
    database.close()
  }
}

/** Runs a step; a text says why not to go on, null means to go on. */
function runStep(database: SqliteFile, step: SqlStep): string | null {
  if ('run' in step) {
    runOne(database, step.run)
    return null
  }
  if ('table' in step) return countOf(database, step.table) > step.rowsMax ? step.refusal : null
  const rows = step.driver === null ? step.rows : { ...step.rows, d: countOf(database, step.driver) }
  if (looksOf(database, step.query, rows) > step.looksMax) return step.refusal
  runOne(database, `${step.into} ${step.query}`)
  return null
}

/** Runs the text as a single statement, whatever it holds. */
function runOne(database: SqliteFile, sql: string): void {
  const statement = database.prepare(sql)
  try {
    statement.run([])
  } finally {
    statement.finalize()
  }
}

function countOf(database: SqliteFile, table: string): number {
  return Number(database.all(`SELECT count(*) n FROM ${quoted(table)}`)[0]!['n'])
}

/** How often rows are looked at that no index finds: whole tables within whole tables multiply. */
function looksOf(database: SqliteFile, query: string, rows: Readonly<Record<string, number>>): number {
  let looks = 1
  for (const { detail } of database.all(`EXPLAIN QUERY PLAN ${query}`)) {
    const [, how, alias] = /^(SCAN|SEARCH) (\w+)/.exec(String(detail)) ?? []
    if (how === 'SCAN' || (how === 'SEARCH' && !isFound(String(detail))))
      looks *= Math.max(1, rows[alias!] ?? Infinity)
  }
  return looks
}

/**
 * Whether SQLite finds the rows by an index. The first term of ours is the same for all rows, so there has to be
 * another.
 */
function isFound(detail: string): boolean {
  const equal = detail.match(/(?:<expr>|[^<>])=\?/g)?.length ?? 0
  return !detail.includes(' AUTOMATIC ') && equal >= (detail.includes(' PRIMARY KEY ') ? 1 : 2)
}
