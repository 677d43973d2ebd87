// Which conflicts are meant: by path, row, column, number, as people type it.
import type { Path } from '../../files/interface.ts'
import { PathSelection } from '../../files/path-selection.ts'
import type { NamedPath } from '../../files/pathspec.ts'
import type { Tree } from '../../files/tree.ts'
import type { ConflictFilter } from '../../merge/conflicts/conflicts.ts'
import type { TableSchemas } from '../../merge/resolve/table-schemas.ts'
import { findTable } from '../../repo/find-table.ts'
import { encodeRowKey } from '../../table/row-key.ts'
import type { ConflictSelection } from '../interface.ts'

export async function filterOf(
  schemas: TableSchemas,
  { path: named, paths, key, column, id, kinds }: ConflictSelection,
): Promise<ConflictFilter> {
  const path = named === undefined ? undefined : await tablePath(schemas.tree, named)
  const shape = path === undefined || key === undefined ? null : await schemas.find(path)
  const keyAt = async (table: string): Promise<Uint8Array | null> => {
    const one = await schemas.find(table)
    return one === null || one.keys.length !== key?.length ? null : encodeRowKey(one, { text: key }, table)
  }
  const wanted =
    key === undefined ? undefined : shape === null ? keyAt : encodeRowKey(shape, { text: key }, path!)
  const selection =
    paths === undefined ? {} : { paths: new PathSelection(await tablePaths(schemas.tree, paths)) }
  return { path, ...selection, key: wanted, typedKey: key, column, id, kinds }
}

/** A path that is there, or the path of the table that has this name without its extension. */
export async function tablePath(tree: Tree, named: Path): Promise<Path> {
  if (named === '' || (await tree.get(named)) !== null || (await tree.isDirectory(named))) return named
  return (await findTable(tree, named))?.path ?? named
}

async function tablePaths(tree: Tree, paths: readonly NamedPath[]): Promise<NamedPath[]> {
  const found: NamedPath[] = []
  for (const one of paths) found.push(typeof one === 'string' ? await tablePath(tree, one) : one)
  return found
}
