// What goes to and comes from Git repositories: options and results of `exportGit` and `importGit`.
import type { OperationOptions } from './interface.ts'

export interface ExportGitOptions extends OperationOptions {
  /** Branches and tags; default: the current branch. */
  readonly revisions?: readonly string[]
  readonly all?: boolean
  readonly bare?: boolean
  readonly force?: boolean
  /** Default true: the notes of what is exported come along. */
  readonly notes?: boolean
}

export interface ExportGitResult {
  /** How many were not there before. */
  readonly commits: number
  readonly objects: number
  /** Paths of tables that no file carries. */
  readonly skipped: readonly string[]
  readonly refs: readonly {
    readonly ref: string
    /** The name that Git gives it. */
    readonly id: string
    /**
     * 'ahead': the branch there has further commits, and stays. 'kept': the tag there is a different one, or the
     * notes there have changes that were not imported, and they stay.
     */
    readonly state: 'new' | 'moved' | 'same' | 'ahead' | 'kept'
  }[]
}

export interface ImportGitOptions extends OperationOptions {
  /** Branch, tag or commit of the Git repository; default: its HEAD. */
  readonly revision?: string
  /** The branch here; default: main. */
  readonly branch?: string
  /** Only what lies at or below these paths of the Git repository. */
  readonly paths?: readonly string[]
  /** Imports what pointers of Git LFS and .dvc files stand for, in their place. */
  readonly follow?: readonly ('lfs' | 'dvc')[]
  /** Imports a pointer whose contents are missing as it is. By default that is an error. */
  readonly allowMissing?: boolean
}

export interface ImportGitResult {
  readonly commits: number
  readonly files: number
  readonly tags: number
  /** Entries that were left out: submodules, and paths that no dataset may have. */
  readonly skipped: number
  readonly skippedPaths: readonly { readonly path: string; readonly reason: string }[]
  /** How many versions of pointers of Git LFS and of .dvc files were imported as they are. */
  readonly pointers: number
  /** How many notes Git has on the commits that are here; they are merged into ours. */
  readonly notes: number
  /** How many were left out: their commits are not here, or they are longer than 1 MiB. */
  readonly notesLeft: number
  readonly branch: string
  readonly head: string | null
}
