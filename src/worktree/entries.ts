// What an entry of a tree is in the worktree, and in git's words how a path changed.
import type { Path, TreeEntry } from '../files/interface.ts'
import { stateOf } from '../repo/diff/renames.ts'
import type { PathChange } from './interface.ts'

/** The two sides differ, so they are not both null. */
export function changeOf(path: Path, before: TreeEntry | null, after: TreeEntry | null): PathChange {
  const kind = (after ?? before)!.kind
  return { path, state: stateOf(before, after), kind }
}

/** Files and tables lie as files in the worktree, symlinks as symlinks. */
export function fileKindOf(entry: TreeEntry): 'file' | 'symlink' {
  return entry.kind === 'symlink' ? 'symlink' : 'file'
}

export function isExecutable(entry: TreeEntry): boolean {
  return entry.kind !== 'symlink' && entry.executable
}
