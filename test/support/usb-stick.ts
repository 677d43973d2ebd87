// A file system as USB sticks have it: exFAT, which knows no executable bits, no links, and no case. Root may mount one
// through FUSE where Debian's exfat-fuse and exfatprogs are; elsewhere tests say in their names that they are skipped.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

export interface UsbStick {
  readonly dir: string
  end(): void
}

const mebibytes = 64
const run = (program: string, ...args: string[]): string =>
  execFileSync(program, args, {
    encoding: 'utf8',
    stdio: 'pipe',
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
  }).trim()

export function makeUsbStick(): UsbStick {
  const place = fs.mkdtempSync(path.join(os.tmpdir(), 'varve-stick-'))
  const [image, dir] = [path.join(place, 'image'), path.join(place, 'files')]
  fs.writeFileSync(image, '')
  fs.truncateSync(image, mebibytes << 20)
  fs.mkdirSync(dir)
  let device: string | null = null
  const end = (): void => {
    if (device !== null) run('losetup', '-d', device)
    fs.rmSync(place, { recursive: true, force: true })
  }
  try {
    run('mkfs.exfat', image)
    device = run('losetup', '-f', '--show', image)
    run('mount.exfat-fuse', device, dir)
  } catch (error) {
    end()
    throw error
  }
  return {
    dir,
    end() {
      run('umount', dir)
      end()
    },
  }
}

export const hasUsbStick: boolean = canMount()
export const withoutUsbStick: string = hasUsbStick
  ? ''
  : ' (skipped: exfat-fuse and exfatprogs are not installed, or nothing can be mounted here)'

function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  try {
    makeUsbStick().end()
    return true
  } catch {
    return false
  }
}
