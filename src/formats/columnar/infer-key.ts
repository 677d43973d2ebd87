// The key of rows that nobody named one for: the fewest leading columns that are there, not empty and unique in both
// versions of a file. Columns whose values are measures or nested (floating point, JSON) tell no rows apart.
import { throwIfAborted } from '../../base/errors.ts'
import { columnPlaces } from '../../table/column-places.ts'
import type { Cell } from '../../table/interface.ts'
import type { CellSource } from './interface.ts'

const columnsMax = 8
/** Files of more rows get no guessed key: all keys would have to be in memory. */
export const inferRowsMax = 2_000_000

export async function inferKey(
  before: CellSource,
  after: CellSource,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<string[] | null> {
  if (Math.max(before.rowCount, after.rowCount) > inferRowsMax) return null
  const names: string[] = []
  for (const { name, type } of after.columns.slice(0, columnsMax)) {
    const other = before.columns.find((column) => column.name === name)
    if (other?.type !== type || type === 'float' || type === 'json') return null
    names.push(name)
    const found = [await uniqueness(after, names, options), await uniqueness(before, names, options)]
    if (found.includes('empty')) return null
    if (found.every((one) => one === 'unique')) return names
  }
  return null
}

async function uniqueness(
  source: CellSource,
  names: readonly string[],
  { signal }: { readonly signal?: AbortSignal | undefined },
): Promise<'unique' | 'repeated' | 'empty'> {
  const places = columnPlaces(source.columns, names)
  const seen = new Set<string>()
  for await (const rows of source.cells({ places, signal })) {
    throwIfAborted(signal)
    for (const cells of rows) {
      if (cells.some(isEmpty)) return 'empty'
      const size = seen.size
      if (seen.add(cells.map(keyPart).join(',')).size === size) return 'repeated'
    }
  }
  return 'unique'
}

function isEmpty({ kind, bytes }: Cell): boolean {
  return kind === 'absent' || kind === 'null' || kind === 'json' || (kind === 'text' && bytes.length === 0)
}

/** A cell's part of a tuple. Its length comes first, so that different tuples never make the same text. */
function keyPart({ kind, bytes }: Cell): string {
  let text = `${kind[0]}${bytes.length}:`
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}
