// The rows of a query's result, which lie in a table of the workspace, as cells of the types that the derivation declares.
import { VarveError } from '../base/errors.ts'
import type { Derivation } from '../dataset/interface.ts'
import type { CellSource, SourceColumn } from '../formats/columnar/interface.ts'
import { castCell } from '../table/cast.ts'
import type { Cell } from '../table/interface.ts'

/** @throws VarveError VARVE_RULE_VIOLATED: a type of a column that is not there */
export function typedColumns({ path, types }: Derivation, columns: readonly SourceColumn[]): SourceColumn[] {
  const unknown = types.find(({ column }) => !columns.some(({ name }) => name === column))
  if (unknown !== undefined) {
    throw new VarveError(
      'VARVE_RULE_VIOLATED',
      `'${path}' has no column '${unknown.column}' to give a type to`,
      {
        data: { path, column: unknown.column },
        hint: `its columns: ${columns.map(({ name }) => name).join(', ')}`,
      },
    )
  }
  return columns.map(({ name, type }) => ({
    name,
    type: types.find(({ column }) => column === name)?.type ?? type,
  }))
}

/** `columns` as typedColumns gives them. @throws VarveError VARVE_RULE_VIOLATED: a value is not of its type */
export async function* typedCells(
  derivation: Derivation,
  columns: readonly SourceColumn[],
  cells: ReturnType<CellSource['cells']>,
): AsyncGenerator<readonly (readonly Cell[])[]> {
  const wanted = new Set(derivation.types.map(({ column }) => column))
  for await (const rows of cells) {
    if (wanted.size === 0) yield rows
    else yield rows.map((row) => row.map((cell, i) => cast(cell, columns[i]!, wanted, derivation.path)))
  }
}

function cast(cell: Cell, { name, type }: SourceColumn, wanted: ReadonlySet<string>, path: string): Cell {
  const made = wanted.has(name) ? castCell(cell, type) : cell
  if (made !== null) return made
  throw new VarveError(
    'VARVE_RULE_VIOLATED',
    `'${path}': column '${name}' has a value that is not of type ${type}`,
    {
      data: { path, column: name, type },
      hint: "change the column's type under 'types' in varve.yaml, or convert the value in the query",
    },
  )
}
