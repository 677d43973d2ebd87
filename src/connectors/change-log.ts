// The log of changes that a live system writes by itself (PostgreSQL's WAL, MariaDB's binlog), as far as `sync/` needs
// it: a snapshot that joins the log without a gap, the transactions after it in the order of their commits, and an
// acknowledgement that lets the system drop what has been read. A log may be lost, or tell too little about a table: then
// the tables are read and compared again, and the log begins anew. So a reader never has to guess: what is not certain
// is 'unclear'.
import type { Cell } from '../table/interface.ts'
import type { EndpointSnapshot, EndpointTable } from './interface.ts'

/** Where reading goes on, kept in the repository together with what was read. */
export interface LogMark {
  /** Opaque, as the system writes it: all that was committed before it has been read. */
  readonly position: string
  /** The position last acknowledged when this was stored: it shows when the system has been restored to an earlier state. */
  readonly acknowledged: string
}

export interface ChangeLog {
  /**
   * Present where the system cannot be asked for its rows (an inbox): all that is known of them came by the log, and a log
   * that begins again continues where it was last acknowledged.
   */
  readonly told?: ToldLog
  /** `begin` changes the system's own schema (triggers), so it is called only where the link asks for it explicitly. */
  readonly changesSchema?: true
  /** Why the log of these tables cannot be read, for people: "wal_level is 'replica'"; null when it can. */
  obstacle(tables: readonly EndpointTable[]): Promise<string | null>
  /**
   * From now on the system keeps its log under this name, which belongs to one link of one repository; what it kept under
   * the name before is dropped. @throws VarveError with `obstacle: true` in its data where the system cannot keep another log
   */
  begin(name: string, tables: readonly EndpointTable[]): Promise<LogStart>
  /** The log after `mark`, or why there is none: it is gone, the system was restored, it covers other tables. */
  open(tables: readonly EndpointTable[], mark: LogMark): Promise<LogReader | LostLog>
  /** State of the log that the system keeps for a link; null when it keeps none any more. */
  status(position: string): Promise<LogStatus | null>
  /** The system may drop what it keeps for this link; no error where it keeps nothing. */
  end(position: string): Promise<void>
}

/** The log of a system that pushes its changes and cannot be read otherwise. */
export interface ToldLog {
  /** Items that arrived but cannot become rows: they wait there until somebody retries or drops them. */
  aside(): Promise<readonly AsideItem[]>
  /** Reads these items again, before anything that arrived later; of `tables`, those alone of which the row is known. */
  retry(tables?: readonly string[]): Promise<void>
  /** Discards these items. */
  drop(items: readonly Pick<AsideItem, 'table' | 'name'>[]): Promise<void>
}

export interface AsideItem {
  readonly table: string
  /** Where it came from, for people; shows none of its content. */
  readonly name: string
  /** Why. */
  readonly message: string
}

export interface LogStart {
  readonly position: string
  /** The tables exactly at `position`: all that was committed before it, and nothing else. The caller closes it. */
  readonly snapshot: EndpointSnapshot
}

export interface LostLog {
  /** For people. */
  readonly lost: string
}

/** One connection that keeps reading the log. It is closed with its connector, or before. */
export interface LogReader {
  /** A position behind everything that has been committed by now. */
  now(): Promise<string>
  /**
   * The transactions committed before `until` that have not been read yet, in order; the last part has a position,
   * `until` or later. @throws VarveError VARVE_UNREACHABLE when the connection is cut
   */
  read(until: string, signal?: AbortSignal): AsyncIterable<LogPart>
  /** Resolves when there is something to read, when `signal` aborts, and now and then without reason. @throws as `read` */
  wait(signal: AbortSignal): Promise<void>
  /** For a `ToldLog`: sets aside the items that were read but cannot become rows, before the position is stored here. */
  putAside?(): Promise<void>
  /** Everything before `position` is durable here: the system may drop it. */
  acknowledge(position: string): Promise<void>
  close(): Promise<void>
}

/** Changes of one transaction; a large one comes in several parts. */
export interface LogPart {
  readonly changes: readonly LogChange[]
  /** The position after the transaction that ends here; null while it continues. */
  readonly position: string | null
  /** The transaction that ends here; null while it continues, or where none ends. */
  readonly transaction: LogTransaction | null
}

export interface LogTransaction {
  /** As the system names it, for people: 'xid 771, LSN 0/16B3748', 'GTID 0-1-42'. */
  readonly id: string
  /** When the system committed it, in ms since 1970. */
  readonly committedMs: number
}

export type LogChange =
  | {
      readonly kind: 'put'
      /** The table's name as it was given. */
      readonly table: string
      /** The row's key before the change, where the key changed: cells in the order of the key's columns. */
      readonly oldKey: readonly Cell[] | null
      /** In the order of the table's columns; null: this cell did not change. */
      readonly after: readonly (Cell | null)[]
      /** Where no such row exists, it is inserted, and omitted cells are empty; without this, that is a sign of a gap in the log. */
      readonly isPatch?: boolean
    }
  | { readonly kind: 'delete'; readonly table: string; readonly key: readonly Cell[] }
  /** From here on the log does not tell enough about this table: it was truncated, or its columns changed. */
  | { readonly kind: 'unclear'; readonly table: string; readonly reason: string }

export interface LogStatus {
  /** What the system calls it, such as the name of a slot. */
  readonly name: string
  /** Whether somebody is reading it now. */
  readonly isActive: boolean
  /** Bytes of log that the system keeps because of it; null where it does not tell. */
  readonly keptBytes: number | null
  /** What is wrong with it, for people; null when all is well. */
  readonly trouble: string | null
}
