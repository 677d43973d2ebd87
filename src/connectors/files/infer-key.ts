// The key of a table in files that nobody has named one for: the fewest leading columns that are there and tell apart the
// rows of each file. A row that comes in a second file too is a newer state of itself.
import { inOrder } from '../../base/in-order.ts'
import { collect } from '../../base/iterables.ts'
import type { KeyUniqueness } from '../../formats/key-uniqueness.ts'
import type { Cell, ColumnType } from '../../table/interface.ts'
import { filesAtOnce } from './small-file.ts'
import { fileWaits } from './waiting.ts'

const columnsMax = 8

/** Whether columns tell the rows of a file apart. */
export type UniquenessOf = (path: string, key: readonly string[]) => Promise<KeyUniqueness>

/** @throws VarveError with `waits` where no columns do */
export async function inferFileKey(
  table: string,
  files: readonly string[],
  columns: readonly { readonly name: string; readonly type: ColumnType }[],
  uniqueness: UniquenessOf,
): Promise<readonly string[]> {
  const names: string[] = []
  for (const { name, type } of columns.slice(0, columnsMax)) {
    if (type === 'float' || type === 'json') break
    names.push(name)
    const found = await collect(inOrder(files, filesAtOnce, (path) => uniqueness(path, names)))
    if (found.includes('empty')) break
    if (found.includes('unknown')) throw fileWaits(files[found.indexOf('unknown')]!, tooMany(table))
    if (found.every((one) => one === 'unique')) return names
  }
  throw fileWaits(
    files[0] ?? table,
    `has no columns that tell its rows apart: say which ones are the key of '${table}'`,
  )
}

function tooMany(table: string): string {
  return `has more rows than are compared to find out which columns tell them apart: say the key of '${table}'`
}

/** The same for two rows only if their keys are. Length first, so that no two tuples are joined to one text. */
export function keyOf(row: readonly Cell[], places: readonly number[]): string {
  let text = ''
  for (const place of places) {
    const { kind, bytes } = row[place]!
    text += `${kind[0]!}${bytes.length}:${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')}`
  }
  return text
}
