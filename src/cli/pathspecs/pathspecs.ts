// Pathspecs as people type them, relative to where they stand: paths, patterns and marks, as in Git.
import path from 'node:path'
import { type NamedPath, pathspecOf, placedIn, readMarks } from '../../files/pathspec.ts'
import { type Arguments, usage } from '../arguments.ts'
import { mayBePattern, outside, toRepositoryPath } from '../paths.ts'

/**
 * Typed words as what they stand for. Without marks and patterns they are paths. `alone`: what exclusions are taken from
 * where nothing else is named, everything or, as some of Git's commands have it, what is below the folder where it runs.
 */
export function toPathspecs(
  { literalPaths }: Pick<Arguments, 'literalPaths'>,
  root: string | null,
  typed: readonly string[],
  { alone = 'everything' }: { readonly alone?: 'everything' | 'here' } = {},
): NamedPath[] {
  if (literalPaths) return typed.map((one) => literalPath(root, one))
  const named = typed.map((one) => toPathspec(root, one))
  const isAlone = named.length > 0 && named.every((one) => typeof one !== 'string' && one.exclude)
  return isAlone && alone === 'here' ? [toRepositoryPath(root, '.'), ...named] : named
}

/** What is chosen by `typed`: nothing less than all, one path as it stands, or more than that. */
export function chosenBy(
  given: Pick<Arguments, 'literalPaths'>,
  root: string | null,
  typed: readonly string[],
): { readonly path?: string; readonly paths?: readonly NamedPath[] } {
  const paths = toPathspecs(given, root, typed)
  const [first] = paths
  return first === undefined
    ? {}
    : paths.length === 1 && typeof first === 'string'
      ? { path: first }
      : { paths }
}

function literalPath(root: string | null, typed: string): string {
  return toRepositoryPath(root, typed === '' || path.isAbsolute(typed) ? typed : `./${typed}`)
}

function toPathspec(root: string | null, typed: string): NamedPath {
  const { marked, rest } = readMarks(typed)
  const isPath = marked.has('literal') || !mayBePattern(rest)
  if (isPath && !marked.has('icase') && !marked.has('exclude')) {
    if (typed === rest) return toRepositoryPath(root, typed)
    if (marked.has('top') && root !== null) return toRepositoryPath(root, path.resolve(root, `./${rest}`))
    return literalPath(root, rest === '' ? '.' : rest)
  }
  const placed =
    root !== null && path.isAbsolute(rest)
      ? placedIn('', belowRoot(root, rest, typed))
      : placedIn(marked.has('top') || root === null ? '' : folderHere(root), rest)
  if (placed === null) throw root === null ? usage(`path '${typed}' is absolute`) : outside(root, typed)
  return pathspecOf(typed, marked, placed)
}

function folderHere(root: string): string {
  const here = toRepositoryPath(root, '.')
  return here === '.' ? '' : here
}

function belowRoot(root: string, written: string, typed: string): string {
  const relative = path.relative(root, written)
  if (relative === '..' || relative.startsWith(`..${path.sep}`)) throw outside(root, typed)
  return `${relative.split(path.sep).join('/')}${written.endsWith('/') ? '/' : ''}`
}
