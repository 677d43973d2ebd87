// Live systems that hold tables. A connector finds out what tables there are, reads all of them at one moment, and
// writes changes, each guarded by the row it expects: what somebody else changed meanwhile is never overwritten. Who
// decides what to write is `sync/`; a connector only knows its system. To write one of your own, see docs/CONNECTORS.md.
import type { VarveError } from '../base/errors.ts'
import type { RowSource } from '../formats/interface.ts'
import type { PackedSlice, PackingOptions } from '../formats/columnar/packed-source.ts'
import type { Cell, ColumnType, Value } from '../table/interface.ts'
import type { RowShape } from '../table/rows.ts'
import type { StoredCells, StoredRow } from '../table/stored-cells.ts'
import type { ChangeLog } from './change-log.ts'

export interface ConnectorOptions {
  /** Where credentials are looked for, beside the URL: variables of the caller's environment. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
  readonly signal?: AbortSignal | undefined
  /** Name of the link that it is opened for: secrets may stand under it. */
  readonly link?: string | undefined
  /** For an HTTP API: how its tables lie in what it answers. */
  readonly http?: readonly HttpTable[] | undefined
  /** For an inbox: which webhooks are about which table. */
  readonly inbox?: readonly InboxTable[] | undefined
  /** For files: what they do not say themselves. */
  readonly files?: readonly DeclaredTable[] | undefined
  /** Its log is to be read on, as far as one can tell: what that takes may begin at once. */
  readonly readsLog?: boolean | undefined
  /** Kinds of the caller's own, asked before those that come with Varve. */
  readonly connectors?: readonly ConnectorKind[] | undefined
}

/** As the dataset declares it: see dataset/interface.ts, which stands above. */
export interface DeclaredTable {
  readonly table: string
  readonly key?: readonly string[]
  readonly columns?: readonly { readonly name: string; readonly type: ColumnType }[]
}

/** As the dataset declares it. */
export interface HttpTable extends DeclaredTable {
  readonly path?: string
  readonly items?: string
  readonly next?: string
  readonly parameter?: string
}

/** As the dataset declares it. */
export interface InboxTable extends DeclaredTable {
  readonly items?: string
  readonly when?: readonly ValueRule[]
  readonly deletes?: readonly ValueRule[]
  readonly patches?: readonly ValueRule[]
}

export interface ValueRule {
  readonly path: string
  readonly values: readonly string[]
}

/** What a table was when it was last read, or what it shall be if it is not there yet. */
export interface KnownTable {
  readonly name: string
  readonly key: readonly string[]
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[]
}

/** For kinds that are no part of Varve, and so import nothing of it. */
export interface ConnectorKit {
  /** `new VarveError(code, message, { data, hint, cause })`; other errors are taken for faults of the connector. */
  readonly VarveError: typeof VarveError
  /** Integers beyond 2^53 as bigint, bytes as Uint8Array, objects and arrays as JSON. */
  toCell(this: void, value: Value): Cell
  fromCell(this: void, cell: Cell, type: ColumnType): Value
}

/** A kind of endpoint. Its driver is loaded by `open`, not before. */
export interface ConnectorKind {
  /** For messages: 'PostgreSQL'. */
  readonly name: string
  accepts(url: string): boolean
  /** It can be read and not written to: mode 'capture' only. */
  readonly isOnlyRead?: true
  /** @throws VarveError VARVE_UNREACHABLE, VARVE_REFUSED */
  open(url: string, options: ConnectorOptions & { readonly kit: ConnectorKit }): Promise<Connector>
}

/**
 * One connection to one system. Methods are called one after another. A fault that passes by itself is VARVE_UNREACHABLE,
 * or has `passing: true` or its SQLSTATE as `code` in the error's data: the round is then tried again.
 */
export interface Connector {
  /** For messages, without secrets. */
  readonly location: string
  /** The same as long as it is the same data: a copy, or another database under the same name, has another. */
  identity(): Promise<string>
  /**
   * The tables of these names; all there are when none are given. What has no types of its own, as files have not, keeps
   * to those of `known`. @throws VARVE_PATH_NOT_FOUND
   */
  discover(names?: readonly string[], known?: readonly KnownTable[]): Promise<readonly EndpointTable[]>
  /** All these tables as they are at one moment. Close it before anything else is asked for. */
  snapshot(tables: readonly EndpointTable[]): Promise<EndpointSnapshot>
  /** What the last writer of this link left in the system itself; null before the first. */
  checkpoint(link: string): Promise<Checkpoint | null>
  /** As checkpoint, and from now on whoever took over before can write no more. */
  takeOver(link: string): Promise<Checkpoint>
  /** All of it in one transaction, or nothing. */
  apply(plan: ApplyPlan): Promise<Applied>
  /** The system's own log of changes; absent where there is no such thing. */
  readonly log?: ChangeLog
  /** Resolves when something may have changed there, and when `signal` aborts; absent where nobody tells. */
  changed?(signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

export interface EndpointTable {
  /** As the user writes it: 'people', 'sales.orders'. */
  readonly name: string
  /** In the table's order. */
  readonly columns: readonly EndpointColumn[]
  /** Names of the primary key's columns; empty when there is none. */
  readonly key: readonly string[]
  /** Names of tables that must have their rows before this one. */
  readonly references: readonly string[]
  /** Those of `references` that a row can do without for a moment: where tables refer to each other in a circle, they are left out. */
  readonly looseReferences?: readonly string[]
  /** Why it can neither be read nor written now; the other tables go on. */
  readonly trouble?: string
  /** Rules of the system may hide rows from whoever reads it here: which, a text that is another when they are. */
  readonly hidesRows?: string
}

export interface EndpointColumn {
  readonly name: string
  readonly type: ColumnType
  /** In the system's own words: 'numeric(10,2)'. */
  readonly nativeType: string
  readonly nullable: boolean
  /** The system computes it: it is read and never written. */
  readonly generated: boolean
}

export interface EndpointSnapshot {
  /**
   * Rows in batches, in any order, each with one cell for every column. A fault of this table alone, which waits while the
   * others go on, has `waits: true` in the error's data. Whoever leaves in the middle goes on with the other tables, unless
   * `signal` is aborted.
   */
  rows(table: EndpointTable, signal?: AbortSignal): AsyncIterable<readonly (readonly Cell[])[]>
  /** As `rows`, packed by whoever can do that faster than one cell after another. */
  packed?(table: EndpointTable, options: PackingOptions): AsyncIterable<PackedSlice>
  /**
   * A digest of all rows, made by the system itself: the same as another one only if the rows are the same. Where it
   * costs less than sending the rows; null where it does not, or cannot be had.
   */
  digest(table: EndpointTable): Promise<string | null>
  /**
   * What was written to the table since an earlier snapshot, whose mark is given; asked before its rows are read. Absent
   * or null where the system cannot tell; then there is the digest.
   */
  written?(table: EndpointTable, earlier: string | null): Promise<Written | null>
  /**
   * Rows that `column` shows to be new: those whose value is not below `from` less the lag, or is empty. Absent where
   * rows cannot be selected. @throws VarveError VARVE_RULE_VIOLATED where the column cannot be used so
   */
  since?(table: EndpointTable, cursor: RowCursor): Promise<RowsSince>
  close(): Promise<void>
}

export interface RowCursor {
  readonly column: string
  readonly lag: CursorLag
  /** What `largest` was at an earlier snapshot; null: all rows. */
  readonly from: string | null
}

export interface RowsSince {
  /** The largest value that there is, in the system's own words; null where there is none. */
  readonly largest: string | null
  /** Whether an index leads there. */
  readonly isIndexed: boolean
  /** As `rows` of the snapshot. */
  rows(): AsyncIterable<readonly (readonly Cell[])[]>
}

/** In ms for times, in the column's own numbers otherwise. See dataset/interface.ts, which stands above. */
export type CursorLag = { readonly ms: number } | { readonly units: number }

export interface Written {
  /** A mark of this snapshot, for a later one; asked for when its rows are read. `rows`: how many it shows. */
  mark(rows: number): string
  /** null: nothing is known of the earlier snapshot, and all rows are to be read. */
  readonly since: WrittenSince | null
}

export interface WrittenSince {
  /** The rows are those of the earlier snapshot. */
  readonly isSame: boolean
  /** Rows that were there and are as they were. All others that were there were written since, or are gone. */
  readonly kept: number
  readonly written: number
  /** Those that were written since, as `rows` gives them. */
  rows(): AsyncIterable<readonly (readonly Cell[])[]>
}

/** Kept in the endpoint, written in the same transaction as the rows, and so restored with them from a backup. */
export interface Checkpoint {
  /** Grows with each taking over. */
  readonly fence: number
  /** The commit that the endpoint was last brought to; null before the first. */
  readonly base: string | null
}

export interface ApplyPlan {
  readonly link: string
  /** What `takeOver` gave. */
  readonly fence: number
  /** The checkpoint's new base. */
  readonly base: string
  readonly tables: readonly EndpointTable[]
  /**
   * Of one table at a time, deletes and updates and inserts apart: the connector asks in the order it needs, and again
   * where it needs to. It is given the same changes in the same order each time.
   */
  changes(table: EndpointTable, kind: RowChange['kind']): AsyncIterable<readonly RowChange[]>
  /** The same inserts at once, of a table that had no rows; null for others. */
  all?(table: EndpointTable): Promise<PlannedRows | null>
  /** By table: the mark (`Written`) of the reading that the plan starts from. Absent where none was read so. */
  readonly marks?: ReadonlyMap<string, string>
  readonly signal?: AbortSignal | undefined
}

/** Rows as the dataset keeps them, in the order of their keys. */
export interface PlannedRows {
  /** Shape of the dataset's table, which need not have the same columns. */
  readonly shape: RowShape
  readonly count: number
  rows(): AsyncIterable<RowSource>
}

/** Cells in the order of the table's columns; they may be made anew each time they are asked for. */
export type RowChange = StoredChange &
  (
    | {
        readonly kind: 'insert'
        readonly key: Uint8Array
        readonly before: null
        readonly after: readonly Cell[]
      }
    | {
        readonly kind: 'update'
        readonly key: Uint8Array
        readonly before: readonly Cell[]
        readonly after: readonly Cell[]
      }
    | {
        readonly kind: 'delete'
        readonly key: Uint8Array
        readonly before: readonly Cell[]
        readonly after: null
      }
  )

/** The same rows as the dataset keeps them, for whoever can write them down faster so; absent where cells are all there is. */
interface StoredChange {
  readonly storedBefore?: StoredSide | null
  readonly storedAfter?: StoredSide | null
  /** Length of cells too large for their rows, before and after; absent where nobody knows. */
  readonly contentBytes?: number
}

/** The reader has its cells in the order of the table's columns; it is shared by all rows of the plan. */
export interface StoredSide {
  readonly reader: StoredCells
  readonly row: StoredRow
}

export type Applied =
  | {
      readonly outcome: 'applied'
      readonly written: number
      /** By table: the mark of the table as planned. Only where the system has proved that it holds just that. */
      readonly marks?: ReadonlyMap<string, string>
    }
  /** Nothing was written: these rows are not as expected, or break a rule of the system. */
  | { readonly outcome: 'held-back'; readonly rows: readonly HeldBackRow[] }

export interface HeldBackRow {
  readonly table: string
  /** The row's key, as in the plan. */
  readonly key: Uint8Array
  /** 'changed': another writer was there meanwhile. 'rejected': the system refuses the row. */
  readonly reason: 'changed' | 'rejected'
  /** The system's own words. */
  readonly message: string
}
