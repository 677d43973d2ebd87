// A disk with little space, for servers that shall run out of it: a file system in memory of a few mebibytes, which root
// may mount. Where that is not allowed, tests say so in their names.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

export interface SmallDisk {
  readonly dir: string
  /** To so many mebibytes. */
  grow(mebibytes: number): void
  end(): void
}

export function makeSmallDisk(mebibytes: number, owner?: string): SmallDisk {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'varve-disk-'))
  const mount = (...args: string[]): void => void execFileSync('mount', [...args, dir], { stdio: 'pipe' })
  mount('-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs')
  if (owner !== undefined && process.getuid?.() === 0) execFileSync('chown', [owner, dir])
  return {
    dir,
    grow: (size) => mount('-o', `remount,size=${size}m`),
    end() {
      execFileSync('umount', ['-l', dir], { stdio: 'pipe' })
      fs.rmSync(dir, { recursive: true, force: true })
    },
  }
}

export const hasSmallDisk: boolean = canMount()
export const withoutSmallDisk: string = hasSmallDisk ? '' : ' (skipped: a small disk cannot be mounted here)'

function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  try {
    makeSmallDisk(1).end()
    return true
  } catch {
    return false
  }
}
