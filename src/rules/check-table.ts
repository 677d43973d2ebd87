// Checks one table. Rules of single cells and references are checked in one scan of what has to be looked at; each
// column that is to be unique takes scans of its own.
import type { ColumnRules, TableRules } from '../dataset/interface.ts'
import type { Path } from '../files/interface.ts'
import type { Cell } from '../table/interface.ts'
import type { Table } from '../table/table.ts'
import { type CellRule, cellRules, isEmpty } from './cell-rules.ts'
import { findDuplicates, findDuplicatesOf } from './duplicates.ts'
import { Finding, brokenTable } from './finding.ts'
import type { BrokenRule, CheckOptions, CheckedTable, RuleName } from './interface.ts'
import { existingKeys } from './references.ts'
import { type RuledRow, ruledRows } from './ruled-rows.ts'

const changedMax = 200_000

export interface TableToCheck {
  readonly path: Path
  readonly table: Table
  /** The rows before, where only what has changed since is to be looked at. */
  readonly before: Table | null
  readonly rules: TableRules
  /** Tables that columns refer to, by path; `isWhole` where rows of it are gone. */
  readonly targets: ReadonlyMap<Path, { readonly table: Table; readonly isWhole: boolean }>
}

interface RuledColumn {
  readonly name: string
  /** Its cell's place in a `RuledRow`. */
  readonly at: number
  readonly rules: ColumnRules
  readonly checks: readonly (CellRule & { readonly finding: Finding })[]
  readonly references: Finding | null
  readonly unique: Finding | null
}

export async function checkTable(
  input: TableToCheck,
  options: CheckOptions,
): Promise<{ checked: CheckedTable; broken: BrokenRule[] }> {
  const { path, table, before, rules } = input
  const { limit = 20, signal } = options
  const broken = [...rowCounts(path, table, rules)]
  const columns: RuledColumn[] = []
  for (const [name, one] of rules.columns) {
    const place = { path, column: name, level: one.level }
    if (!table.schema.columns.some((column) => column.name === name)) {
      broken.push(brokenTable({ ...place, rule: 'column', expected: 'a column of the table; there is none' }))
      continue
    }
    const found = (rule: RuleName, expected: string): Finding =>
      new Finding({ ...place, rule, expected }, table, limit)
    const checks = await cellRules(path, name, one, table.schema)
    columns.push({
      name,
      at: columns.length,
      rules: one,
      checks: checks.map((check) => ({ ...check, finding: found(check.rule, check.expected) })),
      references: one.references === null ? null : found('references', `a key of ${one.references}`),
      unique: one.unique ? found('unique', 'no other row with the same') : null,
    })
  }
  const names = columns.map(({ name }) => name)
  let checked = 0
  for await (const rows of ruledRows(table, names, { before, signal })) {
    for (const column of columns) await checkCells(input, column, rows, options)
    checked += rows.length
    options.onRows?.(rows.length)
  }
  // Above this, what has changed is told apart as all rows are: in memory that does not grow with it.
  const among = before === null || checked > changedMax ? null : before
  for (const column of columns) await checkWholeColumn(input, column, among, options)
  const findings = columns.flatMap(({ checks, references, unique }) => [
    ...checks.map(({ finding }) => finding),
    references,
    unique,
  ])
  broken.push(...findings.flatMap((finding) => finding?.result() ?? []))
  const scope = before === null ? 'all' : 'changes'
  return { checked: { path, rows: table.count, checked, scope }, broken }
}

function* rowCounts(path: Path, { count }: Table, { rows }: TableRules): Generator<BrokenRule> {
  if (rows === null) return
  const place = { path, column: null, rule: 'rows', level: rows.level } as const
  if (rows.min !== null && count < rows.min)
    yield brokenTable({ ...place, expected: `at least ${rows.min} rows, not ${count}` })
  if (rows.max !== null && count > rows.max)
    yield brokenTable({ ...place, expected: `at most ${rows.max} rows, not ${count}` })
}

async function checkCells(
  { table, before, targets }: TableToCheck,
  { name, at, rules, checks, references }: RuledColumn,
  rows: readonly RuledRow[],
  { signal }: CheckOptions,
): Promise<void> {
  for (const { key, cells } of rows)
    for (const { holds, finding } of checks) if (!holds(cells[at]!)) finding.add(key, cells[at]!)
  const target = rules.references === null ? undefined : targets.get(rules.references)
  // What rows that are gone leave behind is found among all rows, afterwards.
  if (references === null || target === undefined || (target.isWhole && before !== null)) return
  await checkReferences({ table, name, at, target: target.table, references }, rows, signal)
}

interface ReferencesToCheck {
  readonly table: Table
  readonly name: string
  readonly at: number
  readonly target: Table
  readonly references: Finding
}

async function checkReferences(
  { table, name, at, target, references }: ReferencesToCheck,
  rows: readonly RuledRow[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const { cells, columns } = table.schema
  const type = columns.find((column) => column.name === name)!.type
  const meant = rows.filter((row) => !isEmpty(row.cells[at]!))
  const cellOf = (row: RuledRow): Cell => row.cells[at]!
  const there = await existingKeys(target, meant.map(cellOf), { cells, type }, signal)
  for (const [i, row] of meant.entries()) if (!there[i]) references.add(row.key, cellOf(row))
}

/** Checks rules that cannot be judged by changed rows alone. */
async function checkWholeColumn(
  { table, before, targets }: TableToCheck,
  { name, rules, references, unique }: RuledColumn,
  among: Table | null,
  { signal }: CheckOptions,
): Promise<void> {
  const scan = (): AsyncIterable<readonly RuledRow[]> => ruledRows(table, [name], { signal })
  const target = rules.references === null ? undefined : targets.get(rules.references)
  if (references !== null && before !== null && target?.isWhole === true) {
    for await (const rows of scan())
      await checkReferences({ table, name, at: 0, target: target.table, references }, rows, signal)
  }
  const isKey = table.shape.keys.length === 1 && table.shape.keys[0]!.name === name
  if (unique === null || isKey) return
  if (among === null) await findDuplicates(scan, table.count, unique)
  else await findDuplicatesOf(ruledRows(table, [name], { before: among, signal }), scan, unique)
}
