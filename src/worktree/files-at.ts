// Looks at named paths of the worktree: their stats, without following symlinks.
import { throwIfAborted } from '../base/errors.ts'
import type { Path } from '../files/interface.ts'
import { type FileStat, fileStatOf } from './file-stat.ts'
import { Looker } from './native.ts'

const pathsPerTurn = 1000

/** Those that are files or symlinks. */
export function filesAt(
  root: string,
  paths: Iterable<Path>,
  signal: AbortSignal | undefined,
): Map<Path, FileStat> {
  const files = new Map<Path, FileStat>()
  const looker = new Looker(root)
  let looked = 0
  for (const path of paths) {
    if (looked++ % pathsPerTurn === 0) throwIfAborted(signal)
    const stat = looker.look(path)
    const file = stat === null ? null : fileStatOf(stat)
    if (file !== null) files.set(path, file)
  }
  return files
}
