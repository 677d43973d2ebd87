// A three-way merge of path trees. What cannot be decided is a conflict: a stored value with its three sides, never a
// half-written file. The merged tree holds ours wherever there is a conflict.
import type { Cid } from '../encoding/cid.ts'
import type { DocumentConflictKind } from '../documents/interface.ts'
import type { Path, TreeEntry } from '../files/interface.ts'
import type { Cell } from '../table/interface.ts'
import type { PolicyReport } from './policies/decisions.ts'

export type Side = 'base' | 'ours' | 'theirs'

/** Ids are stable for one merge state and short enough to type: '1', '2', … in order of path, key and column. */
export type Conflict =
  | CellConflict
  | RowConflict
  | KeyCollision
  | FileConflict
  | SchemaConflict
  | PartConflict

export interface CellConflict {
  readonly kind: 'cell'
  readonly id: string
  readonly path: Path
  /** The row's key, encoded (table/key.ts). */
  readonly key: Uint8Array
  readonly column: string
  readonly base: Cell | null
  readonly ours: Cell
  readonly theirs: Cell
}

/** Delete against edit. null: the side has no such row. */
export interface RowConflict extends RowSides {
  readonly kind: 'row'
}

/** Both sides added a row under one new key, and the rows differ: base is null. */
export interface KeyCollision extends RowSides {
  readonly kind: 'key-collision'
}

interface RowSides {
  readonly id: string
  readonly path: Path
  readonly key: Uint8Array
  readonly base: StoredRow | null
  readonly ours: StoredRow | null
  readonly theirs: StoredRow | null
}

/** A row's value in terms of the merged table's schema; its out-of-line cells are `links`. */
export interface StoredRow {
  readonly value: Uint8Array
  readonly links: readonly Cid[]
}

/**
 * Text whose lines clash, binary changed on both sides, delete against edit of a file, file against table, or a path that
 * each side gave another name or one side renamed and the other deleted.
 */
export interface FileConflict {
  readonly kind: 'file'
  readonly id: string
  readonly path: Path
  readonly reason:
    | 'text'
    | 'binary'
    | 'delete-edit'
    | 'type'
    | 'both-added'
    | 'rename-rename'
    | 'rename-delete'
  /**
   * For the two reasons about renames: where each side has it, null where it does not. A side that is taken comes
   * under its name.
   */
  readonly names?: { readonly [side in Side]: Path | null }
  readonly base: TreeEntry | null
  readonly ours: TreeEntry | null
  readonly theirs: TreeEntry | null
}

/** Both sides changed a table's shape in ways that exclude each other. */
export interface SchemaConflict {
  readonly kind: 'schema'
  readonly id: string
  readonly path: Path
  /** The column that it is about: all else is merged. null: the whole table waits. */
  readonly column: string | null
  /** One sentence for people: "column 'age' is int here and text there". */
  readonly reason: string
  readonly base: TreeEntry | null
  readonly ours: TreeEntry | null
  readonly theirs: TreeEntry | null
}

/** A part of a file that nobody declared: a cell of a CSV, a value in JSON. */
export interface PartConflict {
  readonly kind: 'part'
  readonly id: string
  readonly path: Path
  readonly part: DocumentConflictKind
  /** 'id=2', '$.features[id=12].name'. */
  readonly where: string
  readonly column: string | null
  /** As spelled in the file; null: the side does not have it. */
  readonly base: string | null
  readonly ours: string | null
  readonly theirs: string | null
}

export interface MergedPath {
  readonly path: Path
  /** Where it was on our side, when theirs has moved it. */
  readonly from?: Path
  readonly result: 'ours' | 'theirs' | 'merged' | 'conflict'
  /** Where theirs brought it here, or took it away. */
  readonly state?: 'added' | 'deleted'
  /** For tables: rows and cells that came from theirs. */
  readonly rowsAdded?: number
  readonly rowsRemoved?: number
  readonly rowsChanged?: number
  /** For files merged by what they mean: how things were told apart, "rows by 'id'". */
  readonly basis?: string
  readonly conflicts: number
  /** Cells and rows that a policy decided. */
  readonly decided?: number
  /** What people should know of it, one sentence each. */
  readonly notes?: readonly string[]
}

export interface MergeOutcome {
  /** Root of the merged path tree. */
  readonly tree: Cid
  /** Paths that differ from ours, or in conflict. */
  readonly paths: readonly MergedPath[]
  /** Root of the stored conflicts (conflicts/conflicts.ts), null when there are none. */
  readonly conflicts: Cid | null
  readonly conflictCount: number
  /** What policies decided. */
  readonly policies: PolicyReport
}
