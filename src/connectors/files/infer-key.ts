// The key of a table in files that nobody has named one for: the fewest leading columns that are there and tell apart the
// rows of each file. A row that comes in a second file too is a newer state of itself.
import { isVarveError } from '../../base/errors.ts'
import { inferRowsMax } from '../../formats/columnar/infer-key.ts'
import { formatOfPath } from '../../formats/formats.ts'
import { readRows } from '../../formats/read-rows.ts'
import { columnPlaces } from '../../table/column-places.ts'
import type { Cell, ColumnType } from '../../table/interface.ts'
import { keyBytesMax } from '../../table/key.ts'
import type { OpenedFile } from './interface.ts'
import type { WithFile } from './shape.ts'
import { asWaiting, fileWaits } from './waiting.ts'

const columnsMax = 8
/** What a row breaks by not having the key: no fault of the file as long as nobody has said that it is the key. */
const keyFaults: readonly unknown[] = ['empty-key', 'missing-key', 'key-not-scalar', 'key-too-long']

/** @throws VarveError with `waits` where no columns do */
export async function inferFileKey(
  table: string,
  files: readonly string[],
  columns: readonly { readonly name: string; readonly type: ColumnType }[],
  withFile: WithFile,
): Promise<readonly string[]> {
  const names: string[] = []
  for (const { name, type } of columns.slice(0, columnsMax)) {
    if (type === 'float' || type === 'json') break
    names.push(name)
    const found: Uniqueness[] = []
    for (const path of files) found.push(await withFile(path, (file) => uniqueness(file, names)))
    if (found.includes('empty')) break
    if (found.every((one) => one === 'unique')) return names
  }
  throw fileWaits(
    files[0] ?? table,
    `has no columns that tell its rows apart: say which ones are the key of '${table}'`,
  )
}

type Uniqueness = 'unique' | 'repeated' | 'empty'

async function uniqueness(file: OpenedFile, key: readonly string[]): Promise<Uniqueness> {
  if (file.bytesLength === 0) return 'unique'
  const { path } = file
  const seen = new Set<string>()
  try {
    for await (const { columns, rows } of readRows(file.bytes(), {
      format: formatOfPath(path)!,
      key,
      where: path,
    })) {
      const places = columnPlaces(columns, key)
      for (const row of rows) {
        const { size } = seen
        if (places.some((place) => row[place]!.bytes.length > keyBytesMax)) return 'empty'
        if (seen.add(keyOf(row, places)).size === size || size > inferRowsMax) return 'repeated'
      }
    }
    return 'unique'
  } catch (error) {
    if (isVarveError(error) && keyFaults.includes(error.data['reason'])) return 'empty'
    throw asWaiting(path, error)
  }
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
