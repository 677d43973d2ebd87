// What is run for a query of a known shape: all of it, or the parts that find out what a change touches and make that anew.
//
// Rows of the result hang on rows of the tables of inner joins: by their keys ("affected"). They are those of which a changed
// row is part, before or after, and those that a changed row of a left join matches or matched; in that case WHERE is not
// asked, for a row without a match and one with it differ there. Groups are those in which these rows lie, before and after.
import { quoted } from '../../formats/sqlite/names.ts'
import { everyRow } from './indexes.ts'
import { type Position, keySql } from './scope.ts'
import type { Shape } from './shape.ts'

/** Alias of what restricts a query: keys that are affected, or groups. */
const driverAlias = 'd'

interface Part {
  /** Positions in the order of FROM. */
  readonly positions: readonly number[]
  /** Its rows come from this table instead. */
  readonly replaced?: { readonly position: number; readonly table: string }
  readonly driver?: string
  /** Whether indexes may be used: only in queries that a table restricts. Others must not see them. */
  readonly isIndexed: boolean
}

/** The whole query; `names` are those of the result's columns. */
export function wholeQuery(shape: Shape, names: readonly string[]): string {
  const { from, where } = fromWhere(shape, { positions: all(shape), isIndexed: false })
  return [selectList(shape, names), from, whereOf([...where, ...whereTerms(shape)]), grouping(shape)].join(
    ' ',
  )
}

/** The rows of the result that depend on the keys, or lie in the groups, of `driver`. */
export function restrictedQuery(shape: Shape, names: readonly string[], driver: string): string {
  const { from, where } = fromWhere(shape, { positions: all(shape), driver, isIndexed: true })
  const terms =
    shape.groups === null
      ? affectedTerms(shape)
      : shape.groups.map(({ sql }, i) => `${sql} IS ${driverAlias}.${quoted(`k${i}`)}`)
  return [
    selectList(shape, names),
    from,
    whereOf([...terms, ...where, ...whereTerms(shape)]),
    grouping(shape),
  ].join(' ')
}

/** The groups of rows that depend on the keys of `driver`; with null none, as a table of the right columns. */
export function groupsQuery(shape: Shape, driver: string | null): string {
  const list = shape.groups!.map(({ sql }, i) => `${sql} AS ${quoted(`k${i}`)}`).join(', ')
  if (driver === null) {
    const { from } = fromWhere(shape, { positions: all(shape), isIndexed: false })
    return `SELECT ${list} ${from} LIMIT 0`
  }
  const { from, where } = fromWhere(shape, { positions: all(shape), driver, isIndexed: true })
  return `SELECT ${list} ${from} ${whereOf([...affectedTerms(shape), ...where, ...whereTerms(shape)])}`
}

/**
 * The keys of result rows that a changed row of `position` touches; `side` holds these rows as they were, or as they
 * are.
 */
export function affectedQuery(shape: Shape, position: number, side: string): string {
  const list = inner(shape).map((one) => keySql(shape.scope.positions[one]!))
  const isLeft = shape.scope.positions[position]!.isLeft
  const positions = [...inner(shape), ...(isLeft ? leftNeeded(shape, position) : [])]
  const { from, where } = fromWhere(shape, {
    positions,
    replaced: { position, table: side },
    isIndexed: true,
  })
  const terms = shape.scope.positions.some((one) => one.isLeft) ? [] : whereTerms(shape)
  return `SELECT ${list.join(', ')} ${from} ${whereOf([...where, ...terms])}`
}

export function affectedColumns(shape: Shape): string[] {
  return inner(shape).map((_, i) => quoted(`k${i}`))
}

function all({ scope }: Shape): number[] {
  return scope.positions.map((_, i) => i)
}

function inner({ scope }: Shape): number[] {
  return [...scope.positions.keys()].filter((i) => !scope.positions[i]!.isLeft)
}

/** The position and the tables of left joins that it needs, directly or by others. */
function leftNeeded({ scope, on }: Shape, position: number): number[] {
  const needed = new Set([position])
  for (let i = position; i > 0; i--)
    if (needed.has(i) && scope.positions[i]!.isLeft) for (const one of on[i]?.tables ?? []) needed.add(one)
  return [...needed].filter((i) => scope.positions[i]!.isLeft).toSorted((a, b) => a - b)
}

function affectedTerms(shape: Shape): string[] {
  return inner(shape).map(
    (position, i) => `${keySql(shape.scope.positions[position]!)} = ${driverAlias}.${quoted(`k${i}`)}`,
  )
}

function whereTerms({ where }: Shape): string[] {
  return where === null ? [] : [where.sql]
}

function whereOf(terms: readonly string[]): string {
  return terms.length === 0 ? '' : `WHERE ${terms.join(' AND ')}`
}

function selectList({ results }: Shape, names: readonly string[]): string {
  return `SELECT ${results.map((sql, i) => `${sql} AS ${quoted(names[i]!)}`).join(', ')}`
}

function grouping({ scope, groups, fixed, having }: Shape): string {
  if (groups === null) return ''
  const terms = [
    ...groups.map(({ sql }) => sql),
    ...fixed.map((position) => keySql(scope.positions[position]!)),
  ]
  return `GROUP BY ${terms.join(', ')}${having === null ? '' : ` HAVING ${having.sql}`}`
}

// What drives a query comes first: it is small, and the others are then found by their indexes.
function fromWhere(
  { scope, on }: Shape,
  { positions, replaced, driver, isIndexed }: Part,
): { from: string; where: string[] } {
  const where: string[] = []
  const first =
    replaced !== undefined
      ? `${quoted(replaced.table)} AS t${replaced.position}`
      : driver !== undefined
        ? `${quoted(driver)} AS ${driverAlias}`
        : null
  let from = first === null ? '' : `FROM ${first}`
  for (const i of positions) {
    const { alias, input, isLeft } = scope.positions[i]!
    const isReplaced = replaced?.position === i
    const terms = on[i] === null || on[i] === undefined ? [] : [on[i].sql]
    if (isIndexed && !isReplaced) terms.push(indexTerm(scope.positions[i]!))
    const table = `${quoted(input.storage)} AS ${alias}`
    if (isReplaced || !isLeft) where.push(...terms)
    if (isReplaced) continue
    if (from === '') from = `FROM ${table}`
    else if (isLeft) from += ` LEFT JOIN ${table} ON ${terms.length === 0 ? 'TRUE' : terms.join(' AND ')}`
    else from += `${from === `FROM ${first}` ? ' CROSS JOIN' : ' JOIN'} ${table}`
  }
  return { from, where }
}

function indexTerm(position: Position): string {
  return `${everyRow(keySql(position))} = 1`
}
