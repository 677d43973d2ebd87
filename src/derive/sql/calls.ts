// Calls of functions. An aggregate for which the order of rows is anything gets them in the order of their keys, whatever
// the plan is: a sum of floats has then the same last digit, and a list of texts the same order.
import type { Expr, FunctionCallExpr, FunctionCallStarExpr, SortedColumn } from 'sqlite3-parser'
import { foldedName } from '../../formats/sqlite/names.ts'
import * as known from './functions.ts'
import { type Context, type Render, type Rendered, combined } from './rendered.ts'
import { RunWhole, keySql } from './scope.ts'

type Call = FunctionCallExpr | FunctionCallStarExpr

export function renderCall(call: Call, context: Context, render: Render): Rendered {
  const name = foldedName(call.name.name)
  if (call.filterOver?.overClause !== undefined) throw new RunWhole('a window')
  const args = argumentsOf(call)
  const isAggregate = known.aggregates.has(name) && !(args.length > 1 && (name === 'min' || name === 'max'))
  if (isAggregate) return renderAggregate(name, call, context, render)
  const isPlain =
    call.type === 'FunctionCallExpr' &&
    call.distinctness === undefined &&
    call.orderBy === undefined &&
    call.filterOver === undefined
  const isKnown = known.anywhere.has(name) || (!context.isFilter && known.inResults.has(name))
  if (!isPlain || !isKnown) throw new RunWhole(`the function ${name}${isKnown ? '' : placeOf(name)}`)
  checkTime(name, args)
  const parts = args.map((arg) => render(arg, context))
  const isExact = known.exact.has(name) || (known.passing.has(name) && parts.every((part) => part.isExact))
  return combined(`${name}(${parts.map(({ sql }) => sql).join(', ')})`, parts, isExact)
}

function placeOf(name: string): string {
  return known.inResults.has(name) ? ' where rows are chosen' : ''
}

/** Refuses arguments that might ask for the clock or the time zone: anything but plain text may. */
function checkTime(name: string, args: readonly Expr[]): void {
  const modifiers = known.ofTime.get(name)
  if (modifiers === undefined) return
  const isPlain = (arg: Expr): boolean => arg.type === 'StringLiteral' && !known.asksForNow.test(arg.value)
  const time = args[modifiers - 1]
  const asksForNow = time === undefined || (time.type === 'StringLiteral' && !isPlain(time))
  const isFormat = modifiers === 1 || args[0]?.type === 'StringLiteral'
  if (asksForNow || !isFormat || !args.slice(modifiers).every(isPlain))
    throw new RunWhole('it asks for the time')
}

function renderAggregate(name: string, call: Call, context: Context, render: Render): Rendered {
  const args = argumentsOf(call)
  if (!context.mayAggregate) throw new RunWhole('an aggregate where rows are chosen')
  const inner: Context = { ...context, mayAggregate: false, aliases: new Map(), groups: new Set() }
  const parts = args.map((arg) => render(arg, inner))
  const isDistinct = call.type === 'FunctionCallExpr' && call.distinctness === 'Distinct'
  const isOrderless = known.orderless.has(name)
  const isCount = name === 'count'
  if ((isDistinct || isOrderless) && !isCount && !parts.every(({ isExact }) => isExact))
    throw new RunWhole(`${name} of values that may be equal and not the same, as 1 and 1.0`)
  const inOrder = (one: Expr): Rendered => render(one, inner)
  const order = isOrderless ? [] : orderOf(call, isDistinct ? parts : null, inner, inOrder)
  const values = call.type === 'FunctionCallStarExpr' ? '*' : parts.map(({ sql }) => sql).join(', ')
  const filter = call.filterOver?.filterClause
  const filtered = filter === undefined ? null : render(filter, { ...inner, isFilter: true })
  const sql = [
    `${name}(${isDistinct ? 'DISTINCT ' : ''}${values}`,
    order.length === 0 ? '' : ` ORDER BY ${order.join(', ')}`,
    filtered === null ? ')' : `) FILTER (WHERE ${filtered.sql})`,
  ].join('')
  const all = filtered === null ? parts : [...parts, filtered]
  const isExact = isCount || name === 'group_concat' || name === 'string_agg'
  return { ...combined(sql, all, isExact || isOrderless), hasAggregate: true, bare: [] }
}

function argumentsOf(call: Call): readonly Expr[] {
  return call.type === 'FunctionCallStarExpr' ? [] : (call.args ?? [])
}

/**
 * The terms of an order that leaves no two rows in doubt. With `distinct`, each value of the arguments comes once.
 */
function orderOf(
  call: Call,
  distinct: readonly Rendered[] | null,
  { scope }: Context,
  of: (expr: Expr) => Rendered,
): string[] {
  const order = call.type === 'FunctionCallExpr' ? call.orderBy : undefined
  if (order !== undefined && order.type !== 'SortListFunctionCallOrder') throw new RunWhole('WITHIN GROUP')
  if (distinct !== null) {
    if (distinct.length !== 1 || order !== undefined)
      throw new RunWhole('DISTINCT with an order or a separator')
    return [distinct[0]!.sql]
  }
  return [...(order?.columns ?? []).map((column) => sortTerm(column, of)), ...scope.positions.map(keySql)]
}

function sortTerm({ expr, order, nulls }: SortedColumn, of: (expr: Expr) => Rendered): string {
  const direction = order === undefined ? '' : order === 'Desc' ? ' DESC' : ' ASC'
  const place = nulls === undefined ? '' : ` NULLS ${nulls === 'First' ? 'FIRST' : 'LAST'}`
  return `${of(expr).sql}${direction}${place}`
}
