// Reading at a revision and writing in a transaction: the application developer's side of Varve.
import type { ColumnType, Row, Value } from '../../table/interface.ts'
import type { ListEntry, NamedPath, OperationOptions } from '../interface.ts'

/** Of a row: one value, or a list with one for each column of the key. */
export type Key = Value | readonly Value[]

/** Which rows `scan` gives, and in which direction. */
export interface KeyRangeOptions extends OperationOptions {
  /** The first key. For a key of several columns its first parts alone will do. */
  readonly from?: Key
  /** The first key that is not given any more. */
  readonly before?: Key
  /** From the last key to the first. */
  readonly reverse?: boolean
  /** At most so many rows. */
  readonly limit?: number
}

/** A table as of one commit (or as it stands in a transaction). `R` is what you say its rows are, as in LazyTable. */
export interface TableView<R extends object = Row> {
  readonly path: string
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[]
  /** Names of the key's columns. */
  readonly key: readonly string[]
  /** The number of rows. */
  readonly count: number
  /** The row of this key: a value for each column; null where there is none. */
  get(key: Key): Promise<R | null>
  /** The rows of these keys, in their order; null where there is none. */
  getMany(keys: readonly Key[]): Promise<(R | null)[]>
  /** Rows in the order of their keys, all or those of a range. */
  scan(range?: KeyRangeOptions): AsyncIterable<R>
}

/** The whole dataset as of one commit; never changes. */
export interface Snapshot {
  /** The commit's id, 64 hex digits. */
  readonly commit: string
  /** A table by its path or name: 'people' finds 'people.csv'. It is looked up when it is first asked. */
  table<R extends object = Row>(name: string): LazyTable<R>
  /** The bytes of a file, a symlink's target, or a table as its file has it. */
  read(path: string, options?: OperationOptions & { start?: number; end?: number }): AsyncIterable<Uint8Array>
  /** The bytes of a file, all in memory. @throws VarveError VARVE_PATH_NOT_FOUND */
  readAll(path: string, options?: OperationOptions): Promise<Uint8Array>
  /** Files and tables in the order of their paths; with `path` those at or below it. */
  list(options?: OperationOptions & { path?: string; paths?: readonly NamedPath[] }): AsyncIterable<ListEntry>
}

/**
 * The methods of TableView, without waiting first: `repo.at('main')`, then `.table('people').get(1)`. `R` is what you
 * say its rows are, `.table<Person>('people')`: for the compiler alone, nothing is checked or converted.
 */
export interface LazyTable<R extends object = Row> {
  /** Loads the table. @throws VarveError VARVE_PATH_NOT_FOUND */
  open(): Promise<TableView<R>>
  /** The row of this key: a value for each column; null where there is none. */
  get(key: Key): Promise<R | null>
  /** The rows of these keys, in their order; null where there is none. */
  getMany(keys: readonly Key[]): Promise<(R | null)[]>
  /** Rows in the order of their keys, all or those of a range. */
  scan(range?: KeyRangeOptions): AsyncIterable<R>
  /** The number of rows. */
  count(): Promise<number>
}

/** What a table needs to begin with. */
export interface NewTable {
  /** Names of the key's columns. */
  readonly key: readonly string[]
  /** Default: taken from the first rows. */
  readonly columns?: readonly { readonly name: string; readonly type: ColumnType }[]
}

/** A table in a transaction: reads see what was written. */
export interface TableWriter<R extends object = Row> extends LazyTable<R> {
  /** Inserts a row, or replaces the one with its key. Columns that the table does not have are added. */
  put(row: Readonly<R>): void
  /** As `put` for each row; gives the number of rows. Takes any number: they are written as they come. */
  putAll(rows: Iterable<Readonly<R>> | AsyncIterable<Readonly<R>>): Promise<number>
  /** Removes the row of this key, if there is one. */
  delete(key: Key): void
}

/** What the function of `transaction` is given: the branch's dataset, to read and to change. */
export interface Transaction {
  /** The commit that the transaction started from; null on a branch without commits. */
  readonly base: string | null
  /** A table to change, by its path or name: 'people' finds 'people.csv'. Reads see what was changed before. */
  table<R extends object = Row>(name: string): TableWriter<R>
  /** A new table at `path`, with no rows yet. */
  createTable<R extends object = Row>(path: string, table: NewTable): TableWriter<R>
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
