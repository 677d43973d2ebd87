// The rows of a file, packed as values of a table whose columns are known already: threads take slices of the file apart,
// and no cell becomes an object. Rows that no table can hold are given one by one, as `readRows` gives them.
import type { WorkerPool } from '../base/pool.ts'
import type { RowShape } from '../table/rows.ts'
import type { PackedSlice } from './columnar/packed-source.ts'
import { formatNamed } from './formats.ts'
import type { FileRecord, FormatName } from './interface.ts'
import type { LeafOptions } from './leaves.ts'
import type { Misfit } from './misfits/misfits.ts'
import { NotATable } from './not-a-table.ts'
import { SliceReader } from './reading.ts'
import { keyColumns, keyNames, valueColumns } from '../table/key.ts'
import { Slicer } from './slicer.ts'

export interface ReadSlicesOptions {
  readonly format: FormatName
  /** Of the table that the rows are for: it has all columns of the file. */
  readonly shape: RowShape
  /** Path of the file, for messages. */
  readonly where: string
  readonly pool: WorkerPool
  readonly leafOptions: () => LeafOptions | null
  readonly signal?: AbortSignal | undefined
  /** Called for values that do not fit their column, once for each column of a slice. */
  readonly onMisfit?: ((misfit: Misfit) => void) | undefined
}

/** @throws VarveError VARVE_RULE_VIOLATED with {path, line, column?, reason}; NotATable, also for columns of another table */
export async function* readSlices(
  source: AsyncIterable<Uint8Array>,
  { shape: { schema }, leafOptions, onMisfit, ...options }: ReadSlicesOptions,
): AsyncGenerator<PackedSlice | { readonly large: FileRecord }> {
  const slicer = new Slicer(source, options.signal)
  const types = new Map(schema.columns.map(({ name, type }) => [name, type]))
  const reading = { ...options, key: keyNames(schema), types, previous: { schema, layout: null } }
  try {
    const file = await formatNamed(options.format).open(slicer, reading)
    const reader = new SliceReader(slicer, file, reading)
    let rowsBefore = 0
    for await (const { result, large } of reader.slices(leafOptions, 'are given')) {
      const found = file.finish({ finalEol: true, trailer: '' }).schema
      const { columns } = found
      // What another column would hold has no place in these rows.
      if (columns.length !== schema.columns.length || columns.some(({ name }) => !types.has(name)))
        throw new NotATable('its columns have changed while it was read')
      for (const { part, place, row, ...first } of result.misfits ?? []) {
        const { name: column } = (part === 'key' ? keyColumns : valueColumns)(found)[place]!
        onMisfit?.({
          column,
          type: types.get(column)!,
          line: reader.lineOf(rowsBefore + row),
          where: options.where,
          ...first,
        })
      }
      rowsBefore += result.count + (large === null ? 0 : 1)
      yield 'leaves' in result ? result : { rows: result }
      if (large !== null) yield { large }
    }
  } finally {
    await slicer.close()
  }
}
