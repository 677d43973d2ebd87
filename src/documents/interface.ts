// A document is a data file that nobody declared as a table: its three versions are merged by their content (rows and
// cells, values of JSON and YAML), and else by lines. This works on bytes alone, so that `merge-file` and a merge
// driver need no repository. A merged document still has choices to make: rendering it with a choice for each conflict
// gives a whole file every time, and never one with content that neither side has.

/** base is null where the two versions share none. */
export interface DocumentSides {
  readonly base: Uint8Array | null
  readonly ours: Uint8Array
  readonly theirs: Uint8Array
}

export interface DocumentOptions {
  /** Path or file name: its ending tells the format. */
  readonly name: string
}

export type DocumentForm = 'table' | 'json' | 'jsonl' | 'yaml' | 'text'

/** What one conflict is to become: a side, or a text as it would stand in the file. */
export type Choice = 'base' | 'ours' | 'theirs' | { readonly value: string }

export type DocumentConflictKind =
  /** A cell of a row, a value in JSON or YAML. */
  | 'cell'
  /** A row, element or entry that is removed on one side and changed on the other. */
  | 'row'
  /** Both sides added something else under one key. */
  | 'key-collision'
  /** The columns changed in ways that exclude each other. */
  | 'schema'
  /** Lines that both sides changed. */
  | 'text'

export interface DocumentConflict {
  readonly kind: DocumentConflictKind
  /** For people and for finding it again: 'alpha2=VG' of a row, '$.features[id=12].name' in JSON, 'line 12' of a text. */
  readonly where: string
  /** The column, for a cell of a table. */
  readonly column: string | null
  /** The piece as it is spelled in its file; null where the side does not have it. */
  readonly base: string | null
  readonly ours: string | null
  readonly theirs: string | null
}

export interface MergedDocument {
  readonly kind: 'merged'
  readonly form: DocumentForm
  /** How things were told apart, for people: "rows by alpha2", "rows in order, no column is a key", "by lines". */
  readonly basis: string
  /** In the order of the file. */
  readonly conflicts: readonly DocumentConflict[]
  /** The merged file. `choose` gives each conflict's choice; without it they take ours. */
  render(choose?: (conflict: DocumentConflict) => Choice): Uint8Array
}

/** These three cannot be merged in this way, and why; the next way is tried. */
export interface UnfitDocument {
  readonly kind: 'unfit'
  readonly reason: string
}

export type DocumentMerge = MergedDocument | UnfitDocument

/** One way to merge documents. It gives up rather than to guess: what it merges cleanly must be right. */
export type DocumentMerger = (sides: DocumentSides, options: DocumentOptions) => DocumentMerge
