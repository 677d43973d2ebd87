// The steps that make a table of a query's rows.
import { quoted } from './names.ts'
import type { RunStep } from './run-steps.ts'

/** A name that the query may use: columns of a table of the file. */
export interface QueryView {
  readonly name: string
  readonly table: string
  readonly columns: readonly string[]
}

export interface TableQuery {
  readonly views: readonly QueryView[]
  /** As one statement, whatever the text holds. */
  readonly sql: string
  /** The table that is made. */
  readonly result: string
  /** 'columns': an empty one. */
  readonly wanted?: 'rows' | 'columns'
}

export function querySteps({ views, sql, result, wanted }: TableQuery): RunStep[] {
  const limit = wanted === 'columns' ? ' LIMIT 0' : ''
  return [
    ...views.map(({ name, table, columns }) => ({
      run: `CREATE TEMP VIEW ${quoted(name)} AS SELECT ${columns.map(quoted).join(', ')} FROM main.${quoted(table)}`,
    })),
    { run: `CREATE TABLE ${quoted(result)} AS SELECT * FROM (\n${sql}\n)${limit}` },
  ]
}
