// What a check of a dataset against the rules of its varve.yaml finds.
import type { RuleLevel } from '../dataset/interface.ts'
import type { Path } from '../files/interface.ts'
import type { NamedPath } from '../files/pathspec.ts'
import type { Value } from '../table/interface.ts'

/** 'column': the column that rules are about is not there. 'table': the table itself. 'rows': how many there are. */
export type RuleName =
  | 'required'
  | 'unique'
  | 'type'
  | 'min'
  | 'max'
  | 'pattern'
  | 'values'
  | 'references'
  | 'rows'
  | 'column'
  | 'table'

export interface Violation {
  readonly key: readonly Value[]
  /** The cell; text of more than 1,000 characters is cut, with an ellipsis. */
  readonly value: Value
  /** For the rule 'unique': key of the first row with the same cell. */
  readonly sameAs?: readonly Value[]
}

export interface BrokenRule {
  readonly path: Path
  /** null for rules of the whole table. */
  readonly column: string | null
  readonly rule: RuleName
  readonly level: RuleLevel
  /** In words: 'at most 150'. */
  readonly expected: string
  readonly keyColumns: readonly string[]
  /** Rows that break it. */
  readonly count: number
  /** More duplicates than are checked one by one: `count` is a lower bound. */
  readonly isAtLeast: boolean
  /** The first of them; none for rules of the whole table. */
  readonly violations: readonly Violation[]
}

export interface CheckedTable {
  readonly path: Path
  readonly rows: number
  /** How many of them were looked at. */
  readonly checked: number
  /** 'changes': the rows that were added or changed. */
  readonly scope: 'all' | 'changes'
}

export interface CheckReport {
  readonly tables: readonly CheckedTable[]
  readonly broken: readonly BrokenRule[]
  /** Violations of rules whose level is 'error', and 'warn'. */
  readonly errors: number
  readonly warnings: number
}

export interface CheckOptions {
  /** Violations listed for each rule; all are counted. Default: 20. */
  readonly limit?: number | undefined
  /** Only tables at or below these. Default: all. */
  readonly paths?: readonly NamedPath[] | undefined
  readonly signal?: AbortSignal | undefined
  /** Rows looked at so far. */
  readonly onRows?: ((rows: number) => void) | undefined
}
