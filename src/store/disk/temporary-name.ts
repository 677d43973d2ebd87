// The temporary name beside a file that is being written: 'FILE.PID-PLACE-RANDOM.tmp'. What a killed process left under
// such a name goes when the same file is written again. And names in a store's own folder 'tmp'.
import fs from 'node:fs'
import path from 'node:path'
import { randomHex } from '../../base/platform.ts'
import { isAbandoned, ownerName } from './owner.ts'

const ours = /^\d+-[0-9a-f]{8}-[0-9a-f]{8}\.tmp$/

/** A name that nothing has yet; those of `file` that nobody is writing any more are removed, files and folders. */
export function temporaryName(file: string): string {
  const whole = path.resolve(file)
  removeAbandonedBeside(path.dirname(whole), `${path.basename(whole)}.`)
  return `${file}.${ownerName()}-${randomHex(4)}.tmp`
}

/** What cannot be read or removed is passed over: it is in nobody's way. */
function removeAbandonedBeside(folder: string, prefix: string): void {
  try {
    for (const name of fs.readdirSync(folder)) {
      const own = name.startsWith(prefix) ? name.slice(prefix.length) : ''
      const left = path.join(folder, name)
      if (ours.test(own) && isAbandoned(own, Date.now() - fs.lstatSync(left).mtimeMs))
        fs.rmSync(left, { recursive: true, force: true })
    }
  } catch {
    // The next one looks again.
  }
}

/** A new name in the folder 'tmp', which is made again: what copies repositories may leave empty folders out. */
export function tmpPath(dir: string): string {
  const folder = path.join(dir, 'tmp')
  try {
    fs.mkdirSync(folder)
  } catch {
    // It is there; or else whoever opens the file says what is wrong.
  }
  return path.join(folder, `${ownerName()}-${randomHex(8)}`)
}
