import type { TreeEntry } from './interface.ts'

/** Git's mode: 100644, 100755 for what is executable, 120000 for a symlink; null where there is nothing. */
export function modeOf(entry: TreeEntry | null): string | null {
  if (entry === null) return null
  if (entry.kind === 'symlink') return '120000'
  return entry.executable ? '100755' : '100644'
}
