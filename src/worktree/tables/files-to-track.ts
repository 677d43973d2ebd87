// The files that `track` is told to make tables: those that are named, and those in the folder that a pattern stands for.
import { configFileName } from '../../dataset/interface.ts'
import type { Path } from '../../files/interface.ts'
import { PathSelection } from '../../files/path-selection.ts'
import type { NamedPath } from '../../files/pathspec.ts'
import type { Worktree, WorktreeOptions } from '../interface.ts'
import { walkWorktree } from '../walk.ts'
import { existingFile } from './track.ts'

/** Ignored files are there only by name. @throws VarveError VARVE_PATH_NOT_FOUND where one stands for no file */
export async function filesToTrack(
  worktree: Worktree,
  named: readonly NamedPath[],
  { signal }: WorktreeOptions,
): Promise<Path[]> {
  const selection = new PathSelection(named)
  const given = selection.paths.filter((path) => !selection.excludes(path))
  const files = new Set<Path>(given.map((path) => existingFile(worktree, path === '' ? '.' : path)))
  if (!selection.isPlain) {
    const file = (folder: Path, name: string): void => {
      const path = folder === '' ? name : `${folder}/${name}`
      if (path !== configFileName && selection.has(path)) files.add(path)
    }
    await walkWorktree(worktree.root, selection.starts, { file, repository: () => {} }, signal)
  }
  await selection.requireMatches(files)
  return [...files].sort()
}
