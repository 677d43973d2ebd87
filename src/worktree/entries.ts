// Comparing tree entries, and saying in git's words how a path changed.
import type { Path, TreeEntry } from '../files/interface.ts'
import { equalBytes } from '../base/bytes.ts'
import { stateOf } from '../repo/diff/renames.ts'
import type { PathChange } from './interface.ts'

export function equalEntries(a: TreeEntry | null, b: TreeEntry | null): boolean {
  if (a === null || b === null) return a === b
  switch (a.kind) {
    case 'file':
      return (
        b.kind === 'file' && a.content === b.content && a.size === b.size && a.executable === b.executable
      )
    case 'table':
      return b.kind === 'table' && a.table === b.table && a.executable === b.executable
    case 'symlink':
      return b.kind === 'symlink' && equalBytes(a.target, b.target)
  }
}

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
