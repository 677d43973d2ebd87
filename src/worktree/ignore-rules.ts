// Which paths `add` and `status` pass over: .varveignore files, one a folder, in gitignore's syntax (the package
// `ignore` knows it). The rules of the deepest folder decide first, then those above it. `.varve`, `.git` and our own
// temporary files are never looked at, whatever the rules say.
import * as fs from 'node:fs'
import ignore, { type Ignore } from 'ignore'
import { VarveError } from '../base/errors.ts'
import type { Path } from '../files/interface.ts'
import { nativePath, withPathErrors } from './native.ts'

export const ignoreFileName = '.varveignore'
export const temporaryPrefix = '.varve-tmp-'

const ignoreBytesMax = 1 << 20

/** The rules that hold in one folder: its own, then the folder's above. */
export interface RuleStack {
  readonly rules: Ignore
  /** The folder's path with '/' behind it; '' for the root. */
  readonly prefix: string
  readonly above: RuleStack | null
}

/** Names that are never part of a dataset, in any spelling that a careless file system takes for them. */
export function isOwnName(name: string): boolean {
  const first = name.charCodeAt(0)
  if (first !== 0x2e) return false
  const folded = name.toLowerCase()
  return folded === '.varve' || folded === '.git' || name.startsWith(temporaryPrefix)
}

/** Reads the folder's rule file, and puts its rules before those of the folders above. */
export function rulesOfFolder(root: string, folder: Path, above: RuleStack | null): RuleStack {
  const path = folder === '' ? ignoreFileName : `${folder}/${ignoreFileName}`
  const text = withPathErrors(path, 'reading', () => {
    const place = nativePath(root, path)
    const stat = fs.lstatSync(place)
    if (!stat.isFile()) return ''
    if (stat.size > ignoreBytesMax) {
      throw new VarveError('VARVE_RULE_VIOLATED', `'${path}' is longer than ${ignoreBytesMax} bytes`, {
        data: { path },
        hint: 'shorten it: a pattern can stand for many files',
      })
    }
    return fs.readFileSync(place, 'utf8')
  })
  return {
    rules: ignore({ ignorecase: false, allowRelativePaths: true }).add(text),
    prefix: folder === '' ? '' : `${folder}/`,
    above,
  }
}

export function isIgnored(stack: RuleStack | null, path: Path, kind: 'folder' | 'file'): boolean {
  for (let at = stack; at !== null; at = at.above) {
    const result = at.rules.test(path.slice(at.prefix.length) + (kind === 'folder' ? '/' : ''))
    if (result.ignored) return true
    if (result.unignored) return false
  }
  return false
}
