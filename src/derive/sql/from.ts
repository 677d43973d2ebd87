// The FROM of a query: tables joined by inner joins, then by left ones, each with what it is joined on.
import type { FromClause, JoinedSelectTable, SelectTable } from 'sqlite3-parser'
import { foldedName } from '../../formats/sqlite/names.ts'
import { render, renderColumn } from './expression.ts'
import { type Context, type Rendered, combined } from './rendered.ts'
import { type InputTable, type Position, RunWhole, Scope } from './scope.ts'

/** As sqlite3-parser tells kinds of joins: bits. */
const joinBits = { natural: 4, left: 8, right: 16, outer: 32 } as const

export interface From {
  readonly scope: Scope
  /** By position: what it is joined on; null: nothing. */
  readonly on: readonly (Rendered | null)[]
}

/** @throws RunWhole */
export function readFrom({ select, joins = [] }: FromClause, inputs: readonly InputTable[]): From {
  if (select === undefined) throw new RunWhole('it asks no table')
  const positions: Position[] = [position(select, inputs, { index: 0, isLeft: false, using: [] })]
  for (const join of joins) {
    const isLeft = isLeftJoin(join)
    if (!isLeft && positions.some((one) => one.isLeft)) throw new RunWhole('an inner join after a left one')
    const { constraint } = join
    const using =
      constraint?.type === 'UsingJoinConstraint' ? constraint.columns.map(({ text }) => foldedName(text)) : []
    positions.push(position(join.table, inputs, { index: positions.length, isLeft, using }))
  }
  const scope = new Scope(positions)
  return { scope, on: [null, ...joins.map((join, i) => onOf(join, i + 1, scope))] }
}

function isLeftJoin({ operator }: JoinedSelectTable): boolean {
  if (operator.type === 'CommaJoinOperator') return false
  const type = operator.joinType ?? 0
  if ((type & joinBits.natural) !== 0) throw new RunWhole('NATURAL JOIN')
  if ((type & joinBits.right) !== 0) throw new RunWhole('RIGHT or FULL JOIN')
  if ((type & joinBits.outer) !== 0 && (type & joinBits.left) === 0) throw new RunWhole('OUTER JOIN')
  return (type & joinBits.left) !== 0
}

function position(
  table: SelectTable,
  inputs: readonly InputTable[],
  { index, isLeft, using }: { index: number; isLeft: boolean; using: readonly string[] },
): Position {
  if (table.type !== 'TableSelectTable') throw new RunWhole('a query within the query')
  const { dbName, objName } = table.tblName
  const name = foldedName(objName.text)
  const input = inputs.find((one) => foldedName(one.name) === name)
  if (dbName !== undefined || table.indexed !== undefined || input === undefined)
    throw new RunWhole(`'${objName.text}' in FROM`)
  const calledAs = table.alias === undefined ? name : foldedName(table.alias.name.text)
  return { alias: `t${index}`, calledAs, input, isLeft, using }
}

function onOf({ constraint }: JoinedSelectTable, index: number, scope: Scope): Rendered | null {
  if (constraint === undefined) return null
  // Where USING makes names one, those of tables behind this one do not count yet.
  const before = new Scope(scope.positions.slice(0, index + 1))
  const context: Context = {
    scope: before,
    isFilter: true,
    mayAggregate: false,
    aliases: new Map(),
    groups: new Set(),
  }
  if (constraint.type === 'OnJoinConstraint') return render(constraint.expr, context)
  const pairs = constraint.columns.map(({ text }) => {
    const left = before.column(text, null)
    const right = before.column(text, before.positions[index]!.calledAs)
    if (left === null || right === null) throw new RunWhole(`'${text}' in USING`)
    return [left, right] as const
  })
  const parts = pairs.map(([left, right]) => {
    const sides = [renderColumn(left, context), renderColumn(right, context)]
    return combined(sides.map(({ sql }) => sql).join(' = '), sides)
  })
  return { ...combined(parts.map(({ sql }) => `(${sql})`).join(' AND '), parts), pairs }
}
