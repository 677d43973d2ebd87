// Which conflicts are meant: by path, row, column, number, as people type it.
import { PathSelection } from '../../files/path-selection.ts'
import type { ConflictFilter } from '../../merge/conflicts/conflicts.ts'
import type { TableSchemas } from '../../merge/resolve/table-schemas.ts'
import { encodeRowKey } from '../../table/row-key.ts'
import type { ConflictSelection } from '../interface.ts'

export async function filterOf(
  schemas: TableSchemas,
  { path, paths, key, column, id, kinds }: ConflictSelection,
): Promise<ConflictFilter> {
  const shape = path === undefined || key === undefined ? null : await schemas.find(path)
  const keyAt = async (table: string): Promise<Uint8Array | null> => {
    const one = await schemas.find(table)
    return one === null || one.keys.length !== key?.length ? null : encodeRowKey(one, { text: key }, table)
  }
  const wanted =
    key === undefined ? undefined : shape === null ? keyAt : encodeRowKey(shape, { text: key }, path!)
  const selection = paths === undefined ? {} : { paths: new PathSelection(paths) }
  return { path, ...selection, key: wanted, typedKey: key, column, id, kinds }
}
