// The paths that somebody names: paths as they stand, relative to the repository's root, with '/', a folder standing for all
// that is below it and '.' for everything; and pathspecs (pathspec.ts). What leaves the folder is refused.
import { VarveError, checkList } from '../base/errors.ts'
import { didYouMean } from '../base/nearest.ts'
import { plainLength, wildcard } from '../base/wildcard.ts'
import type { Path } from './interface.ts'
import { safePath } from './path.ts'
import { type NamedPath, outsideHint, type Pathspec } from './pathspec.ts'

export const noMatch: string = 'matches no file'

const namesHint = "see 'varve ls' for what is committed, and 'varve status' for what has changed"

/** One of what was named. */
export interface Selector {
  /** As it was written. */
  readonly text: string
  /** Where it is a path, normalised, '' for everything; null: a pattern. */
  readonly path: Path | null
  /** The file or folder that all it stands for is at or below. */
  readonly start: Path
  readonly matches: (path: Path) => boolean
}

/** What is named and for which nothing was found yet. */
export interface ExpectedMatches {
  readonly isOpen: boolean
  readonly see: (path: Path) => void
  /** @throws VarveError VARVE_PATH_NOT_FOUND for the first that stood for nothing */
  readonly end: () => Promise<void>
}

/** What is asked about paths before one is said to stand for nothing. */
export interface MatchQuestions {
  /** Whether something was found for it elsewhere. */
  readonly isFound?: (one: Selector) => boolean
  /** The end of the sentence about a path that stands for nothing; null lets it pass. */
  readonly why?: (path: Path) => string | null
  /** The path that may have been meant (near-path.ts). */
  readonly near?: (path: Path) => Promise<Path | null>
}

export class PathSelection {
  /** Whether nothing is left out. */
  readonly everything: boolean
  /** Whether there are paths alone, without patterns, and none is taken away. */
  readonly isPlain: boolean
  /** Files and folders that all of it is at or below, none below another; '' is the root. */
  readonly starts: readonly Path[]
  readonly #named: readonly Selector[]
  readonly #exact: ReadonlySet<Path>
  readonly #patterns: readonly Selector[]
  readonly #excluded: PathSelection | null

  /** Where only exclusions are given, they are taken from everything. @throws VarveError VARVE_USAGE */
  constructor(given: readonly NamedPath[]) {
    checkList(given, "['people.csv']")
    const excluded = given.filter((one) => typeof one !== 'string' && one.exclude)
    const named = given.filter((one) => !excluded.includes(one))
    const all = named.length === 0 && excluded.length > 0 ? ['.'] : named
    this.#named = distinct(all.map((one) => (typeof one === 'string' ? pathSelector(one) : selectorOf(one))))
    this.#exact = new Set(this.#named.flatMap(({ path }) => path ?? []))
    this.#patterns = this.#named.filter(({ path }) => path === null)
    this.#excluded =
      excluded.length === 0
        ? null
        : new PathSelection(excluded.map((one) => ({ ...(one as Pathspec), exclude: false })))
    this.isPlain = this.#patterns.length === 0 && this.#excluded === null
    this.everything = this.#exact.has('') && this.#excluded === null
    this.starts = withoutNested(new Set(this.#named.map(({ start }) => start)))
  }

  /** As they were written. */
  get texts(): readonly string[] {
    return this.#named.map(({ text }) => text)
  }

  /** The paths among them that are no patterns. */
  get paths(): readonly Path[] {
    return [...this.#exact]
  }

  /** Whether `path` is selected, itself or with a folder that it lies in. */
  has(path: Path): boolean {
    if (this.everything) return true
    return this.#includes(path) && this.#excluded?.has(path) !== true
  }

  /** Whether it is named as it stands. */
  names(path: Path): boolean {
    return this.#exact.has(path)
  }

  /** Whether the path, and so all that is below it, is taken away. */
  excludes(path: Path): boolean {
    return this.#excluded?.has(path) === true
  }

  #includes(path: Path): boolean {
    if (this.#exact.has('') || this.#exact.has(path)) return true
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
      if (this.#exact.has(path.slice(0, at))) return true
    return this.#patterns.some(({ matches }) => matches(path))
  }

  /** @throws VarveError VARVE_PATH_NOT_FOUND for the first path or pattern that stands for none of `found` */
  async requireMatches(found: Iterable<Path>, questions: MatchQuestions = {}): Promise<void> {
    const expected = this.expectMatches(questions)
    for (const path of found) {
      if (!expected.isOpen) return
      expected.see(path)
    }
    await expected.end()
  }

  /** As `requireMatches`, for paths that are found one after the other. */
  expectMatches({
    isFound = () => false,
    why = () => noMatch,
    near = async () => null,
  }: MatchQuestions = {}): ExpectedMatches {
    const open = new Set(this.#named.filter((one) => one.path !== '' && !isFound(one)))
    const paths = new Map([...open].flatMap((one) => (one.path === null ? [] : [[one.path, one]])))
    const patterns = [...open].filter(({ path }) => path === null)
    return {
      get isOpen() {
        return open.size > 0
      },
      see: (path) => {
        for (let at = path.length; at > 0 && paths.size > 0; at = path.lastIndexOf('/', at - 1)) {
          const named = paths.get(path.slice(0, at))
          if (named !== undefined) open.delete(named)
        }
        for (const one of patterns) if (open.has(one) && one.matches(path)) open.delete(one)
      },
      end: async () => {
        for (const { text, path } of open) {
          const said = path === null ? noMatch : this.excludes(path) ? null : why(path)
          if (said === null) continue
          throw new VarveError('VARVE_PATH_NOT_FOUND', `path '${text}' ${said}`, {
            data: { path: text },
            ...(said === noMatch
              ? { hint: didYouMean(path === null ? null : await near(path), namesHint) }
              : {}),
          })
        }
      },
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
      hint: outsideHint,
    })
  }
  const path = parts.join('/')
  return path === '' ? '' : safePath(path)
}

function pathSelector(named: string): Selector {
  const path = normalPath(named)
  return { text: path, path, start: path, matches: isAtOrBelow(path) }
}

function selectorOf({ text, folder, pattern, matching, ignoreCase }: Pathspec): Selector {
  const whole = (folder + pattern).replace(/\/$/, '')
  if (matching === 'literal' && !ignoreCase)
    return { text, path: whole, start: whole, matches: isAtOrBelow(whole) }
  const plain = ignoreCase ? folder : folder + pattern.slice(0, plainLength(pattern))
  const start = plain.slice(0, Math.max(plain.lastIndexOf('/'), 0))
  const literally = literal(pattern, { ignoreCase })
  const slash = matching === 'glob' ? { slash: 'stops' as const } : {}
  const matchesPattern = matching === 'literal' ? () => false : wildcard(pattern, { ...slash, ignoreCase })
  const matches = (path: Path): boolean => {
    if (!path.startsWith(folder)) return false
    const rest = path.slice(folder.length)
    return literally(rest) || matchesPattern(rest)
  }
  return { text, path: null, start, matches }
}

/** The pattern as a path, or a folder above one. */
function literal(pattern: string, { ignoreCase }: Pick<Pathspec, 'ignoreCase'>): (path: Path) => boolean {
  if (!ignoreCase) return isAtOrBelow(pattern)
  const has = isAtOrBelow(pattern.toLowerCase())
  return (path) => has(path.toLowerCase())
}

/** A folder may be written with '/' behind it. */
function isAtOrBelow(place: string): (path: Path) => boolean {
  if (place === '') return () => true
  const below = place.endsWith('/') ? place : `${place}/`
  return (path) => path === place || path.startsWith(below)
}

function distinct(selectors: readonly Selector[]): Selector[] {
  const seen = new Set<Path>()
  return selectors.filter(({ path }) => path === null || (!seen.has(path) && seen.add(path)))
}

function withoutNested(paths: ReadonlySet<Path>): Path[] {
  if (paths.has('')) return ['']
  return [...paths].filter((path) => {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
      if (paths.has(path.slice(0, at))) return false
    return true
  })
}
