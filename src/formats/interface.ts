// Formats turn the bytes of a file into a table and back, and prove that nothing was lost on the way. Each format is
// a `TableFormat`; read.ts and render.ts drive it and know nothing of delimiters or braces.
import type { WorkerPool } from '../base/pool.ts'
import type { TableCid } from '../encoding/cid.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import type { ObjectWriter } from '../store/interface.ts'
import type { Cell, Column, ColumnType, Layout, TableObject } from '../table/interface.ts'
import type { LeafOptions, PackedLeaves } from './leaves.ts'
import type { SliceMisfit } from './misfits/misfits.ts'
import type { PackedRows } from './packed.ts'
import type { Slicer } from './slicer.ts'

export type FormatName = Layout['format']

export interface ReadRowsOptions {
  readonly format: FormatName
  /** Names of the key's columns, in key order. */
  readonly key: readonly string[]
  /** The version before: column ids, types and layout carry over. */
  readonly previous?: Pick<TableObject, 'schema' | 'layout'> | undefined
  /**
   * Rows of values, without a layout and in the order of their key: texts become what their columns' types say, in a format
   * that knows nothing but texts. Columns that are named have these types, others as their cells look.
   */
  readonly types?: ReadonlyMap<string, ColumnType> | undefined
  /** Only keys are wanted: rows come without values, and without the proof that the file is made of them. */
  readonly only?: 'keys' | undefined
  /** Path of the file, for messages. */
  readonly where: string
  readonly pool?: WorkerPool | undefined
  readonly signal?: AbortSignal | undefined
}

export interface ReadTableOptions extends ReadRowsOptions {
  /** And unchanged parts of it are recognised. */
  readonly previous?: TableObject | undefined
  readonly writer: ObjectWriter
  readonly nodes: NodeStore
  readonly onProgress?: ((bytesDone: number) => void) | undefined
}

export type ReadColumnsOptions = Pick<ReadRowsOptions, 'format' | 'key' | 'where' | 'pool' | 'signal'>

export type AlikeOptions = Pick<ReadRowsOptions, 'format' | 'key' | 'types' | 'previous' | 'where'>

export interface FileColumn {
  readonly name: string
  /** As its cells look; null when they tell nothing. */
  readonly type: ColumnType | null
}

export interface ReadTableResult {
  readonly table: TableObject
  readonly cid: TableCid
  readonly rowCount: number
}

export type SliceFault =
  | 'ragged-row'
  | 'empty-key'
  | 'key-too-long'
  | 'key-not-scalar'
  | 'missing-key'
  | 'not-json'
  | 'not-object'
  | 'unclosed-quote'
  | 'unfinished'
  | 'text-behind-quote'
  | 'cell-too-large'
  | 'blank-line'
  | 'not-utf8'
  | 'not-reproduced'

/** What was seen in one slice, all but its rows. Flat, to go between threads. */
export interface SliceFacts {
  /** Rows. */
  readonly count: number
  readonly bytesRead: number
  /** Pairs: a row that takes more than one line, and how many more. */
  readonly longRows: readonly number[]
  readonly fault: SliceFault | null
  /** Lines of the slice before the fault, where that is not behind the last row given; else -1. */
  readonly faultLine: number
  /** Place of the column that the fault is about, or -1. */
  readonly faultColumn: number
  /** Values that do not fit their columns, where values are made; absent where there are none. */
  readonly misfits?: readonly SliceMisfit[] | undefined
}

/** Rows of one slice, proved: rendering them gives the slice's first `bytesRead` bytes. */
export interface SliceRows extends SliceFacts, PackedRows {}

/** The same, and the rows are leaves already. */
export interface SliceLeaves extends SliceFacts {
  readonly leaves: PackedLeaves
  /** Contents of cells out of line. */
  readonly contents: readonly Uint8Array[]
}

export type SliceResult = SliceRows | SliceLeaves

/** What the end of a file says about its layout. */
export interface FileTail {
  readonly finalEol: boolean
  /** Line ends behind the last row. */
  readonly trailer: string
}

/** One row by itself, cell by cell. */
export interface FileRecord {
  readonly columns: readonly Column[]
  /** By column. */
  readonly cells: Cell[]
  /** Where the next row begins. */
  readonly end: number
  /** More than one line, and how many. */
  readonly moreLines: number
}

/** A file whose head has been read. */
export interface OpenFile {
  /** Line of the first row, from 1. */
  readonly firstLine: number
  readonly eol: string
  /** Where a slice of these bytes, which begin with a row, may end: behind a row, as far as one can tell; 0: nowhere. */
  cut(bytes: Uint8Array): number
  /** How many slices may be under way at once; 1 when each needs what the one before found. */
  readonly slicesAtOnce: number
  /** As leaves where that is wished for and can be; null: rows. The bytes are free again when it is done. */
  parse(bytes: Uint8Array, leafOptions: LeafOptions | null): Promise<SliceResult>
  /** The row at `at`, too large for a table though it may be; null where it is no row. */
  record(bytes: Uint8Array, at: number): FileRecord | null
  /** The name of the column at `place`, for messages. */
  columnName(place: number): string | undefined
  finish(tail: FileTail): Pick<TableObject, 'schema' | 'layout'>
}

/** Rows back into bytes. */
export interface TableRenderer {
  readonly head: Uint8Array
  readonly trailer: Uint8Array
  readonly finalEol: boolean
  /** The byte that may hide line ends, or -1. */
  readonly quote: number
  /** Offset behind the record that begins at `at`; -1 when it is not whole. */
  recordEnd(bytes: Uint8Array, at: number): number
  /** Bytes of the rows; they may be a view that the next call spoils. */
  rows(rows: RowSource): Uint8Array
}

/** Rows as the tree gives them, with the contents of cells out of line in the order of the rows. */
export interface RowSource {
  readonly count: number
  readonly keys: Uint8Array
  readonly keyEnds: Uint32Array
  readonly values: Uint8Array
  readonly valueEnds: Uint32Array
  readonly contents: readonly Uint8Array[]
  /** By row: contents of it and all before it; null when there are none. */
  readonly contentEnds: Uint32Array | null
}

/** Bytes that can be read anywhere. */
export interface ByteSource {
  readonly size: number
  /** Fewer bytes at the file's end. With `into`, which has room for them, they are a view of it. */
  read(start: number, length: number, into?: Uint8Array): Promise<Uint8Array>
}

/** How a file begins and is spelled. Others of its table that do likewise need not be opened one by one. */
export interface AlikeFiles {
  /** Whether this file, which is all in memory, is one of them. */
  has(bytes: Uint8Array): boolean
  /** Of one of them, as `TableFormat.columns` finds them. */
  columns(bytes: Uint8Array): readonly FileColumn[]
  /** The keys of the rows of one of them; null where it has to be read by itself: something is wrong with it. */
  keys(bytes: Uint8Array): PackedRows | null
  /**
   * Rows of values of several of them, for a table that has more columns maybe; null as above. They are views, to be used
   * before anything is awaited.
   */
  rows(files: readonly Uint8Array[]): JoinedRows | null
}

export interface JoinedRows {
  readonly rows: PackedRows
  /** By file: its rows and those of all before it. */
  readonly rowEnds: readonly number[]
  /** Each value that does not fit its column, by row. */
  readonly misfits: readonly { readonly column: Column; readonly row: number; readonly text: string }[]
}

export interface TableFormat {
  readonly name: FormatName
  /** Lower case, with the dot. */
  readonly extensions: readonly string[]
  /** Reads the head and leaves the slicer at the first row. @throws NotATable, VarveError VARVE_RULE_VIOLATED */
  open(slicer: Slicer, options: ReadRowsOptions): Promise<OpenFile>
  /** Only the columns, read as cheaply as possible. A key that is named need not be there. @throws as `open` */
  columns(slicer: Slicer, options: ReadColumnsOptions): Promise<readonly FileColumn[]>
  renderer(table: TableObject, layout: Layout): TableRenderer
  /**
   * What files have to have in common with this one, which is all in memory, to be read as it is; null: its beginning does not
   * tell. Absent where each file is opened by itself. @throws as `open`
   */
  readonly alike?: (bytes: Uint8Array, options: AlikeOptions) => Promise<AlikeFiles | null>
}
