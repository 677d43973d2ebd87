// A table is a schema and a prolly map from key to row. Keys are order-preserving tuples compared as bytes; a row is
// its flags and its non-key cells in the order of their column ids. See row.ts, key.ts and docs/FORMAT.md.
import type { Cid } from '../encoding/cid.ts'

/** Declares how a column's text is read and ordered; a cell that does not fit its type is kept all the same. */
export type ColumnType =
  | 'text'
  | 'int'
  | 'decimal'
  | 'float'
  | 'bool'
  | 'date'
  | 'timestamp'
  | 'bytes'
  | 'json'

export interface Column {
  /** Stable for the table's life: rows hold their cells in id order, so adding a column rewrites no row. */
  readonly id: number
  readonly name: string
  readonly type: ColumnType
}

export interface Schema {
  /** In the order in which people see them. Names are unique. */
  readonly columns: readonly Column[]
  /** Ids of the key's columns, in key order. */
  readonly key: readonly number[]
  /** The id that the next new column gets. */
  readonly nextColumnId: number
  /**
   * 'text': every cell is text, as in CSV; types only say how to read and order it. 'typed': a cell keeps the kind it
   * was written with (number, text, bool, null, JSON), as in JSON Lines and tables made by the API.
   */
  readonly cells: 'text' | 'typed'
}

/** What a file's bytes hold beyond its rows. Plain data that dag-cbor can keep; owned by the format that wrote it. */
export interface Layout {
  readonly format: 'csv' | 'tsv' | 'jsonl'
  readonly [setting: string]: string | number | boolean | null | readonly (string | number | boolean)[]
}

/** The stored table object. */
export interface TableObject {
  readonly schema: Schema
  /** Root of the prolly map key -> row. */
  readonly rows: Cid
  /** Root of the list of keys in file order; null when the file is in key order. */
  readonly order: Cid | null
  /** null for a table that no file carries. */
  readonly layout: Layout | null
  /** Of which endpoints' tables a transform that cannot be undone has made its rows (one-way.ts); absent: of none. */
  readonly oneWay?: readonly OneWaySource[]
}

export interface OneWaySource {
  /** SHA-256 of the endpoint's identity, in hex. */
  readonly endpoint: string
  /** As the endpoint calls it. */
  readonly table: string
  /** Whose transform it was. */
  readonly link: string
}

/** 'absent' is a cell that the row does not have (an empty unquoted CSV field, a missing JSON property). */
export type CellKind = 'absent' | 'null' | 'text' | 'number' | 'true' | 'false' | 'json' | 'bytes'

/** One cell as stored. `bytes` is the text as written (number literals and JSON too), without quoting. */
export interface Cell {
  readonly kind: CellKind
  readonly bytes: Uint8Array
  /** CSV: quoted although its column is not, or the other way round. Part of the bytes, not of the value. */
  readonly quotingFlipped: boolean
  /** On the way in, of a value that cannot be kept and was not taken in: its bytes; there are none in `bytes`. */
  readonly tooLarge?: number
}

/** Integers beyond 2^53 are bigint, within objects and arrays too. */
export type JsonValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue }

/** Integers beyond 2^53 are bigint; decimals stay text; a missing cell is null. */
export type Value = Uint8Array | JsonValue

/** A row for people: by column name, without prototype, so that a column may be called `__proto__`. */
export type Row = { readonly [column: string]: Value }

export interface CellChange {
  readonly column: string
  readonly before: Value
  readonly after: Value
}

export interface RowDifference {
  readonly kind: 'added' | 'removed' | 'changed'
  readonly key: readonly Value[]
  readonly before: Row | null
  readonly after: Row | null
  /** For 'changed': the cells whose value differs. Empty when only the row's spelling (quoting) differs. */
  readonly cells: readonly CellChange[]
}

export interface SchemaDifference {
  readonly added: readonly Column[]
  readonly removed: readonly Column[]
  readonly renamed: readonly { readonly before: Column; readonly after: Column }[]
  readonly retyped: readonly { readonly before: Column; readonly after: Column }[]
  readonly reordered: boolean
  readonly keyChanged: boolean
}
