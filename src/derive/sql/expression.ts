// Reads an expression of a query and writes it anew with whole names, so that nothing stands in what runs but what was
// understood. On the way it is found out which tables it asks, and whether two of its values that are equal are the same.
import type { Expr } from 'sqlite3-parser'
import { toHex } from '../../base/bytes.ts'
import { foldedName } from '../../formats/sqlite/names.ts'
import { renderCall } from './calls.ts'
import * as known from './functions.ts'
import { renderCase, renderCast, renderLike } from './phrases.ts'
import { type Context, type Rendered, combined, constant } from './rendered.ts'
import { type ColumnOf, RunWhole } from './scope.ts'

/** @throws RunWhole */
export function render(expr: Expr, context: Context): Rendered {
  const rendered = renderNode(expr, context)
  return context.groups.has(rendered.sql) ? { ...rendered, bare: [] } : rendered
}

function renderNode(expr: Expr, context: Context): Rendered {
  const of = (one: Expr): Rendered => render(one, context)
  switch (expr.type) {
    case 'Id':
      return renderName(expr.name, null, context)
    case 'QualifiedExpr':
      if (expr.schema !== undefined) throw new RunWhole('it names a database')
      return renderName(expr.column.text, expr.table.text, context)
    case 'NumericLiteral':
      if (!/^[0-9]+(\.[0-9]*)?(e[+-]?[0-9]+)?$/i.test(expr.value))
        throw new RunWhole(`the number ${expr.value}`)
      return { ...constant, sql: expr.value, isExact: /^[0-9]{1,18}$/.test(expr.value) }
    case 'StringLiteral':
      return { ...constant, sql: `'${expr.value.replaceAll("'", "''")}'` }
    case 'BlobLiteral':
      return { ...constant, sql: `x'${toHex(expr.bytes)}'` }
    case 'NullLiteral':
      return { ...constant, sql: 'NULL' }
    case 'ParenthesizedExpr': {
      if (expr.exprs.length !== 1) throw new RunWhole('it compares rows of values')
      const inner = of(expr.exprs[0]!)
      return { ...inner, sql: `(${inner.sql})` }
    }
    case 'UnaryExpr': {
      const inner = of(expr.expr)
      const isExact =
        expr.op === 'Not' || expr.op === 'BitwiseNot' || (expr.op === 'Positive' && inner.isExact)
      return combined(`(${known.unaryOperators[expr.op]!} ${inner.sql})`, [inner], isExact)
    }
    case 'BinaryExpr':
      return renderBinary(expr, context)
    case 'IsNullExpr':
    case 'NotNullExpr': {
      const inner = of(expr.expr)
      return combined(`(${inner.sql} ${expr.type === 'IsNullExpr' ? 'ISNULL' : 'NOTNULL'})`, [inner])
    }
    case 'BetweenExpr': {
      const parts = [expr.lhs, expr.start, expr.end].map(of)
      const [value, start, end] = parts.map(({ sql }) => sql)
      return combined(`(${value} ${expr.not ? 'NOT ' : ''}BETWEEN ${start} AND ${end})`, parts)
    }
    case 'InListExpr': {
      const value = of(expr.lhs)
      const list = (expr.rhs ?? []).map(of)
      const sql = `(${value.sql} ${expr.not ? 'NOT ' : ''}IN (${list.map((one) => one.sql).join(', ')}))`
      return combined(sql, [value, ...list])
    }
    case 'CastExpr':
      return renderCast(expr, of)
    case 'LikeExpr':
      return renderLike(expr, of)
    case 'CaseExpr':
      return renderCase(expr, of)
    case 'FunctionCallExpr':
    case 'FunctionCallStarExpr':
      return renderCall(expr, context, render)
    default:
      throw new RunWhole(reasons[expr.type] ?? `an expression of the kind ${expr.type}`)
  }
}

const reasons: Readonly<Record<string, string>> = {
  SubqueryExpr: 'a query within the query',
  ExistsExpr: 'a query within the query',
  InSelectExpr: 'a query within the query',
  InTableExpr: 'a query within the query',
  CollateExpr: 'COLLATE',
  CurrentDateLiteral: 'it asks for the time',
  CurrentTimeLiteral: 'it asks for the time',
  CurrentTimestampLiteral: 'it asks for the time',
}

function renderName(name: string, table: string | null, context: Context): Rendered {
  const column = context.scope.column(name, table)
  if (column !== null) return renderColumn(column, context)
  const word = name.toUpperCase()
  const meant = table === null ? context.aliases.get(foldedName(name)) : undefined
  if (meant !== undefined) return render(meant, { ...context, aliases: new Map() })
  if (table === null && (word === 'TRUE' || word === 'FALSE')) return { ...constant, sql: word }
  throw new RunWhole(`'${name}' is not a column of its tables`)
}

export function renderColumn(column: ColumnOf, { scope, isUnqualified }: Context): Rendered {
  const sql = scope.sql(column)
  return {
    ...constant,
    sql: isUnqualified === true ? sql.slice(sql.indexOf('.') + 1) : sql,
    tables: new Set([column.position]),
    bare: [column],
    column,
  }
}

function renderBinary(expr: Expr & { type: 'BinaryExpr' }, context: Context): Rendered {
  const operator = known.binaryOperators[expr.op]!
  if (operator.startsWith('->') && context.isFilter) throw new RunWhole(`${operator} where rows are chosen`)
  const parts = [render(expr.left, context), render(expr.right, context)]
  const [left, right] = parts as [Rendered, Rendered]
  const sql = `(${left.sql} ${operator} ${right.sql})`
  const made = combined(sql, parts, !known.inexactOperators.has(expr.op))
  if (expr.op === 'And') return { ...made, pairs: [...left.pairs, ...right.pairs] }
  const [a, b] = [left.column, right.column]
  const isPair = expr.op === 'Equals' && a !== null && b !== null && a.position !== b.position
  return isPair ? { ...made, pairs: [[a, b]] } : made
}
