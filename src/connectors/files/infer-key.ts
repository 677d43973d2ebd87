// The key of a table in files that nobody has named one for: the fewest leading columns that are there and tell apart the
// rows of each file. A row that comes in a second file too is a newer state of itself.
import { type KeyUniqueness, keyUniqueness } from '../../formats/key-uniqueness.ts'
import { fileBytesWorthThreads } from '../../formats/slice-jobs.ts'
import type { Cell, ColumnType } from '../../table/interface.ts'
import { tableFormat } from './file-name.ts'
import type { OpenedFile } from './interface.ts'
import type { ShapeReader } from './shape.ts'
import { asWaiting, fileWaits } from './waiting.ts'

const columnsMax = 8

/** @throws VarveError with `waits` where no columns do */
export async function inferFileKey(
  table: string,
  files: readonly string[],
  columns: readonly { readonly name: string; readonly type: ColumnType }[],
  reader: Pick<ShapeReader, 'withFile' | 'pool' | 'bytesOf'>,
): Promise<readonly string[]> {
  const names: string[] = []
  for (const { name, type } of columns.slice(0, columnsMax)) {
    if (type === 'float' || type === 'json') break
    names.push(name)
    const found: KeyUniqueness[] = []
    for (const path of files)
      found.push(await reader.withFile(path, (file) => uniqueness(file, names, reader)))
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

async function uniqueness(
  file: OpenedFile,
  key: readonly string[],
  { pool, bytesOf }: Pick<ShapeReader, 'pool' | 'bytesOf'>,
): Promise<KeyUniqueness> {
  const { path, bytesLength } = file
  if (await file.isEmpty()) return 'unique'
  if (bytesLength >= fileBytesWorthThreads) pool.warm(2)
  try {
    return await keyUniqueness(bytesOf(file), { format: tableFormat(path)!, key, where: path, pool })
  } catch (error) {
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
