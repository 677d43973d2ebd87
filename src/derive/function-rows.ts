// Rows that functions return, checked; an error names the table that cannot be derived.
import { VarveError, isVarveError } from '../base/errors.ts'
import type { Path } from '../files/interface.ts'
import { castCell } from '../table/cast.ts'
import { valueToTyped } from '../table/cell.ts'
import type { ColumnType, Row, Value } from '../table/interface.ts'

export interface DerivedShape {
  readonly path: Path
  readonly key: readonly string[]
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[]
}

/**
 * The rows that `work` makes, which calls the function.
 * @throws VarveError VARVE_RULE_VIOLATED when the function throws
 */
export function functionRows(of: DerivedShape, work: () => Row | readonly Row[] | null): readonly Row[] {
  let rows: readonly Row[]
  try {
    const made = work() ?? []
    if (made instanceof Promise) throw new TypeError('it is asynchronous')
    rows = Array.isArray(made) ? (made as readonly Row[]) : [made as Row]
  } catch (error) {
    throw cannotDerive(of, `the function that makes its rows failed: ${messageOf(error)}`, error)
  }
  for (const row of rows) checkNumbers(of, row)
  return rows
}

/** Refuses texts in columns of numbers: nearly always such a text is a sum that was put together as text. */
function checkNumbers(of: DerivedShape, row: Row): void {
  if (typeof row !== 'object' || row === null) return
  for (const { name, type } of of.columns) {
    const value = row[name]
    if (value === undefined || value === null || isOf(value, type)) continue
    const words =
      typeof value === 'string'
        ? JSON.stringify(value.slice(0, 40))
        : typeof value === 'object'
          ? 'an object'
          : String(value)
    throw cannotDerive(of, `the function made ${words} for the column '${name}', which is ${type}`, null)
  }
}

function isOf(value: Value, type: ColumnType): boolean {
  if (type !== 'int' && type !== 'decimal' && type !== 'float' && type !== 'bool') return true
  if (type === 'bool' ? typeof value === 'boolean' : typeof value === 'bigint') return true
  if (typeof value === 'number') return type !== 'bool' && (type !== 'int' || Number.isInteger(value))
  return typeof value === 'string' && castCell(valueToTyped(value), type) !== null
}

/** Makes an error about the rows that the function made name the function; other errors stay as they are. */
export function asRowFault(of: DerivedShape, error: unknown): unknown {
  const isRowFault = isVarveError(error) ? error.code === 'VARVE_RULE_VIOLATED' : error instanceof TypeError
  return isRowFault
    ? cannotDerive(of, `the function returned something that is not a row: ${messageOf(error)}`, error)
    : error
}

export function cannotDerive({ path, key }: DerivedShape, what: string, cause: unknown): VarveError {
  return new VarveError('VARVE_RULE_VIOLATED', `'${path}' cannot be derived: ${what}`, {
    data: { path, key },
    hint: `its key is ${key.join(', ')}; a function must make the same of the same rows each time`,
    cause,
  })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
