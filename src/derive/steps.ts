// The steps that compute affected rows anew, on tables that hold their inputs as they are now. The changed rows are set
// back to what they were, and forth again, so that every query runs on real tables with their indexes.
import { quoted } from '../formats/sqlite/names.ts'
import type { FillStep, SqlStep } from '../formats/sqlite/run-steps.ts'
import type { Changes } from './changes.ts'
import { indexSql, indexesOf } from './sql/indexes.ts'
import type { Shape } from './sql/shape.ts'
import * as sql from './sql/statements.ts'

export const names = {
  affected: 'varve affected',
  someGroups: 'varve some groups',
  groups: 'varve groups',
  gone: 'varve gone',
  come: 'varve come',
} as const

/** With fewer rows of inputs no change is too large: a query by parts is never much slower then. */
const smallRows = 10_000

export interface Part {
  readonly shape: Shape
  readonly changes: readonly Changes[]
  /** Names of the result's columns. */
  readonly columns: readonly string[]
  /** How many rows the result had. */
  readonly rowCount: number
}

function inputRows({ scope }: Shape): number {
  const inputs = new Map(scope.positions.map(({ input }) => [input.storage, input.rowCount]))
  return [...inputs.values()].reduce((sum, count) => sum + count, 0)
}

/** A change of more than an eighth of the rows is too much. */
export function changedRowsMax(shape: Shape): number {
  return Math.max(smallRows, inputRows(shape)) / 8
}

/** The steps that compute a part. Rows of the result that went and came are then in tables of these names. */
export function partSteps(part: Part): SqlStep[] {
  const { shape, changes, columns, rowCount } = part
  const isGrouped = shape.groups !== null
  const driver = isGrouped ? names.groups : names.affected
  const rowsMax = inputRows(shape) <= smallRows ? Infinity : Math.max(1, rowCount / 4)
  const keys = sql.affectedColumns(shape).join(', ')
  const setBack = changes.flatMap((one) => swap(one, one.after, one.before))
  const setForth = changes.flatMap((one) => swap(one, one.before, one.after))
  const groups = isGrouped ? groupSteps(part) : null
  const restricted = (name: string): FillStep =>
    fill(part, {
      into: `CREATE TABLE ${quoted(name)} AS`,
      query: sql.restrictedQuery(shape, columns, driver),
      driver,
    })
  return [
    ...indexesOf(shape).map((index) => ({ run: indexSql(index) })),
    { run: 'BEGIN' },
    { run: `CREATE TABLE ${quoted(names.affected)} (${keys}, PRIMARY KEY (${keys})) WITHOUT ROWID` },
    ...setBack,
    ...changes.flatMap((one) => affectedBy(part, one, one.before)),
    ...setForth,
    ...changes.flatMap((one) => affectedBy(part, one, one.after)),
    { table: names.affected, rowsMax: Math.max(smallRows, inputRows(shape)) / 4, refusal: tooMuch },
    ...(groups === null ? [] : [groups.create, groups.fill]),
    ...setBack,
    ...(groups === null ? [] : [groups.fill, groups.unite]),
    { table: driver, rowsMax, refusal: tooMuch },
    restricted(names.gone),
    ...setForth,
    restricted(names.come),
    { run: 'COMMIT' },
  ]
}

function groupSteps(part: Part): { create: SqlStep; fill: SqlStep; unite: SqlStep } {
  const [some, groups] = [quoted(names.someGroups), quoted(names.groups)]
  return {
    create: { run: `CREATE TABLE ${some} AS ${sql.groupsQuery(part.shape, null)}` },
    fill: fill(part, {
      into: `INSERT INTO ${some}`,
      query: sql.groupsQuery(part.shape, names.affected),
      driver: names.affected,
    }),
    unite: { run: `CREATE TABLE ${groups} AS SELECT DISTINCT * FROM ${some}` },
  }
}

const tooMuch = 'too much of it has changed'

function swap({ storage, keyColumn }: Changes, from: string, to: string): SqlStep[] {
  const key = quoted(keyColumn)
  return [
    { run: `DELETE FROM ${quoted(storage)} WHERE ${key} IN (SELECT ${key} FROM ${quoted(from)})` },
    { run: `INSERT INTO ${quoted(storage)} SELECT * FROM ${quoted(to)}` },
  ]
}

function affectedBy(part: Part, { storage, rowCount }: Changes, side: string): SqlStep[] {
  return part.shape.scope.positions.flatMap(({ alias, input }, position) =>
    input.storage === storage
      ? [
          fill(part, {
            into: `INSERT OR IGNORE INTO ${quoted(names.affected)}`,
            query: sql.affectedQuery(part.shape, position, side),
            driver: null,
            rows: { [alias]: rowCount },
          }),
        ]
      : [],
  )
}

function fill(
  { shape }: Part,
  step: Pick<FillStep, 'into' | 'query' | 'driver'> & { rows?: Readonly<Record<string, number>> },
): FillStep {
  const counts = Object.fromEntries(shape.scope.positions.map(({ alias, input }) => [alias, input.rowCount]))
  return {
    ...step,
    rows: { ...counts, ...step.rows },
    looksMax: Math.max(smallRows, inputRows(shape)),
    refusal: 'no equality leads to the rows that a change touches',
  }
}
