// The shapes of conflicts: what one is for people, which are meant, and what is taken for them.
import type { NamedPath } from '../../files/pathspec.ts'
import type { Take } from '../../merge/resolve/take.ts'
import type { Row, Value } from '../../table/interface.ts'

/** A conflict for people; see merge/interface.ts for the kinds. */
export interface ConflictInfo {
  readonly id: string
  readonly kind: 'cell' | 'row' | 'key-collision' | 'file' | 'schema' | 'part'
  readonly path: string
  readonly key?: readonly Value[]
  /** Names of the key's columns, in its order. */
  readonly keyColumns?: readonly string[]
  readonly column?: string
  readonly reason?: string
  /** For a part of a file that nobody declared: what it is, and where: 'id=2', '$.features[id=12].name'. */
  readonly part?: 'cell' | 'row' | 'key-collision' | 'schema' | 'text'
  readonly where?: string
  /** For a path that the sides moved ('rename-rename', 'rename-delete'): where each has it. */
  readonly names?: { readonly [side in 'base' | 'ours' | 'theirs']: string | null }
  /** Cells: values. Rows: rows by column. Files: sizes in words ('1.2 kB text'); null: the side does not have it. */
  readonly base: Value | Row
  readonly ours: Value | Row
  readonly theirs: Value | Row
  /** For text: the clash with diff3 markers. */
  readonly text?: string
  /** Only with `resolved`: what was put in its place. */
  readonly resolution?: {
    /** Given; taken from a file that was added; known from an earlier merge; by new keys for one side's rows. */
    readonly how: 'given' | 'file' | 'reused' | 'rekeyed'
    /** The side that it is; null: none of them. */
    readonly side: 'ours' | 'theirs' | 'base' | null
    readonly value: Value | Row
  }
}

/** Which conflicts are meant; all that is left out says nothing. */
export interface ConflictSelection {
  /** A path, and what lies below it. */
  readonly path?: string
  /** Several paths, or patterns, instead of one. */
  readonly paths?: readonly NamedPath[]
  /** The row's key, as typed: one text for each of its columns. */
  readonly key?: readonly string[]
  readonly column?: string
  readonly id?: string
  readonly kinds?: readonly ConflictInfo['kind'][]
}

export interface ConflictOptions extends ConflictSelection {
  /** Those that are resolved, with their resolutions, instead of those that are open. */
  readonly resolved?: boolean
}

export interface ResolveOptions extends Omit<ConflictSelection, 'path' | 'paths'> {
  /**
   * Takes one side as it is; for what one side deleted, whether it goes or stays; or a value: a cell's text as it
   * would stand in the file, a row as the text of a JSON object.
   */
  readonly take: Take
}

/** What settling key collisions by new keys did. */
export interface RekeyResult {
  readonly path: string
  /** Whose rows got new keys. */
  readonly side: 'ours' | 'theirs'
  /** As texts, in the order of the old keys. */
  readonly keys: readonly { readonly before: string; readonly after: string }[]
  /** Cells that refer to them and followed, by column as `references` in varve.yaml declares it. */
  readonly references: readonly { readonly path: string; readonly column: string; readonly cells: number }[]
  /** Cells that both sides wrote alike, and that are conflicts now: each meant a row of its own. */
  readonly found: number
  readonly resolved: number
  readonly left: number
}
