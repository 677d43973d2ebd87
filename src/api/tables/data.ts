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
  get(key: Key): Promise<Row | null>
  getMany(keys: readonly Key[]): Promise<(Row | null)[]>
  scan(range?: KeyRangeOptions): AsyncIterable<Row>
}

/** The whole dataset as of one commit; never changes. */
export interface Snapshot {
  /** The commit's id, 64 hex digits. */
  readonly commit: string
  table(name: string): LazyTable
  /** The bytes of a file, a symlink's target, or a table as its file has it. */
  read(path: string, options?: OperationOptions & { start?: number; end?: number }): AsyncIterable<Uint8Array>
  readAll(path: string): Promise<Uint8Array>
  list(options?: OperationOptions & { path?: string; paths?: readonly NamedPath[] }): AsyncIterable<ListEntry>
}

/** The methods of TableView, without waiting first: `repo.at('main')`, then `.table('people').get(1)`. */
export interface LazyTable {
  open(): Promise<TableView>
  get(key: Key): Promise<Row | null>
  getMany(keys: readonly Key[]): Promise<(Row | null)[]>
  scan(range?: KeyRangeOptions): AsyncIterable<Row>
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
  putAll(
    rows: Iterable<Readonly<Record<string, Value>>> | AsyncIterable<Readonly<Record<string, Value>>>,
  ): Promise<number>
  delete(key: Key): void
}

export interface Transaction {
  /** The commit that the transaction started from; null on a branch without commits. */
  readonly base: string | null
  table(name: string): TableWriter
  createTable(path: string, table: NewTable): TableWriter
  writeFile(
    path: string,
    content: Uint8Array | string | Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    options?: { executable?: boolean },
  ): Promise<void>
  /** Removes a file or a table, whatever was done to it before. Another one may be made in its place. */
  remove(path: string): void
  readAll(path: string): Promise<Uint8Array>
}
