// Why a path that somebody named stands for nothing that can be added, though it is there.
import type { Path } from '../files/interface.ts'
import { noMatch } from '../files/path-selection.ts'
import { type RuleStack, ignoreFileName, isIgnored, rulesOfFolder } from './ignore-rules.ts'
import { lstatOrNull } from './native.ts'

/** As the end of a sentence; null: there is a folder without files, which is no fault. */
export function whyUnmatched(root: string, path: Path): string | null {
  let rules = rulesBelow(root, '', null)
  const parts = path.split('/')
  for (const [i] of parts.entries()) {
    const at = parts.slice(0, i + 1).join('/')
    const stat = lstatOrNull(root, at)
    if (stat === null) break
    const isFolder = stat.isDirectory()
    if (isIgnored(rules, at, isFolder ? 'folder' : 'file')) return 'is ignored, by a line in .varveignore'
    if (at === path) return isFolder ? null : noMatch
    if (stat.isSymbolicLink()) return `is beyond the symlink '${at}'`
    if (!isFolder) break
    rules = rulesBelow(root, at, rules)
  }
  return noMatch
}

function rulesBelow(root: string, folder: Path, above: RuleStack | null): RuleStack | null {
  const file = folder === '' ? ignoreFileName : `${folder}/${ignoreFileName}`
  return lstatOrNull(root, file) === null ? above : rulesOfFolder(root, folder, above)
}
