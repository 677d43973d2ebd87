// Who is writing a temporary file: its name begins with the process's number and the place where that number means
// something. So what a killed process left is known at once, where it ran here; all else is given a day.
import fs from 'node:fs'
import os from 'node:os'
import { toHex, utf8 } from '../../base/bytes.ts'
import { sha256 } from '../../base/platform.ts'

const dayMs = 24 * 3_600_000
const pattern = /^(\d+)-([0-9a-f]{8})-/

let name: string | null = null

/** A name for this process: 'PID-PLACE', where the place has 8 hex digits. */
export function ownerName(): string {
  return (name ??= `${process.pid}-${toHex(sha256(utf8(placeOfProcesses()))).slice(0, 8)}`)
}

/** Whether nobody is writing it any more: the process that `name` begins with has ended, or the file is a day old. */
export function isAbandoned(fileName: string, ageMs: number): boolean {
  if (ageMs >= dayMs) return true
  const [, pid, place] = pattern.exec(fileName) ?? []
  return place === ownerName().split('-')[1] && !isRunning(Number(pid))
}

/** One boot of one kernel, and a container on it: only within these are numbers of processes unique. */
function placeOfProcesses(): string {
  try {
    const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'latin1')
    return `${boot} ${fs.readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return os.hostname()
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Another user's process is one all the same.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
