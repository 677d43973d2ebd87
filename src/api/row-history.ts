// Who brought in what is there, and what became of a row or of lines: the answers of `blame`, `rowLog` and `lineLog`. Plain data, as in
// interface.ts.
import type { LineHunk } from '../documents/line-hunks.ts'
import type { Signature } from '../history/interface.ts'
import type { Row, Value } from '../table/interface.ts'
import type { Key } from './tables/data.ts'
import type { CommitInfo, OperationOptions, RowChange } from './interface.ts'
import type { HistoryOptions } from './log-interface.ts'

/**
 * The key's values, or its texts as people type them: in a table of typed cells, '1' is then the number where that
 * fits.
 */
export type RowSelector = Key | { readonly text: readonly string[] }

export interface BlameOptions extends OperationOptions {
  /** Default: HEAD. A range 'A..B' does not look behind what A reaches. */
  readonly revision?: string
  /** Only these lines of a text, as Git's -L has them: '10,20', '10,+5', '/text/,+3'. */
  readonly lines?: readonly string[]
  /** Lines of a text that differ in white space alone are the same. */
  readonly ignoreSpace?: boolean
  /** Only this row of a table, and each of its cells unless columns are named. */
  readonly key?: RowSelector
  /** Cells of these columns instead of whole rows. */
  readonly columns?: readonly string[]
}

/** `rows` and `lines` may be iterated more than once; the work is already done. */
export interface Blame {
  readonly kind: 'table' | 'text'
  readonly path: string
  /** The id of the commit at which the blame begins. */
  readonly commit: string
  /** Names of the key's columns; empty for a text. */
  readonly keyColumns: readonly string[]
  /** How many rows the table has (all of them, even if one is asked about), or how many lines the text. */
  readonly count: number
  /** All commits that rows, cells or lines are attributed to, newest first. */
  readonly commits: readonly BlamedCommit[]
  /** Batches in key order; nothing for a text. */
  rows(): AsyncIterable<RowBlame[]>
  /** Batches of lines; nothing for a table. */
  lines(): AsyncIterable<LineBlame[]>
}

export interface BlamedCommit {
  /** Its id, 64 hex digits. */
  readonly commit: string
  readonly author: Signature
  /** First line of its message. */
  readonly subject: string
  /** The name of the file or table in that commit. */
  readonly path: string
  /** Set where the range that was asked about begins: an older commit may have brought it. */
  readonly boundary?: true
}

export interface RowBlame {
  readonly key: readonly Value[]
  readonly row: Row
  /** The commit that last added or changed the row; null when asked by cells. */
  readonly by: BlamedCommit | null
  /** When asked by cells: those of the chosen columns. */
  readonly cells: readonly CellBlame[]
}

export interface CellBlame {
  readonly column: string
  readonly value: Value
  readonly by: BlamedCommit
}

export interface LineBlame {
  /** From 1. */
  readonly line: number
  /** Without its line end. */
  readonly text: string
  readonly by: BlamedCommit
  /** Its number in that commit. */
  readonly originalLine: number
}

export interface RowLogOptions extends HistoryOptions {
  readonly key: RowSelector
  /** Only changes of this cell. */
  readonly column?: string
}

export interface RowCommit extends CommitInfo {
  /** What the table was called in this commit. */
  readonly path: string
  /** Names of the key's columns there. */
  readonly keyColumns: readonly string[]
  /** The change from the first parent. When a column was named, `cells` has only that one. */
  readonly change: RowChange
}

export interface LineLogOptions extends HistoryOptions {
  /**
   * Lines of the newest version, each as Git's -L has them: '10,20', '10,+5', '/pattern/,/pattern/', ',7', '10,'. Patterns are
   * RE2's.
   */
  readonly lines: readonly string[]
}

export interface LineCommit extends CommitInfo {
  /** What the file was called in this commit. */
  readonly path: string
  /** What it was called in the first parent, where that was another name. */
  readonly from?: string
  /** The first commit that had it. */
  readonly isNew?: true
  /** Each range that changed, whole, against the first parent; of a merge that changed them there is none. */
  readonly hunks: readonly LineHunk[]
}
