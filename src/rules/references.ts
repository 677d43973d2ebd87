// Whether the rows of another table have the keys that cells name: looked up in its tree, many at once.
import { VarveError, isVarveError } from '../base/errors.ts'
import { configFileName } from '../dataset/interface.ts'
import type { Path } from '../files/interface.ts'
import { diffMaps } from '../prolly/diff.ts'
import { cellValue } from '../table/cell.ts'
import type { Cell, Schema } from '../table/interface.ts'
import { encodeKey } from '../table/key.ts'
import { keyOfValues } from '../table/rows.ts'
import type { Table } from '../table/table.ts'
import { writtenText } from './cell-rules.ts'

/** @throws VarveError VARVE_RULE_VIOLATED where it cannot be referred to */
export function requireTarget(from: Path, column: string, to: Path, table: Table | null): Table {
  if (table !== null && table.shape.keys.length === 1) return table
  const why = table === null ? 'is not a table' : `has a key of ${table.shape.keys.length} columns`
  throw new VarveError(
    'VARVE_RULE_VIOLATED',
    `${configFileName}: column '${column}' of '${from}' refers to '${to}', which ${why}`,
    {
      data: { path: from, column, table: to },
      hint: "'references' names a table, by its path, whose key is one column",
    },
  )
}

/** For each cell, whether there is a row with that key. */
export async function existingKeys(
  target: Table,
  cells: readonly Cell[],
  from: { readonly cells: Schema['cells']; readonly type: Schema['columns'][number]['type'] },
  signal: AbortSignal | undefined,
): Promise<boolean[]> {
  const places = new Map<string, number>()
  const keys: Uint8Array[] = []
  const wanted = cells.map((cell) => {
    // Neighbouring rows often refer to the same one.
    const name = `${cell.kind}:${writtenText(cell)}`
    let place = places.get(name)
    if (place === undefined) {
      const key = keyOf(target, cell, from)
      places.set(name, (place = key === null ? -1 : keys.push(key) - 1))
    }
    return place
  })
  const found = await target.map.getMany(keys, { signal })
  return wanted.map((place) => place >= 0 && found[place] !== null)
}

/** The key for a cell; null when no key can be like that. */
function keyOf(
  target: Table,
  cell: Cell,
  { cells, type }: { readonly cells: Schema['cells']; readonly type: Schema['columns'][number]['type'] },
): Uint8Array | null {
  try {
    return target.schema.cells === cells
      ? encodeKey(target.schema, [cell])
      : keyOfValues(target.shape, [cellValue(cell, type)])
  } catch (error) {
    if (isVarveError(error, 'VARVE_RULE_VIOLATED')) return null
    throw error
  }
}

/** Whether rows are gone, so that cells which nobody touched may refer to nothing. */
export async function lostRows(
  before: Table,
  after: Table,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  for await (const differences of diffMaps(before.map, after.map, { signal }))
    if (differences.some((one) => one.after === null)) return true
  return false
}
