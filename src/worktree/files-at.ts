// Looks at named paths of the worktree: their stats, without following symlinks.
import { throwIfAborted } from '../base/errors.ts'
import type { Path } from '../files/interface.ts'
import { type FileStat, fileStatOf } from './file-stat.ts'
import { PathLookup } from './native.ts'

const pathsPerTurn = 1000

/** Those of the paths that are files or symlinks. */
export function filesAt(
  root: string,
  paths: Iterable<Path>,
  signal: AbortSignal | undefined,
): Map<Path, FileStat> {
  const files = new Map<Path, FileStat>()
  const lookup = new PathLookup(root)
  let looked = 0
  for (const path of paths) {
    if (looked++ % pathsPerTurn === 0) throwIfAborted(signal)
    const stat = lookup.look(path)
    const file = stat === null ? null : fileStatOf(stat)
    if (file !== null) files.set(path, file)
  }
  return files
}
