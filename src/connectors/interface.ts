// Live systems that hold tables. A connector finds out what tables there are, reads all of them at one moment, and
// writes changes, each guarded by the row it expects: what somebody else changed meanwhile is never overwritten. Who
// decides what to write is `sync/`. To write one of your own, see docs/CONNECTORS.md.
import type { RowSource } from '../formats/interface.ts'
import type { PackedSlice, PackingOptions } from '../formats/columnar/packed-source.ts'
import type { Cell, ColumnType } from '../table/interface.ts'
import type { RowShape } from '../table/rows.ts'
import type { StoredCells, StoredRow } from '../table/stored-cells.ts'
import type { ChangeLog } from './change-log.ts'
import type { DeclaredTable, HttpAuth, HttpTable, InboxTable } from '../dataset/interface.ts'
import type { ConnectorKit } from './kit.ts'
import type { MadeColumns } from './made-columns.ts'
import type { OnProgress, Patience, WaitOptions } from './patience.ts'
import type { RowCursor, RowsSince } from './row-cursor.ts'
import type { Speller } from './spelling/spellers.ts'
import type { Written } from './written.ts'

export type { RowCursor, RowsSince } from './row-cursor.ts'
export type { Written, WrittenSince } from './written.ts'

export interface ConnectorOptions extends WaitOptions {
  /** Where credentials are looked for, beside the URL: variables of the caller's environment. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
  readonly signal?: AbortSignal | undefined
  /** Name of the link that it is opened for: secrets may be stored under this name. */
  readonly link?: string | undefined
  /** For an HTTP API: where its tables are in its answers. */
  readonly http?: readonly HttpTable[] | undefined
  /** For an HTTP API: where its access tokens are had. */
  readonly auth?: HttpAuth | undefined
  /** For an inbox: which webhooks are about which table. */
  readonly inbox?: readonly InboxTable[] | undefined
  /** For files: keys and types, which the files do not tell themselves. */
  readonly files?: readonly DeclaredTable[] | undefined
  /** The caller probably reads on in its log: what that needs (a connection) may be started at once. */
  readonly readsLog?: boolean | undefined
  /** Called now and then with how far it is where files are read to find out what they hold. */
  readonly onProgress?: OnProgress | undefined
  /** Kinds of the caller's own, asked before those that come with Varve. */
  readonly connectors?: readonly ConnectorKind[] | undefined
}

/** A table as it was when it was last read, or as it shall be created if it does not exist yet. */
export interface KnownTable {
  readonly name: string
  readonly key: readonly string[]
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[]
  /** The digest that a snapshot made of it then: where it is the same again, its shape is too. */
  readonly digest?: string
}

/** A kind of endpoint. Its driver is loaded by `open`, not before. */
export interface ConnectorKind extends Patience {
  /** For messages: 'PostgreSQL'. */
  readonly name: string
  accepts(url: string): boolean
  /** It can only be read: links to it have mode 'capture'. */
  readonly isOnlyRead?: true
  /** @throws VarveError VARVE_UNREACHABLE, VARVE_REFUSED */
  open(url: string, options: ConnectorOptions & { readonly kit: ConnectorKit }): Promise<Connector>
}

/**
 * One connection to one system. Methods are called one after another. A transient error is VARVE_UNREACHABLE, or has
 * `passing: true` or its SQLSTATE as `code` in its data: the round is then tried again.
 */
export interface Connector {
  /** For messages, without secrets. */
  readonly location: string
  /** What of the connection was asked not to be checked, for a warning. Absent where all is. */
  readonly unchecked?: string
  /** Identifies the data itself: a copy, or another database under the same name, has another identity. */
  identity(): Promise<string>
  /**
   * The tables of these names; all tables when none are given. Systems without column types of their own, such as files,
   * use the types in `known`. @throws VARVE_PATH_NOT_FOUND
   */
  discover(names?: readonly string[], known?: readonly KnownTable[]): Promise<readonly EndpointTable[]>
  /** All these tables as they are at one moment. Close it before calling another method. */
  snapshot(tables: readonly EndpointTable[]): Promise<EndpointSnapshot>
  /**
   * What the last writer of this link left in the system itself; null before the first. `place` is where an earlier answer
   * said that it is; null: not known.
   */
  checkpoint(link: string, place?: string | null): Promise<Checkpoint | null>
  /** As checkpoint; from now on, workers that took over earlier can no longer write (their fence is too low). */
  takeOver(link: string, place?: string | null): Promise<Checkpoint>
  /** Writes all of the plan in one transaction, or nothing. */
  apply(plan: ApplyPlan): Promise<Applied>
  /**
   * How far the system has got with what it writes: grows with each change that is durable, and falls only when the system
   * is set back to an earlier state. Absent or null where it does not tell.
   */
  writePosition?(): Promise<bigint | null>
  /** The system's own log of changes; absent where it has none. */
  readonly log?: ChangeLog
  /** Resolves when something may have changed there, and when `signal` aborts; absent where the system cannot tell. */
  changed?(signal: AbortSignal): Promise<void>
  /** What is there, may hold data, and is none of its tables, as `discover` last found it; absent where there is no such thing. */
  readonly passedOver?: readonly PassedOver[]
  close(): Promise<void>
}

export interface PassedOver {
  /** 'of another format' */
  readonly reason: string
  readonly count: number
  /** One of them: 'orders.xlsx'. */
  readonly first: string
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
  /** Those of `references` whose columns may be empty for a moment; ignored where tables refer to each other in a circle. */
  readonly looseReferences?: readonly string[]
  /** Where the system has several tables of a name: in which of its schemas this one is. */
  readonly namespace?: string
  /** Another one once the table was dropped and made anew; absent where the system does not tell. */
  readonly incarnation?: string
  /** Another one once all its rows were thrown away or written anew at one go (TRUNCATE); absent as above. */
  readonly storage?: string
  /** When the file that holds it was written, in ns since 1970: a copy that is put back in its place keeps its time. */
  readonly writtenNs?: string
  /** A part of another table, which has its rows too. */
  readonly isPart?: true
  /** Why it can neither be read nor written now; other tables are not affected. */
  readonly trouble?: string
  /** Row-level security may hide rows from this reader: a text that differs when the rules do. */
  readonly hidesRows?: string
  /** What is hidden may change while `hidesRows` stays the same. */
  readonly hidesUnnoticed?: true
  /** What this user may write: a text that differs when that does. Absent where the system does not tell. */
  readonly rights?: string
  /** Where a link makes the columns of others; connectors leave it out. */
  readonly made?: MadeColumns
}

export interface EndpointColumn {
  readonly name: string
  readonly type: ColumnType
  /** In the system's own words: 'numeric(10,2)'. */
  readonly nativeType: string
  readonly nullable: boolean
  /** The system computes it: it is read and never written. */
  readonly generated: boolean
  /** The system's log leaves it out, so a table is not read from there as long as anything needs the column. */
  readonly isUnlogged?: boolean
  /** The system has one spelling for each value (1.50 for 1.5), and a guard in any other spelling holds for it. */
  readonly hasOneSpelling?: boolean
  /**
   * As a key, each value is there once, however it is spelled, and a guard in any spelling holds for it: the texts that
   * the system may show for a value, the likeliest first. Absent where a key is what its text is.
   */
  readonly spellings?: Speller
}

export interface EndpointSnapshot {
  /**
   * Rows in batches, in any order, each with one cell for every column. An error of this table alone has `waits: true` in
   * its data: the table waits while others are read. A caller may stop in the middle and read another table, unless
   * `signal` is aborted.
   */
  rows(table: EndpointTable, signal?: AbortSignal): AsyncIterable<readonly (readonly Cell[])[]>
  /** As `rows`, already packed, for connectors that can do this faster than cell by cell. */
  packed?(table: EndpointTable, options: PackingOptions): AsyncIterable<PackedSlice>
  /**
   * A digest of all rows, made by the system itself: two digests are equal only if the rows are. null where the system has
   * none, or where it would cost more than sending the rows.
   */
  digest(table: EndpointTable): Promise<string | null>
  /**
   * What was written to the table since an earlier snapshot; `earlier` is that snapshot's mark. Called before the rows are
   * read. Absent or null where the system cannot tell; `digest` is used then.
   */
  written?(table: EndpointTable, earlier: string | null): Promise<Written | null>
  /**
   * Rows that are new by `column`: its value is at least `from` minus the lag, or is empty. Absent where rows cannot be
   * selected. @throws VarveError VARVE_RULE_VIOLATED where the column cannot serve as a cursor
   */
  since?(table: EndpointTable, cursor: RowCursor): Promise<RowsSince>
  close(): Promise<void>
}

/** Kept in the endpoint and written in the same transaction as the rows, so a backup restores both together. */
export interface Checkpoint {
  /** The fencing token: grows with each `takeOver`. */
  readonly fence: number
  /** The commit that the endpoint was last brought to; null before the first. */
  readonly base: string | null
  /** Where it is kept, in a system where its name may lead elsewhere another time. */
  readonly place?: string
}

export interface ApplyPlan {
  readonly link: string
  /** What `takeOver` gave. */
  readonly fence: number
  /** The checkpoint's new base. */
  readonly base: string
  readonly tables: readonly EndpointTable[]
  /**
   * Changes of one table and one kind. The connector may ask in any order, and repeatedly: it is given the same changes
   * in the same order each time.
   */
  changes(table: EndpointTable, kind: RowChange['kind']): AsyncIterable<readonly RowChange[]>
  /** For a table that had no rows: its inserts as one stream; null for others. */
  all?(table: EndpointTable): Promise<PlannedRows | null>
  /** By table: the mark (`Written.mark`) of the snapshot that the plan starts from. Absent where there is none. */
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

/** The same rows in the dataset's encoding, for connectors that can write these faster; absent where there are only cells. */
interface StoredChange {
  readonly storedBefore?: StoredSide | null
  readonly storedAfter?: StoredSide | null
  /** Bytes of the cells that are stored outside their rows, before and after; absent where not known. */
  readonly contentBytes?: number
}

/** The reader gives cells in the order of the table's columns; all rows of the plan share it. */
export interface StoredSide {
  readonly reader: StoredCells
  readonly row: StoredRow
}

export type Applied =
  | {
      readonly outcome: 'applied'
      readonly written: number
      /** By table: its mark after the write. Only where the system has proved that the table is as planned. */
      readonly marks?: ReadonlyMap<string, string>
    }
  /** Nothing was written: these rows are not as expected, or break a constraint of the system. */
  | { readonly outcome: 'held-back'; readonly rows: readonly HeldBackRow[] }

export interface HeldBackRow {
  readonly table: string
  /** The row's key, as in the plan; null: all that the plan has for the table. */
  readonly key: Uint8Array | null
  /** 'changed': another writer changed the row meanwhile. 'rejected': the system refuses the row. */
  readonly reason: 'changed' | 'rejected'
  /** The system's own words. */
  readonly message: string
  /** A right of the user is missing: what the table's `rights` were then. When they have changed, it is tried again. */
  readonly rights?: string
}
