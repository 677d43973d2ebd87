// The log of changes that a live system writes by itself (PostgreSQL's WAL, MariaDB's binlog), as far as `sync/` needs
// it: a snapshot that joins the log without a gap, the transactions after it in the order of their commits, and a word
// to the system about what it need keep no longer. A log may be lost, or not tell enough about a table: then the tables
// are read and compared again, from a new beginning. So whoever reads a log need not be lenient: what is not sure is
// 'unclear'.
import type { Cell } from '../table/interface.ts'
import type { EndpointSnapshot, EndpointTable } from './interface.ts'

/** Where reading goes on, kept in the repository together with what was read. */
export interface LogMark {
  /** In the system's own words, opaque to all others: all that was committed before it has been read. */
  readonly position: string
  /** What the system had last been told when this was kept: by that a system is noticed that was set back. */
  readonly acknowledged: string
}

export interface ChangeLog {
  /**
   * Of a system that cannot be asked for its rows: what is known of them is what its log has told, and a log that is begun
   * again goes on where it was last acknowledged.
   */
  readonly told?: ToldLog
  /** Beginning changes the system's own schema: it is done only where the link asks for it by name. */
  readonly changesSchema?: true
  /** Why the log of these tables cannot be read, for people: "wal_level is 'replica'"; null when it can. */
  obstacle(tables: readonly EndpointTable[]): Promise<string | null>
  /**
   * From now on the system keeps its log under this name, which is of one link in one repository: what it kept under it
   * before is dropped. @throws VarveError with `obstacle: true` in its data where the system cannot keep one more log
   */
  begin(name: string, tables: readonly EndpointTable[]): Promise<LogStart>
  /** The log after `mark`, or why it is not to be had: it is gone, the system was set back, other tables are in it. */
  open(tables: readonly EndpointTable[], mark: LogMark): Promise<LogReader | LostLog>
  /** What the system keeps for a link; null when it keeps nothing any more. */
  status(position: string): Promise<LogStatus | null>
  /** The system need keep nothing more for this link; fine where it keeps nothing. */
  end(position: string): Promise<void>
}

export interface ToldLog {
  /** What was told and can be no row: it waits there until somebody says what becomes of it. */
  aside(): Promise<readonly AsideItem[]>
  /** Has it read again, before anything that has come in since. */
  retry(): Promise<void>
  /** Gives these up. */
  drop(items: readonly Pick<AsideItem, 'table' | 'name'>[]): Promise<void>
}

export interface AsideItem {
  readonly table: string
  /** Where it came from, for people, and nothing of what is in it. */
  readonly name: string
  /** Why. */
  readonly message: string
}

export interface LogStart {
  readonly position: string
  /**
   * The tables at the very moment that `position` is: what was committed before is in it, and nothing else. Close
   * it.
   */
  readonly snapshot: EndpointSnapshot
}

export interface LostLog {
  /** For people. */
  readonly lost: string
}

/** One connection that reads on and on. Closed with its connector, or before. */
export interface LogReader {
  /** All that has been committed by now lies before it. */
  now(): Promise<string>
  /**
   * What was committed before `until` and has not been read yet, transaction after transaction; the last part has a
   * position, `until` or later. @throws VarveError VARVE_UNREACHABLE when the line is cut
   */
  read(until: string, signal?: AbortSignal): AsyncIterable<LogPart>
  /** Resolves when something waits to be read, now and then when not, and when `signal` aborts. @throws as `read` */
  wait(signal: AbortSignal): Promise<void>
  /**
   * For a log that is all there is: puts aside what was read and can be no row, before its position is kept here.
   */
  putAside?(): Promise<void>
  /** All before it is durable here: the system may forget it. */
  acknowledge(position: string): Promise<void>
  close(): Promise<void>
}

/** Changes of one transaction; a large one comes in several parts. */
export interface LogPart {
  readonly changes: readonly LogChange[]
  /** Behind the transaction that ends here; null while it goes on. */
  readonly position: string | null
  /** The one that ends here; null while it goes on, or where none does. */
  readonly transaction: LogTransaction | null
}

export interface LogTransaction {
  /** In the system's own words, for people: 'xid 771, LSN 0/16B3748', 'GTID 0-1-42'. */
  readonly id: string
  /** When the system committed it, in ms since 1970. */
  readonly committedMs: number
}

export type LogChange =
  | {
      readonly kind: 'put'
      /** The table's name as it was given. */
      readonly table: string
      /** Key of the row before, where it was another: cells in the order of the key's columns. */
      readonly oldKey: readonly Cell[] | null
      /** In the order of the table's columns; null: as it was before. */
      readonly after: readonly (Cell | null)[]
      /** Where there is no row before, it is made, and what is left out is empty: not a sign that the log is not enough. */
      readonly isPatch?: boolean
    }
  | { readonly kind: 'delete'; readonly table: string; readonly key: readonly Cell[] }
  /** The log says too little of this table from here on: it was emptied, or has changed its shape. */
  | { readonly kind: 'unclear'; readonly table: string; readonly reason: string }

export interface LogStatus {
  /** What the system calls it: a slot. */
  readonly name: string
  /** Whether somebody is reading it now. */
  readonly isActive: boolean
  /** What the system keeps because of it; null where it does not say. */
  readonly keptBytes: number | null
  /** What is wrong with it, for people; null when all is well. */
  readonly trouble: string | null
}
