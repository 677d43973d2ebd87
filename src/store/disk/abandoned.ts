// Temporary files of writers that are gone.
import fs from 'node:fs'
import path from 'node:path'
import { ioError, isMissing } from './files.ts'
import { isAbandoned } from './owner.ts'

/** Those in the store's tmp/; returns how many. `nowMs`: what the file system takes for now. */
export function removeAbandoned(dir: string, nowMs: number): number {
  const folder = path.join(dir, 'tmp')
  let removed = 0
  try {
    for (const name of fs.readdirSync(folder)) {
      const file = path.join(folder, name)
      const stat = fs.lstatSync(file, { throwIfNoEntry: false })
      if (stat === undefined || !isAbandoned(name, nowMs - stat.mtimeMs)) continue
      fs.rmSync(file, { recursive: true, force: true })
      removed++
    }
  } catch (cause) {
    if (!isMissing(cause)) throw ioError(cause, folder)
  }
  return removed
}
