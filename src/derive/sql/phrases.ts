// Expressions that are phrases of several words: CAST, LIKE, CASE.
import type { CaseExpr, CastExpr, Expr, LikeExpr } from 'sqlite3-parser'
import { type Rendered, combined } from './rendered.ts'
import { RunWhole } from './scope.ts'

type Render = (expr: Expr) => Rendered

export function renderCast({ expr, typeName }: CastExpr, of: Render): Rendered {
  const type = /^(text|integer|int|real|numeric|blob)$/i.exec(typeName?.name ?? '')?.[1]
  if (type === undefined || typeName?.size !== undefined)
    throw new RunWhole('CAST to another type than INTEGER, REAL, NUMERIC, TEXT or BLOB')
  const inner = of(expr)
  return combined(`CAST(${inner.sql} AS ${type})`, [inner], !/real|numeric/i.test(type))
}

export function renderLike({ lhs, not, op, rhs, escape }: LikeExpr, of: Render): Rendered {
  const isPlain = (one: Expr | undefined): boolean => one === undefined || one.type === 'StringLiteral'
  if (op === 'Match' || op === 'Regexp' || !isPlain(rhs) || !isPlain(escape))
    throw new RunWhole('a pattern that is not plain text')
  const value = of(lhs)
  const words = `${not ? 'NOT ' : ''}${op === 'Glob' ? 'GLOB' : 'LIKE'} ${of(rhs).sql}`
  const ending = escape === undefined ? '' : ` ESCAPE ${of(escape).sql}`
  return combined(`(${value.sql} ${words}${ending})`, [value])
}

export function renderCase({ base, whenThenPairs, elseExpr }: CaseExpr, of: Render): Rendered {
  const asked = base === undefined ? [] : [of(base)]
  const made: Rendered[] = []
  const words = ['CASE', ...asked.map(({ sql }) => sql)]
  for (const { when, then } of whenThenPairs) {
    asked.push(of(when))
    made.push(of(then))
    words.push('WHEN', asked.at(-1)!.sql, 'THEN', made.at(-1)!.sql)
  }
  if (elseExpr !== undefined) {
    made.push(of(elseExpr))
    words.push('ELSE', made.at(-1)!.sql)
  }
  const isExact = made.every((one) => one.isExact)
  return combined(`${words.join(' ')} END`, [...asked, ...made], isExact)
}
