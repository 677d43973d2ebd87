// `clean`, which removes files that are not versioned: its options, and which files stay because Git keeps them.
import type { NamedPath } from '../../files/pathspec.ts'
import { filesKeptByGit } from '../../git/kept-files.ts'
import { type CleanResult, cleanFiles } from '../../worktree/clean.ts'
import type { Worktree } from '../../worktree/interface.ts'
import type { OpenOptions, OperationOptions } from '../interface.ts'

export type { CleanResult }

export interface CleanOptions extends OperationOptions {
  /** Of these alone, and all that is below them; default: everywhere, but only in folders that hold versioned files. */
  readonly paths?: readonly NamedPath[]
  /** Also folders that hold nothing versioned, and what is in them; default: where paths are given. */
  readonly folders?: boolean
  /** Files that the ignore rules name, too; 'only': those alone. */
  readonly ignored?: boolean | 'only'
  /** Patterns, as in .varveignore, of more that stays. */
  readonly exclude?: readonly string[]
  /** Says what would be removed, and removes nothing. */
  readonly dryRun?: boolean
}

export async function cleanPlace(
  worktree: Worktree,
  options: CleanOptions,
  environment: OpenOptions['environment'],
): Promise<CleanResult> {
  const ofGit = await filesKeptByGit(worktree.root, environment, options.signal)
  const keeper = (path: string): string | null => (ofGit.has(path) ? 'is tracked by Git' : null)
  return cleanFiles(worktree, { ...options, keeper })
}
