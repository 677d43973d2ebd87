// Pathspecs: what stands for paths, as people write it and as Git reads it. 'data' is a file, or a folder with all that is
// below it; '*.csv' is a pattern, or the file of that very name. Marks before it say more: ':(glob)data/*.csv' stops at
// folders, ':(exclude)old', ':!old' and ':^old' take away, ':(icase)readme' is of any case, ':(literal)a[1]' is no
// pattern, ':(top)x' and ':/x' begin at the repository's folder.
import { VarveError } from '../base/errors.ts'
import { plainLength } from '../base/wildcard.ts'

export interface Pathspec {
  /** As it was written. */
  readonly text: string
  /** Where it begins, '' or 'data/': in this much nothing is a pattern, and case counts. */
  readonly folder: string
  readonly pattern: string
  /** Patterns mean their own characters too. 'glob': '*' stops at '/'. */
  readonly matching: 'literal' | 'wildcard' | 'glob'
  readonly ignoreCase: boolean
  /** It takes paths away from what the others stand for. */
  readonly exclude: boolean
}

/** A text is a path as it stands, whatever characters are in it. */
export type NamedPath = string | Pathspec

/** For whoever names a path that no commit can have. */
export const outsideHint = "name a path inside the folder that has '.varve' in it"

const marks = ['top', 'exclude', 'glob', 'icase', 'literal'] as const
type Mark = (typeof marks)[number]
const shortMarks: ReadonlyMap<string, Mark> = new Map([
  ['/', 'top'],
  ['!', 'exclude'],
  ['^', 'exclude'],
])
const marksHint = `there are ${marks.map((mark) => `'${mark}'`).join(', ')}; a path that begins with ':' is written './:…'`

/**
 * What Git would read in `text`, from the repository's folder or from `folder` in it.
 * @throws VarveError VARVE_USAGE
 */
export function pathspec(text: string, { folder = '' }: { readonly folder?: string } = {}): Pathspec {
  const { marked, rest } = readMarks(text)
  const placed = placedIn(marked.has('top') ? '' : folder, rest)
  if (placed === null)
    throw new VarveError('VARVE_USAGE', `path '${text}' is outside of the repository's folder`, {
      data: { path: text },
      hint: outsideHint,
    })
  return pathspecOf(text, marked, placed)
}

export interface MarkedPath {
  readonly marked: ReadonlySet<Mark>
  readonly rest: string
}

/** @throws VarveError VARVE_USAGE */
export function readMarks(text: string): MarkedPath {
  if (!text.startsWith(':')) return { marked: new Set(), rest: text }
  const { marked, rest } = text.startsWith(':(') ? longMarks(text) : shortMarked(text)
  if (marked.has('literal') && marked.has('glob'))
    throw new VarveError('VARVE_USAGE', `'${text}' cannot be both literal and a glob`, {
      data: { path: text },
      hint: "write ':(literal)' where '*' is a character of the name, ':(glob)' where it stands for others",
    })
  return { marked, rest }
}

function longMarks(text: string): MarkedPath {
  const end = text.indexOf(')')
  if (end === -1)
    throw new VarveError('VARVE_USAGE', `there is no ')' after the marks in '${text}'`, {
      data: { path: text },
      hint: marksHint,
    })
  const words = text
    .slice(2, end)
    .split(',')
    .filter((word) => word !== '')
  const found = words.map((word) => marks.find((mark) => mark === word) ?? unknownMark(word, text))
  return { marked: new Set(found), rest: text.slice(end + 1) }
}

function shortMarked(text: string): MarkedPath {
  const marked = new Set<Mark>()
  let at = 1
  // As in Git, these may be marks one day.
  for (; at < text.length && /[!-'&,\-/;<=>@_`~^%]/.test(text[at]!); at++)
    marked.add(shortMarks.get(text[at]!) ?? unknownMark(text[at]!, text))
  return { marked, rest: text.slice(text[at] === ':' ? at + 1 : at) }
}

function unknownMark(mark: string, text: string): never {
  throw new VarveError('VARVE_USAGE', `'${mark}' is no mark of a path, in '${text}'`, {
    data: { path: text },
    hint: marksHint,
  })
}

/** A path as written in `folder`; null: it is outside of the repository's folder. */
export function placedIn(folder: string, written: string): Pick<Pathspec, 'folder' | 'pattern'> | null {
  if (written.startsWith('/')) return null
  const parts = folder.split('/').filter((part) => part !== '')
  // How many of them are where it begins, and not written.
  let given = parts.length
  for (const part of written.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.pop() === undefined) return null
    given = Math.min(given, parts.length)
  }
  const pattern = parts.slice(given).join('/')
  const isFolder = pattern !== '' && written.endsWith('/')
  return {
    folder: parts
      .slice(0, given)
      .map((part) => `${part}/`)
      .join(''),
    pattern: isFolder ? `${pattern}/` : pattern,
  }
}

export function pathspecOf(
  text: string,
  marked: ReadonlySet<Mark>,
  { folder, pattern }: Pick<Pathspec, 'folder' | 'pattern'>,
): Pathspec {
  const isPattern = !marked.has('literal') && plainLength(pattern) < pattern.length
  return {
    text,
    folder,
    pattern,
    matching: !isPattern ? 'literal' : marked.has('glob') ? 'glob' : 'wildcard',
    ignoreCase: marked.has('icase'),
    exclude: marked.has('exclude'),
  }
}
