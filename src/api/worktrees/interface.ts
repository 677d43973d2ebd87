// What `Repository.worktrees` gives and takes: several folders with files of one repository.
import type { OperationOptions } from '../interface.ts'

export interface WorktreeInfo {
  /** What the repository calls it; null: the main one, around the repository itself. */
  readonly name: string | null
  /** Absolute path of its folder. */
  readonly path: string
  /** null when HEAD is detached. */
  readonly branch: string | null
  /** null before the first commit. */
  readonly head: string | null
  /** The one that this `Repository` works in. */
  readonly current: boolean
  /** A bare repository: the folder has no files. */
  readonly bare: boolean
  /** Why it is kept from `prune`, `move` and `remove`; null: it is not. */
  readonly locked: string | null
  /** Why `prune` would take its entry away; null: it would not. */
  readonly prunable: string | null
}

export interface WorktreeAddOptions extends OperationOptions {
  /** A branch, or with `detach` or `create` any revision. Default: the branch called as the folder, made from HEAD. */
  readonly revision?: string | undefined
  /** A new branch of this name, which begins at `revision` (default: HEAD). */
  readonly create?: string | undefined
  /** With `create`: the branch may be there, and moves. */
  readonly force?: boolean | undefined
  readonly detach?: boolean | undefined
}
