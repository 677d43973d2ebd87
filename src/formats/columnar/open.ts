// Opens a columnar file whose bytes come in order: they are laid in a scratch file first, for these formats are read
// from their end or from anywhere. The libraries are loaded when the first such file is opened.
import { VarveError } from '../../base/errors.ts'
import { scratchFile } from '../../base/platform-scratch.ts'
import type { CellSource, ColumnarName } from './interface.ts'

export interface ColumnarFile {
  /** Names of the tables; a Parquet file has one, without a name. */
  readonly names: readonly string[]
  table(name: string): CellSource
  close(): Promise<void>
}

export interface OpenColumnarOptions {
  readonly format: ColumnarName
  /** Name of the file, for messages. */
  readonly where: string
  readonly signal?: AbortSignal | undefined
}

/** @throws VarveError VARVE_CORRUPT, VARVE_UNSUPPORTED_FORMAT */
export async function openColumnar(
  bytes: AsyncIterable<Uint8Array>,
  { format, where, signal }: OpenColumnarOptions,
): Promise<ColumnarFile> {
  const isParquet = format === 'parquet'
  const { openParquet } = isParquet ? await import('../parquet/read.ts') : { openParquet: null }
  const sqlite = isParquet ? null : await import('../sqlite/open.ts')
  const scratch = await scratchFile(sqlite === null ? bytes : sqlite.withoutWal(bytes), signal)
  try {
    if (sqlite === null) {
      const source = await openParquet!(scratch, where)
      return { names: [''], table: () => source, close: () => scratch.close() }
    }
    const tables = await sqlite.openSqlite(scratch, where)
    return {
      names: tables.names,
      table: (name) => tables.table(name),
      close: async () => {
        tables.close()
        await scratch.close()
      },
    }
  } catch (error) {
    await scratch.close()
    throw error
  }
}

/** The table that was named, or the only one in the file. */
export function chosenTable(file: ColumnarFile, named: string | undefined, where: string): string {
  const { names } = file
  if (named !== undefined) return named
  if (names.length === 1) return names[0]!
  if (names.length === 0)
    throw new VarveError('VARVE_NOT_POSSIBLE', `'${where}' has no tables`, {
      data: { path: where },
      hint: 'make a table in it first, or name another file',
    })
  throw new VarveError('VARVE_USAGE', `'${where}' has ${names.length} tables`, {
    data: { path: where, tables: names },
    hint: `name one: ${names
      .slice(0, 8)
      .map((name) => `'${where}:${name}'`)
      .join(', ')}`,
  })
}
