// Which paths a partial clone wants: paths, folders (all that is below) and patterns as in varve.yaml, all from the
// repository's root. What says how files are read (varve.yaml, .varveignore) is always wanted: without it a table would
// be taken for a plain file.
import ignore, { type Ignore } from 'ignore'
import { VarveError } from '../base/errors.ts'
import type { Path } from './interface.ts'

const patternsMax = 1000
const patternLengthMax = 1024
const always = /(^|\/)\.varveignore$|^varve\.yaml$/

export class PathFilter {
  readonly patterns: readonly string[]
  readonly #matcher: Ignore

  /** @throws VarveError VARVE_USAGE */
  constructor(patterns: readonly string[]) {
    this.patterns = [...new Set(patterns.map(normal))].sort()
    if (this.patterns.length === 0 || this.patterns.length > patternsMax) {
      throw new VarveError('VARVE_USAGE', `a filter has 1 to ${patternsMax} paths`, {
        hint: "name folders in place of their files, or a pattern: 'images/**'",
      })
    }
    this.#matcher = ignore({ ignorecase: false }).add(this.patterns.map((pattern) => `/${pattern}`))
  }

  /** As it is kept in settings: a JSON list, or one pattern as it is. @throws VarveError VARVE_USAGE */
  static parse(text: string): PathFilter {
    return new PathFilter(text.startsWith('[') ? listIn(text) : [text])
  }

  toString(): string {
    return JSON.stringify(this.patterns)
  }

  has(path: Path): boolean {
    return always.test(path) || this.selects(path)
  }

  /** Each of its patterns as a filter of its own. */
  parts(): PathFilter[] {
    return this.patterns.map((pattern) => new PathFilter([pattern]))
  }

  /** As `has`, by the patterns alone. */
  selects(path: Path): boolean {
    return this.#matcher.test(path).ignored
  }
}

function listIn(text: string): string[] {
  try {
    const value: unknown = JSON.parse(text)
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
  } catch {
    // Said below.
  }
  throw new VarveError('VARVE_USAGE', 'a filter is one path, or a JSON list of paths', {
    hint: 'write it as \'["data","images/2024"]\'',
  })
}

function normal(pattern: string): string {
  const text = pattern.replace(/^(\.?\/)+/, '').replace(/\/+$/, '')
  const isBad =
    text === '' || text.length > patternLengthMax || text.includes('\n') || text.split('/').includes('..')
  if (!isBad && !text.startsWith('!') && !text.startsWith('#')) return text === '.' ? '**' : text
  throw new VarveError('VARVE_USAGE', `'${pattern}' is not a path or pattern of files to want`, {
    hint: "write it from the repository's root: 'data', 'images/2024', '**/*.csv'",
  })
}
