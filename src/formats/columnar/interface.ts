// Files that other programs read and write as tables of typed columns (Parquet, SQLite): not kept as tables byte for
// byte, but rows go in and out of them. A source tells its columns and gives rows of cells; a sink takes them.
import type { NodeStore } from '../../prolly/node-store.ts'
import type { ObjectWriter } from '../../store/interface.ts'
import type { Cell, ColumnType, Schema } from '../../table/interface.ts'
import type { UnfitRows } from './unfit-rows.ts'

export type ColumnarName = 'parquet' | 'sqlite'

export interface SourceColumn {
  readonly name: string
  readonly type: ColumnType
}

export interface CellScanOptions {
  /** Places of the columns that are asked for, in this order; default: all. */
  readonly places?: readonly number[] | undefined
  readonly signal?: AbortSignal | undefined
}

export interface CellSource {
  readonly columns: readonly SourceColumn[]
  /** Names of the key's columns where the file itself names them. */
  readonly key: readonly string[] | null
  readonly rowCount: number
  /** Rows in the file's order, in batches; each row has a cell for every column asked for. */
  readonly cells: (options?: CellScanOptions) => AsyncIterable<readonly (readonly Cell[])[]>
}

export interface ReadCellsOptions {
  readonly key: readonly string[]
  readonly writer: ObjectWriter
  readonly nodes: NodeStore
  /** Name of the file, for messages. */
  readonly where: string
  /** The version before: a column keeps its id by its name. */
  readonly previous?: Schema | undefined
  /** Takes note of rows that are too large to be kept, and all others go on; else the first of them is thrown. */
  readonly unfit?: UnfitRows | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((rowsDone: number) => void) | undefined
}
