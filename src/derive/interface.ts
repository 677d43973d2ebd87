// Derived tables: computed by SQL from other tables of the dataset, and kept up to date from what has changed in them.
// What a derived table was made of is in the commit that made it.
import type { Derivation, DerivationInput, FunctionDeclaration } from '../dataset/interface.ts'
import type { Path } from '../files/interface.ts'
import type { FolderProgress } from '../repo/interface.ts'
import type { ColumnType, Row, Value } from '../table/interface.ts'

/** What a commit says of a table that it derived, in `extra.derived`, by path. */
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
  /** Another one whenever the function does something else: what it derived is then derived anew. */
  readonly version: string
  /** The rows that a row becomes: none, one or several. The same for the same row, each time. */
  readonly rows: (row: Row) => Row | readonly Row[] | null
}

/** A table that a function of yours computes from groups of rows of one or several other tables: it joins and aggregates. */
export interface GroupDerivation {
  readonly path: Path
  readonly from: readonly DerivationInput[]
  /** By the input's name: the columns whose values make the groups; as many in each. None: all rows are one group. */
  readonly by: Readonly<Record<string, readonly string[]>>
  readonly key: readonly string[]
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[]
  /** As of a FunctionDerivation. */
  readonly version: string
  /** The rows that a group becomes. The same for the same rows, each time. */
  readonly group: (group: RowGroup) => Row | readonly Row[] | null
}

export interface RowGroup {
  /** The values that its rows have in common, of the first input that has some. */
  readonly by: readonly Value[]
  /** By the input's name, in the order of their keys; none where an input has none. */
  readonly rows: Readonly<Record<string, readonly Row[]>>
}

export interface DerivedTable {
  readonly path: Path
  /** 'unchanged': its inputs and its definition are what they were. 'same': it was computed, and came out the same. */
  readonly outcome: 'unchanged' | 'same' | 'changed'
  readonly rows: number
  /** Rows of inputs that were read for it, because they changed or were not known here. */
  readonly rowsRead: number
  /** Rows of it that were computed: those that what has changed touches, or all. */
  readonly rowsAnew: number
  /** Why all of it was computed; null: only what has changed touches, or nothing. */
  readonly whole: string | null
  readonly from: readonly Path[]
}

export interface DeriveReport {
  readonly tables: readonly DerivedTable[]
  /** The commit that was made, in hex; null when nothing changed, or nothing was to be kept. */
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
  /** By the name in varve.yaml, as a module exports them: of a row, or of a group (see FunctionDerivation, GroupDerivation). */
  readonly functions: Readonly<Record<string, unknown>>
  /** Version of the tables whose declaration has none: another one whenever a function does something else. */
  readonly version: string
}

export type AnyDerivation = Derivation | FunctionDerivation | GroupDerivation
/** As varve.yaml has them, and as a program does. */
export type DeclaredDerivation = AnyDerivation | FunctionDeclaration

export type { Derivation, FunctionDeclaration }
