// An expression of a query as it is written anew, with what was found out about it on the way.
import type { Expr } from 'sqlite3-parser'
import type { ColumnOf, Scope } from './scope.ts'

export interface Rendered {
  readonly sql: string
  /** Places in FROM of the tables that it asks. */
  readonly tables: ReadonlySet<number>
  /** Whether equal values are also the same, which 1 and 1.0 are not. */
  readonly isExact: boolean
  readonly hasAggregate: boolean
  /** Columns outside of aggregates and of what is grouped by. */
  readonly bare: readonly ColumnOf[]
  /** When it is nothing but that. */
  readonly column: ColumnOf | null
  /** Columns of two tables that must be equal. */
  readonly pairs: readonly (readonly [ColumnOf, ColumnOf])[]
}

export interface Context {
  readonly scope: Scope
  /** Whether the plan decides on which rows it is asked. */
  readonly isFilter: boolean
  readonly mayAggregate: boolean
  /** Result columns by folded name, where a name may mean one. */
  readonly aliases: ReadonlyMap<string, Expr>
  /** What is grouped by, as written anew. */
  readonly groups: ReadonlySet<string>
  /** For the expression of an index: no names of tables. */
  readonly isUnqualified?: boolean
}

export const constant: Omit<Rendered, 'sql'> = {
  tables: new Set(),
  isExact: true,
  hasAggregate: false,
  bare: [],
  column: null,
  pairs: [],
}

/** Renders an expression within another one. */
export type Render = (expr: Expr, context: Context) => Rendered

/** An expression that is made of `parts`; `isExact` as in `Rendered`. */
export function combined(sql: string, parts: readonly Rendered[], isExact = true): Rendered {
  return {
    ...constant,
    sql,
    tables: new Set(parts.flatMap(({ tables }) => [...tables])),
    isExact,
    hasAggregate: parts.some(({ hasAggregate }) => hasAggregate),
    bare: parts.flatMap(({ bare }) => bare),
  }
}
