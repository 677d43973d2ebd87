// Derived tables: computed by SQL from other tables of the dataset, and kept up to date from what has changed in them.
// What a derived table was made of is in the commit that made it.
import type { Derivation, DerivationInput, FunctionDeclaration } from '../dataset/interface.ts'
import type { Path } from '../files/interface.ts'
import type { FolderProgress } from '../repo/interface.ts'
import type { ColumnType, Row, Value } from '../table/interface.ts'

/** What a commit says about the tables that it derived, in `extra.derived`, by path. */
export interface DerivedFrom {
  /** SHA-256 of query, key and types. */
  readonly definition: string
  /** By path: the table object that was read, in hex. */
  readonly from: Readonly<Record<string, string>>
}

/** A table that a function of yours computes, row by row, from one other table. */
export interface FunctionDerivation {
  readonly path: Path
  readonly from: Path
  readonly key: readonly string[]
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[]
  /** A text that changes whenever the function does something else: what it derived is then derived anew. */
  readonly version: string
  /** The rows that a row becomes: none, one or several. It must be the same for the same row each time. */
  readonly rows: (row: Row) => Row | readonly Row[] | null
}

/** A table that a function of yours computes from groups of rows of one or several other tables: it joins and aggregates. */
export interface GroupDerivation {
  readonly path: Path
  readonly from: readonly DerivationInput[]
  /**
   * For each input, the columns whose values make the groups: the same number of columns in each. With none, all
   * rows are one group.
   */
  readonly by: Readonly<Record<string, readonly string[]>>
  readonly key: readonly string[]
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[]
  /** As of a FunctionDerivation. */
  readonly version: string
  /** The rows that a group becomes. They must be the same for the same rows each time. */
  readonly group: (group: RowGroup) => Row | readonly Row[] | null
}

export interface RowGroup {
  /** The values that the group's rows have in common, as the first input spells them that has rows in the group. */
  readonly by: readonly Value[]
  /** For each input its rows in the group, in the order of their keys; an empty list when it has none. */
  readonly rows: Readonly<Record<string, readonly Row[]>>
}

export interface DerivedTable {
  readonly path: Path
  /**
   * 'unchanged': its inputs and its definition are as they were. 'same': it was computed, and the result is the
   * same.
   */
  readonly outcome: 'unchanged' | 'same' | 'changed'
  readonly rows: number
  /** How many rows of inputs were read, because they have changed or were not known here. */
  readonly rowsRead: number
  /** How many of its rows were computed: those that a change touches, or all. */
  readonly rowsAnew: number
  /** Why all rows were computed; null when only those were that a change touches, or none. */
  readonly whole: string | null
  readonly from: readonly Path[]
}

export interface DeriveReport {
  readonly tables: readonly DerivedTable[]
  /** The commit that was made, in hex; null when nothing changed, or nothing was to be committed. */
  readonly commit: string | null
}

export interface DeriveOptions {
  /** Only these, and what they are made of; default: all. */
  readonly paths?: readonly Path[] | undefined
  /** Computes, says what would change, and keeps nothing. */
  readonly dryRun?: boolean | undefined
  /** Computes all anew, as if nothing were known. */
  readonly force?: boolean | undefined
  readonly message?: string | undefined
  /** Beside those of varve.yaml. */
  readonly functions?: readonly (FunctionDerivation | GroupDerivation)[] | undefined
  /** Has the functions of tables that varve.yaml declares so. */
  readonly module?: FunctionModule | undefined
  readonly signal?: AbortSignal | undefined
  /** Told of inputs while they are read. */
  readonly onProgress?: ((progress: FolderProgress) => void) | undefined
}

export interface FunctionModule {
  /**
   * Functions by their names in varve.yaml, as a module exports them: of a row, or of a group (see
   * FunctionDerivation, GroupDerivation).
   */
  readonly functions: Readonly<Record<string, unknown>>
  /** The version of tables whose declaration has none. It changes whenever a function does something else. */
  readonly version: string
}

export type AnyDerivation = Derivation | FunctionDerivation | GroupDerivation
/** As varve.yaml has them, and as a program does. */
export type DeclaredDerivation = AnyDerivation | FunctionDeclaration

export type { Derivation, FunctionDeclaration }
