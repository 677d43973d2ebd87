// The rows of a source that is imported, as the table of its path has them: texts where a file of texts follows it, else
// values of its columns' types.
import { WorkerPool } from '../../base/pool.ts'
import { VarveError } from '../../base/errors.ts'
import { keyNames } from '../../table/key.ts'
import { readCells } from '../../formats/columnar/read-cells.ts'
import type { FormatName } from '../../formats/interface.ts'
import { readTable } from '../../formats/read.ts'
import { typedTable } from '../../formats/typed-table.ts'
import type { Io } from '../../repo/interface.ts'
import type { TableObject } from '../../table/interface.ts'
import type { ImportOptions } from './import-table.ts'
import { unpackedSource } from './unpacked-source.ts'

/** `before`: the table of the path. @throws VarveError as reading a table does; VARVE_USAGE where there is no key */
export async function readSource(
  source: AsyncIterable<Uint8Array>,
  io: Io,
  before: TableObject | null,
  options: ImportOptions,
): Promise<TableObject> {
  const { format, signal } = options
  const where = options.name ?? options.path
  if (format !== 'parquet' && format !== 'sqlite') {
    return readText(unpackedSource(source, options.name ?? options.path), io, before, { ...options, format })
  }
  const { chosenTable, openColumnar } = await import('../../formats/columnar/open.ts')
  const file = await openColumnar(source, { format, where, signal })
  try {
    const cells = file.table(chosenTable(file, options.table, where))
    const { onProgress } = options
    const table = await readCells(cells, {
      ...io,
      key: chosenKey(where, options.key, before, cells.key),
      where,
      signal,
      onProgress: (done) =>
        onProgress?.({ phase: `reading ${where}`, done, total: cells.rowCount, unit: 'rows' }),
    })
    return before?.schema.cells === 'typed'
      ? await typedTable(table, { ...io, where, signal, into: before.schema })
      : table
  } finally {
    await file.close()
  }
}

async function readText(
  source: AsyncIterable<Uint8Array>,
  io: Io,
  before: TableObject | null,
  options: ImportOptions & { readonly format: FormatName },
): Promise<TableObject> {
  const { format, signal, path, name: where = path } = options
  const into = before?.schema ?? null
  const types =
    into?.cells === 'text' ? undefined : new Map((into?.columns ?? []).map(({ name, type }) => [name, type]))
  const pool = new WorkerPool()
  try {
    const key = chosenKey(where, options.key, before)
    const onProgress = (done: number): void =>
      options.onProgress?.({ phase: `reading ${where}`, done, total: 0, unit: 'bytes' })
    const { table } = await readTable(source, { ...io, format, key, types, pool, where, signal, onProgress })
    return format === 'jsonl' && into?.cells !== 'text'
      ? await typedTable(table, { ...io, where, signal, into })
      : table
  } finally {
    await pool.close()
  }
}

/** What was asked for, else what the file names, else that of the table that is there. */
function chosenKey(
  where: string,
  asked: readonly string[] | undefined,
  before: TableObject | null,
  named: readonly string[] | null = null,
): readonly string[] {
  const key = [asked, named, before === null ? null : keyNames(before.schema)].find(
    (one) => one !== null && one !== undefined && one.length > 0,
  )
  if (key) return key
  throw new VarveError('VARVE_USAGE', `'${where}' names no key`, {
    hint: "say which columns make a row unique: '--key COLUMN'; of a table that is there, name its path: '--as people.csv'",
  })
}
