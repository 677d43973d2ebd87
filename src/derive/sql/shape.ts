// The shape of a query whose result can be brought up to date from what has changed: one SELECT of inner and left joins,
// filtered, and grouped or not. Everything else, and everything that is not understood, is run whole; a reason is given.
import { type Expr, type SelectFrom, parseStmt } from 'sqlite3-parser'
import { foldedName } from '../../formats/sqlite/names.ts'
import { render, renderColumn } from './expression.ts'
import { type From, readFrom } from './from.ts'
import type { Context, Rendered } from './rendered.ts'
import { type InputTable, RunWhole, type Scope } from './scope.ts'

export interface Shape extends From {
  readonly where: Rendered | null
  /** What the query groups by; null when a row of the result belongs to one row of each table. */
  readonly groups: readonly Group[] | null
  /** Positions whose key is among the groups: their columns may stand beside aggregates. */
  readonly fixed: readonly number[]
  readonly having: Rendered | null
  /** One for each of the result's columns. */
  readonly results: readonly string[]
}

export interface Group extends Rendered {
  /** The expression over the columns of its only table; null when it has none, or several. */
  readonly indexed: string | null
}

/** @throws RunWhole */
export function readShape(sql: string, inputs: readonly InputTable[]): Shape {
  const select = oneSelect(sql)
  const from = readFrom(select.from!, inputs)
  const { scope } = from
  const aliases = aliasesOf(select)
  const filter: Context = { scope, isFilter: true, mayAggregate: false, aliases, groups: new Set() }
  const where = select.whereClause === undefined ? null : render(select.whereClause, filter)
  const groups = groupsOf(select, filter)
  const grouped: Context = {
    ...filter,
    mayAggregate: true,
    groups: new Set((groups ?? []).map((group) => group.sql)),
  }
  if (groups === null && select.having !== undefined) throw new RunWhole('HAVING without GROUP BY')
  const having = select.having === undefined ? null : render(select.having, grouped)
  const results = resultsOf(select, { ...grouped, isFilter: false, aliases: new Map() })
  const all = having === null ? results : [...results, having]
  if (groups === null && all.some(({ hasAggregate }) => hasAggregate))
    throw new RunWhole('an aggregate over all rows')
  const fixed = groups === null ? [] : fixedOf(scope, groups, all)
  return { ...from, where, groups, fixed, having, results: results.map((one) => one.sql) }
}

function oneSelect(sql: string): SelectFrom {
  const parsed = parseStmt(sql)
  if (parsed.status !== 'ok' || parsed.root.type !== 'SelectStmt') throw new RunWhole('it is not understood')
  const { with: common, select, compounds = [], orderBy = [], limit } = parsed.root.body
  if (common !== undefined) throw new RunWhole('WITH')
  if (compounds.length > 0) throw new RunWhole('UNION, INTERSECT or EXCEPT')
  if (limit !== undefined) throw new RunWhole('LIMIT')
  if (select.type !== 'SelectFrom' || select.from === undefined) throw new RunWhole('it asks no table')
  if (select.windowClause !== undefined) throw new RunWhole('a window')
  // The result is in the order of its key; but an aggregate here would make another query of it.
  const isName = ({ expr }: { expr: Expr }): boolean =>
    expr.type === 'Id' || expr.type === 'QualifiedExpr' || expr.type === 'NumericLiteral'
  if (!orderBy.every(isName)) throw new RunWhole('ORDER BY an expression')
  return select
}

function aliasesOf({ columns }: SelectFrom): ReadonlyMap<string, Expr> {
  const aliases = new Map<string, Expr>()
  for (const column of columns) {
    if (column.type !== 'ExprResultColumn' || column.alias === undefined) continue
    const name = foldedName(column.alias.name.text)
    if (!aliases.has(name)) aliases.set(name, column.expr)
  }
  return aliases
}

function groupsOf(select: SelectFrom, context: Context): Group[] | null {
  const { groupBy, having, distinctness } = select
  if (distinctness !== 'Distinct')
    return groupBy === undefined
      ? null
      : groupBy.map((one) => {
          const meant = one.type === 'NumericLiteral' ? resultAt(Number(one.value), select) : one
          return groupOf('GROUP BY', (way) => render(meant, way), context)
        })
  // Its rows are those of the groups that all of its columns make.
  if (groupBy !== undefined || having !== undefined) throw new RunWhole('SELECT DISTINCT of groups')
  const ownNames = { ...context, aliases: new Map<string, Expr>() }
  return eachResult(select, context.scope).map((one) => groupOf('SELECT DISTINCT', one, ownNames))
}

function groupOf(what: string, rendered: (context: Context) => Rendered, context: Context): Group {
  const group = rendered(context)
  if (!group.isExact)
    throw new RunWhole(`${what} values that may be equal and not the same, as 1 and 1.0 (CAST them)`)
  // A number here would be the place of a column.
  if (group.tables.size === 0) throw new RunWhole(`${what} a constant`)
  const isIndexable = group.tables.size === 1
  return { ...group, indexed: isIndexable ? rendered({ ...context, isUnqualified: true }).sql : null }
}

function resultAt(place: number, { columns }: SelectFrom): Expr {
  const column = columns[place - 1]
  if (
    column?.type !== 'ExprResultColumn' ||
    columns.slice(0, place).some(({ type }) => type !== 'ExprResultColumn')
  )
    throw new RunWhole('GROUP BY a place among columns of a star')
  return column.expr
}

function resultsOf(select: SelectFrom, context: Context): Rendered[] {
  return eachResult(select, context.scope).map((rendered) => rendered(context))
}

/** A function for each column of the result, which renders it. Stars are written out. */
function eachResult({ columns }: SelectFrom, scope: Scope): ((context: Context) => Rendered)[] {
  return columns.flatMap((column) => {
    if (column.type === 'ExprResultColumn') return [(context: Context) => render(column.expr, context)]
    const table = column.type === 'StarResultColumn' ? null : column.table.text
    return scope.starred(table).map((one) => (context: Context) => {
      const rendered = renderColumn(one, context)
      return context.groups.has(rendered.sql) ? { ...rendered, bare: [] } : rendered
    })
  })
}

/** The positions whose columns have one value in each group, because their table's key is part of the group. */
function fixedOf(scope: Scope, groups: readonly Rendered[], results: readonly Rendered[]): number[] {
  const fixed = new Set<number>()
  for (const { position, name } of results.flatMap(({ bare }) => bare)) {
    const isGrouped = (key: string): boolean =>
      groups.some(({ column }) => column?.position === position && column.name === key)
    if (!scope.positions[position]!.input.key.every(isGrouped))
      throw new RunWhole(`the column '${name}' is neither grouped by nor within an aggregate`)
    fixed.add(position)
  }
  return [...fixed]
}
