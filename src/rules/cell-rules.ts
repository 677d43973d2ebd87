// Rules that a cell keeps or breaks by itself. An empty cell keeps all of them but `required`.
import { VarveError } from '../base/errors.ts'
import { compilePattern, patternHint } from '../base/pattern.ts'
import { type ColumnRules, configFileName } from '../dataset/interface.ts'
import type { Path } from '../files/interface.ts'
import { compareCells } from '../merge/policies/cell-order.ts'
import { castCell } from '../table/cast.ts'
import { cellText, isEmptyCell, textCell } from '../table/cell.ts'
import { isWrittenAs } from '../table/infer.ts'
import type { Cell, ColumnType, Schema } from '../table/interface.ts'
import type { RuleName } from './interface.ts'

export interface CellRule {
  readonly rule: RuleName
  readonly expected: string
  readonly holds: (cell: Cell) => boolean
}

/** Also an empty text: in a CSV file it differs by its quotes alone. */
export function isEmpty(cell: Cell): boolean {
  return isEmptyCell(cell) || (cell.kind === 'text' && cell.bytes.length === 0)
}

/** @throws VarveError VARVE_RULE_VIOLATED for a pattern that cannot be read */
export async function cellRules(
  path: Path,
  column: string,
  rules: ColumnRules,
  schema: Schema,
): Promise<CellRule[]> {
  const { required, type, min, max, pattern, values } = rules
  const found: CellRule[] = []
  const unlessEmpty = (rule: RuleName, expected: string, holds: (cell: Cell) => boolean): void => {
    found.push({ rule, expected, holds: (cell) => isEmpty(cell) || holds(cell) })
  }
  if (required) found.push({ rule: 'required', expected: 'not empty', holds: (cell) => !isEmpty(cell) })
  if (type !== null) unlessEmpty('type', type, (cell) => isOfType(cell, type, schema.cells))
  if (min !== null) {
    const compare = comparedWith(min)
    unlessEmpty('min', `at least ${min}`, (cell) => (compare(cell) ?? -1) >= 0)
  }
  if (max !== null) {
    const compare = comparedWith(max)
    unlessEmpty('max', `at most ${max}`, (cell) => (compare(cell) ?? 1) <= 0)
  }
  if (pattern !== null) {
    const matches = await matcherOf(path, column, pattern)
    unlessEmpty('pattern', pattern, (cell) => matches(writtenText(cell)))
  }
  if (values !== null) {
    const accepted = new Set(values)
    unlessEmpty('values', listed(values), (cell) => accepted.has(writtenText(cell)))
  }
  return found
}

/** The cell as it would stand in a CSV file. */
export function writtenText(cell: Cell): string {
  return cell.kind === 'true' || cell.kind === 'false' ? cell.kind : cellText(cell)
}

// In a table of typed cells the kind counts: "5" is a text there.
const kinds: Readonly<Record<ColumnType, readonly Cell['kind'][]>> = {
  text: ['text'],
  int: ['number'],
  decimal: ['number'],
  float: ['number'],
  bool: ['true', 'false'],
  date: ['text'],
  timestamp: ['text'],
  bytes: ['bytes'],
  json: ['text', 'number', 'true', 'false', 'json'],
}
function isOfType(cell: Cell, type: ColumnType, cells: Schema['cells']): boolean {
  if (cells === 'typed' && !kinds[type].includes(cell.kind)) return false
  const text = writtenText(cell)
  switch (type) {
    case 'text':
    case 'bytes':
      return true
    case 'json':
      return cells === 'typed' || castCell(cell, 'json') !== null
    case 'date':
    case 'timestamp':
      return isWrittenAs(text, type) && castCell(cell, type) !== null
    default:
      return isWrittenAs(text, type)
  }
}

/** Exactly, however many digits there are; null for what is not of the bound's kind. */
function comparedWith(bound: string): (cell: Cell) => number | null {
  const other = textCell(bound)
  return (cell) => compareCells(cell.kind === 'number' ? { ...cell, kind: 'text' } : cell, other)
}

async function matcherOf(path: Path, column: string, pattern: string): Promise<(text: string) => boolean> {
  const compiled = await compilePattern(
    pattern,
    (why, cause) =>
      new VarveError(
        'VARVE_RULE_VIOLATED',
        `${configFileName}: the pattern of column '${column}' of '${path}' is none: ${why}`,
        { data: { path: configFileName, table: path, column }, hint: patternHint, cause },
      ),
  )
  return compiled.matchesWhole
}

function listed(values: readonly string[]): string {
  const shown = values.slice(0, 10).join(', ')
  return `one of ${shown}${values.length > 10 ? `, … (${values.length})` : ''}`
}
