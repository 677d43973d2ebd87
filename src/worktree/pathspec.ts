// The paths that people name: relative to the repository's root, with '/', a folder standing for all that is below it.
// '.' is everything. What leaves the folder is refused.
import { VarveError } from '../base/errors.ts'
import type { Path } from '../files/interface.ts'
import { safePath } from '../files/path.ts'

export const noMatch: string = 'matches no file'

const namesHint = "see 'varve ls' for what is committed, and 'varve status' for what has changed"

export class PathSpec {
  /** Normalised; '' stands for everything. */
  readonly paths: readonly Path[]
  readonly #exact: ReadonlySet<Path>
  readonly #everything: boolean

  constructor(named: readonly string[]) {
    this.paths = [...new Set(named.map(normalPath))]
    this.#exact = new Set(this.paths)
    this.#everything = this.#exact.has('')
  }

  get everything(): boolean {
    return this.#everything
  }

  /** Whether `path` is named, or lies below a named folder. */
  has(path: Path): boolean {
    return this.covering(path) !== null
  }

  /** The given path that covers `path`, or null. */
  covering(path: Path): Path | null {
    if (this.#everything) return ''
    if (this.#exact.has(path)) return path
    for (let at = path.lastIndexOf('/'); at !== -1; at = path.lastIndexOf('/', at - 1)) {
      if (this.#exact.has(path.slice(0, at))) return path.slice(0, at)
      if (at === 0) break
    }
    return null
  }

  /**
   * `why`: the end of the sentence about such a path; null lets it pass.
   * @throws VarveError VARVE_PATH_NOT_FOUND for the first named path that stands for none of `found`
   */
  requireMatches(
    found: Iterable<Path>,
    isFound: (path: Path) => boolean = () => false,
    why: (path: Path) => string | null = () => noMatch,
  ): void {
    const open = new Set(this.paths.filter((path) => path !== '' && !isFound(path)))
    for (const path of found) {
      if (open.size === 0) return
      for (let at = path.length; at > 0; at = path.lastIndexOf('/', at - 1)) open.delete(path.slice(0, at))
    }
    for (const path of open) {
      const said = why(path)
      if (said !== null) {
        throw new VarveError('VARVE_PATH_NOT_FOUND', `path '${path}' ${said}`, {
          data: { path },
          ...(said === noMatch ? { hint: namesHint } : {}),
        })
      }
    }
  }
}

export function normalPath(named: string): Path {
  // What an unset variable leaves must not stand for all files.
  if (named === '')
    throw new VarveError('VARVE_USAGE', 'a path is empty', { hint: "for all files write '.'" })
  const parts = named.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..') || named.startsWith('/')) {
    throw new VarveError('VARVE_USAGE', `path '${named}' is outside of the repository's folder`, {
      data: { path: named },
    })
  }
  const path = parts.join('/')
  return path === '' ? '' : safePath(path)
}
