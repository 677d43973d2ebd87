// Reading at a revision and writing in a transaction: the application developer's side of Varve.
import type { ColumnType, Row, Value } from '../../table/interface.ts'
import type { ListEntry, NamedPath, OperationOptions } from '../interface.ts'

export type Key = Value | readonly Value[]

export interface KeyRangeOptions extends OperationOptions {
  /** The first key (inclusive) and the end (exclusive). For a composite key its first parts alone will do. */
  readonly from?: Key
  readonly before?: Key
  readonly reverse?: boolean
  readonly limit?: number
}

/** A table as of one commit (or as it stands in a transaction). */
export interface TableView {
  readonly path: string
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[]
  readonly key: readonly string[]
  readonly count: number
  /** The row of this key: a value for each column; null where there is none. */
  get(key: Key): Promise<Row | null>
  /** The rows of these keys, in their order; null where there is none. */
  getMany(keys: readonly Key[]): Promise<(Row | null)[]>
  /** Rows in the order of their keys, all or those of a range. */
  scan(range?: KeyRangeOptions): AsyncIterable<Row>
}

/** The whole dataset as of one commit; never changes. */
export interface Snapshot {
  /** The commit's id, 64 hex digits. */
  readonly commit: string
  /** A table by its path or name: 'people' finds 'people.csv'. It is looked up when it is first asked. */
  table(name: string): LazyTable
  /** The bytes of a file, a symlink's target, or a table as its file has it. */
  read(path: string, options?: OperationOptions & { start?: number; end?: number }): AsyncIterable<Uint8Array>
  /** The bytes of a file, all in memory. @throws VarveError VARVE_PATH_NOT_FOUND */
  readAll(path: string): Promise<Uint8Array>
  /** Files and tables in the order of their paths; with `path` those at or below it. */
  list(options?: OperationOptions & { path?: string; paths?: readonly NamedPath[] }): AsyncIterable<ListEntry>
}

/** The methods of TableView, without waiting first: `repo.at('main')`, then `.table('people').get(1)`. */
export interface LazyTable {
  /** Loads the table. @throws VarveError VARVE_PATH_NOT_FOUND */
  open(): Promise<TableView>
  /** The row of this key: a value for each column; null where there is none. */
  get(key: Key): Promise<Row | null>
  /** The rows of these keys, in their order; null where there is none. */
  getMany(keys: readonly Key[]): Promise<(Row | null)[]>
  /** Rows in the order of their keys, all or those of a range. */
  scan(range?: KeyRangeOptions): AsyncIterable<Row>
  /** The number of rows. */
  count(): Promise<number>
}

export interface NewTable {
  readonly key: readonly string[]
  /** Default: taken from the first rows. */
  readonly columns?: readonly { readonly name: string; readonly type: ColumnType }[]
}

export interface TableWriter extends LazyTable {
  /** Inserts a row, or replaces the one with its key. Columns that the table does not have are added. */
  put(row: Readonly<Record<string, Value>>): void
  /** As `put` for each row; gives the number of rows. Takes any number: they are written as they come. */
  putAll(
    rows: Iterable<Readonly<Record<string, Value>>> | AsyncIterable<Readonly<Record<string, Value>>>,
  ): Promise<number>
  /** Removes the row of this key, if there is one. */
  delete(key: Key): void
}

export interface Transaction {
  /** The commit that the transaction started from; null on a branch without commits. */
  readonly base: string | null
  /** A table to change, by its path or name: 'people' finds 'people.csv'. Reads see what was changed before. */
  table(name: string): TableWriter
  /** A new table at `path`, with no rows yet. */
  createTable(path: string, table: NewTable): TableWriter
  /** Writes a file: bytes (also in parts), or a text, as UTF-8. */
  writeFile(
    path: string,
    content: Uint8Array | string | Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    options?: { executable?: boolean },
  ): Promise<void>
  /** Removes a file or a table, whatever was done to it before. Another one may be made in its place. */
  remove(path: string): void
  /** The bytes of a file, all in memory. @throws VarveError VARVE_PATH_NOT_FOUND */
  readAll(path: string): Promise<Uint8Array>
}
