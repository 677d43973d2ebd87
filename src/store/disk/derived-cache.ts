// Caches that can be computed again from a store's objects, in its folder `cache`: any process reads and writes there
// without a lock, each file whole or not at all. Nothing is flushed: a reader checks what it reads.
import fs from 'node:fs'
import path from 'node:path'
import { randomHex } from '../../base/platform.ts'
import type { DerivedCache } from '../interface.ts'
import { makeDir, readWhole, rename } from './files.ts'

const leftMsMax = 24 * 3_600_000

export function diskCache(dir: string): DerivedCache {
  const folder = path.join(dir, 'cache')
  return {
    read: (name, bytesMax) => tried(() => readWhole(path.join(folder, name), bytesMax)),
    write: (name, bytes) => {
      const own = path.join(folder, `${name}.${randomHex(8)}`)
      tried(() => {
        makeDir(folder)
        removeLeftovers(folder, name)
        try {
          fs.writeFileSync(own, bytes, { flag: 'wx' })
          rename(own, path.join(folder, name))
        } catch (error) {
          fs.rmSync(own, { force: true })
          throw error
        }
      })
    },
  }
}

/** Removes temporary files that killed processes have left. */
function removeLeftovers(folder: string, name: string): void {
  for (const other of fs.readdirSync(folder)) {
    if (!other.startsWith(`${name}.`)) continue
    const file = path.join(folder, other)
    const { mtimeMs = Date.now() } = fs.statSync(file, { throwIfNoEntry: false }) ?? {}
    if (Date.now() - mtimeMs > leftMsMax) fs.rmSync(file, { force: true })
  }
}

/** A folder that is only read, a full disk, a file of something else: then there is no such thing. */
function tried<T>(work: () => T): T | null {
  try {
    return work()
  } catch {
    return null
  }
}
