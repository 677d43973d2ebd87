// Which paths the differences of a side hold, and the directories above them: whether a path could be put somewhere
// without being a file and a directory at once, asked in the time of the path's length.
import type { Path, TreeThreeWayDifference } from '../files/interface.ts'

export class OccupiedPaths {
  readonly #files = { ours: new Set<Path>(), theirs: new Set<Path>() }
  readonly #directories = { ours: new Set<Path>(), theirs: new Set<Path>() }

  constructor(differences: readonly TreeThreeWayDifference[]) {
    for (const difference of differences) {
      for (const side of ['ours', 'theirs'] as const) {
        if (difference[side] === null) continue
        this.#files[side].add(difference.path)
        for (const directory of directoriesAbove(difference.path)) this.#directories[side].add(directory)
      }
    }
  }

  /** Whether a path cannot be there on that side, because a file or a directory is in its way. */
  clashes(path: Path, side: 'ours' | 'theirs'): boolean {
    if (this.#directories[side].has(path)) return true
    for (const directory of directoriesAbove(path)) if (this.#files[side].has(directory)) return true
    return false
  }
}

/** The directories above a path, innermost first, without the root. */
export function* directoriesAbove(path: Path): Generator<Path> {
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) yield path.slice(0, at)
}
