// What a killed checkout left among the user's files: `.varve-tmp-*` of processes that are gone.
import * as fs from 'node:fs'
import { isAbandoned } from '../../store/disk/owner.ts'
import { isOwnName, temporaryPrefix } from '../ignore-rules.ts'
import { nativePath } from '../native.ts'

/** As `temporaryPath` makes them, and did before it named the process: a user's own file is called otherwise. */
const ours = /^([0-9]+-[0-9a-f]{8}-)?[0-9a-f]{16}(-[0-9]+)?$/

/** Looks at `entriesMax` names at most; returns how many files were removed. What cannot be read is passed over. */
export function removeTemporaries(root: string, entriesMax: number = Number.POSITIVE_INFINITY): number {
  const folders = ['']
  let seen = 0
  let removed = 0
  for (let folder = folders.pop(); folder !== undefined && seen < entriesMax; folder = folders.pop()) {
    for (const entry of entriesOf(root, folder)) {
      seen++
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory() && !isOwnName(entry.name)) folders.push(path)
      if (entry.isFile() && entry.name.startsWith(temporaryPrefix) && removeAbandoned(root, path, entry.name))
        removed++
    }
  }
  return removed
}

function entriesOf(root: string, folder: string): fs.Dirent[] {
  try {
    return fs.readdirSync(nativePath(root, folder), { withFileTypes: true })
  } catch {
    return []
  }
}

function removeAbandoned(root: string, path: string, name: string): boolean {
  const file = nativePath(root, path)
  const own = name.slice(temporaryPrefix.length)
  try {
    if (!ours.test(own) || !isAbandoned(own, Date.now() - fs.lstatSync(file).mtimeMs)) return false
    fs.unlinkSync(file)
    return true
  } catch {
    return false
  }
}
