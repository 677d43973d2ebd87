// A folder seen from a second place, from which it may be read and written, or read alone: a mount of it there, which root
// may make. Whoever knows the folder itself writes to it all the time.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { hasSmallDisk } from './small-disk.ts'

export interface View {
  readonly dir: string
  /** Whether from here on it may only be read. */
  onlyRead(is: boolean): void
  end(): void
}

export const hasViews: boolean = hasSmallDisk
export const withoutViews: string = hasViews ? '' : ' (skipped: nothing can be mounted here)'

export function viewOf(folder: string): View {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'varve-view-'))
  const run = (program: string, ...args: string[]): void =>
    void execFileSync(program, args, { stdio: 'pipe' })
  const mount = (): void => run('mount', '--bind', folder, dir)
  mount()
  return {
    dir,
    onlyRead(is) {
      // Over the other one, whose files somebody may still have open.
      if (!is) return run('umount', '-l', dir)
      mount()
      run('mount', '-o', 'remount,bind,ro', dir)
    },
    end() {
      while (isMounted(dir)) run('umount', '-l', dir)
      fs.rmdirSync(dir)
    },
  }
}

function isMounted(dir: string): boolean {
  return fs.readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${dir} `)
}
