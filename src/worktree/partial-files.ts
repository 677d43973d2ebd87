// The part of the dataset that this folder carries. A partial clone with a filter has files for what the filter selects;
// all other entries stay in index and history as they are, and no file is missed for them.
import { VarveError } from '../base/errors.ts'
import type { Path } from '../files/interface.ts'
import type { PathSelection } from '../files/path-selection.ts'
import type { Worktree } from './interface.ts'
import type { Survey } from './survey.ts'

/** Whether the path has a file here; null: all have. */
export function wantedPaths(worktree: Worktree): ((path: Path) => boolean) | null {
  const filter = worktree.filter ?? null
  return filter === null ? null : (path) => filter.has(path)
}

/** As `wantedPaths`, for paths that `has` selects. */
export function wantedAmong(worktree: Worktree, has: (path: Path) => boolean): (path: Path) => boolean {
  const wanted = wantedPaths(worktree)
  return wanted === null ? has : (path) => wanted(path) && has(path)
}

/** Files of the folder that lie outside of it are passed over; one that was asked for by name is refused. */
export function skipUnwanted(worktree: Worktree, survey: Survey, named: PathSelection | null): void {
  const wanted = wantedPaths(worktree)
  if (wanted === null) return
  for (const path of survey.files.keys()) {
    if (wanted(path)) continue
    if (named?.names(path) === true) throw unwanted(path)
    survey.files.delete(path)
    survey.skipped.push({ path, reason: 'is outside of what this clone took' })
  }
}

export function unwanted(path: Path): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `'${path}' is outside of what this clone took`, {
    data: { path },
    hint: "this is a partial clone: see 'varve config partial.filter'",
  })
}
