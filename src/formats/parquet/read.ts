// A Parquet file as a source of cells: row groups in turn, in each the pages of all columns side by side, so that
// memory holds a page of each column and no more.
import { throwIfAborted } from '../../base/errors.ts'
import type { Cell } from '../../table/interface.ts'
import { toDamageError, unsupported } from '../columnar/faults.ts'
import type { CellScanOptions, CellSource } from '../columnar/interface.ts'
import type { ByteSource } from '../interface.ts'
import { type ParquetColumn, columnOf } from './column-cells.ts'
import { type ParquetFile, readFooter } from './metadata.ts'

const batchRows = 1024

/** The entry of a file's own key-value pairs that names its key, as a JSON list. */
export const keyPair = 'varve.key'

/** @throws VarveError VARVE_CORRUPT, VARVE_UNSUPPORTED_FORMAT */
export async function openParquet(file: ByteSource, where: string): Promise<CellSource> {
  const parquet = await readFooter(file, where)
  try {
    const columns = parquet.root.children.map((node) => columnOf(parquet, node))
    const names = columns.map(({ name }) => name)
    const twice = names.find((name, i) => names.indexOf(name) !== i)
    if (twice !== undefined) throw unsupported(where, `two columns are called '${twice}'`, { column: twice })
    return {
      columns: columns.map(({ name, type }) => ({ name, type })),
      key: keyOf(parquet, names),
      rowCount: parquet.rowCount,
      cells: (options) => cellsOf(parquet, columns, options),
    }
  } catch (error) {
    throw toDamageError(where, error)
  }
}

async function* cellsOf(
  parquet: ParquetFile,
  columns: readonly ParquetColumn[],
  { places, signal }: CellScanOptions = {},
): AsyncGenerator<Cell[][]> {
  const wanted = places === undefined ? columns : places.map((place) => columns[place]!)
  let row = 1
  try {
    for (const group of parquet.groups) {
      const takes = wanted.map((column) => column.open(group, row))
      for (let left = group.rowCount; left > 0;) {
        throwIfAborted(signal)
        const count = Math.min(left, batchRows)
        const cells: Cell[][] = []
        for (const take of takes) cells.push(await take(count))
        yield Array.from({ length: count }, (_, i) => cells.map((column) => column[i]!))
        left -= count
        row += count
      }
    }
  } catch (error) {
    throw toDamageError(parquet.where, error)
  }
}

function keyOf({ pairs }: ParquetFile, names: readonly string[]): readonly string[] | null {
  try {
    const key: unknown = JSON.parse(pairs.get(keyPair) ?? 'null')
    const isKey = Array.isArray(key) && key.length > 0 && key.every((name) => names.includes(name as string))
    return isKey && new Set(key).size === key.length ? (key as string[]) : null
  } catch {
    return null
  }
}
