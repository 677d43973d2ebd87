// Why a path that somebody named stands for nothing that can be added, and which path may have been meant.
import { readdirSync } from 'node:fs'
import type { Path } from '../files/interface.ts'
import { nearPath, nearPathAmong } from '../files/near-path.ts'
import { noMatch } from '../files/path-selection.ts'
import type { Tree } from '../files/tree.ts'
import { type RuleStack, ignoreFileName, isIgnored, rulesOfFolder } from './ignore-rules.ts'
import { PathLookup, errnoOf, lstatOrNull, nativePath, parentOf } from './native.ts'

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

/** The tracked file that is spelt almost so, or the one in the folder. */
export async function nearFile(root: string, tracked: Tree | null, path: Path): Promise<Path | null> {
  return (
    (tracked === null ? null : await nearPath(tracked, path)) ?? nearPathAmong(namesBeside(root, path), path)
  )
}

/** What is in the folder of a path; nothing where that cannot be read. */
export function namesBeside(root: string, path: Path): string[] {
  if (new PathLookup(root).blockedAt(path) !== null) return []
  try {
    return readdirSync(nativePath(root, parentOf(path)))
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return []
  }
}
