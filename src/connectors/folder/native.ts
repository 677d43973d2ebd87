// What the file system is asked for a folder of tables. Links are not followed and pipes not waited for: a file is opened
// by what it is, and not by what it is called.
import * as fs from 'node:fs/promises'
import { type BigIntStats, closeSync, constants, fstatSync, open as openNow } from 'node:fs'
import { promisify } from 'node:util'
import { fileWaits } from '../files/waiting.ts'

const open = promisify(openNow)

/** Where a system lacks one of them it is 0. */
const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** Times within a step of the file system's clock do not tell one state from the next. */
const coarseStepMs = 2_000
const fineStepMs = 50

/**
 * By a number, not by a handle, which takes four times as long to open and to close: there may be tens of thousands. Whoever
 * opens it closes it.
 */
export async function openFile(place: string, path: string): Promise<{ fd: number; stat: BigIntStats }> {
  const fd = await open(place, flags)
  try {
    const stat = fstatSync(fd, { bigint: true })
    if (!stat.isFile()) throw fileWaits(path, 'is not a file')
    return { fd, stat }
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

export function versionOf({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${ino}-${size}-${mtimeNs}-${ctimeNs}`
}

/** What stays of a file that is renamed, as long as nobody writes in it. */
export function fileIdentity({ ino, size, mtimeNs }: BigIntStats): string {
  return `${ino}-${size}-${mtimeNs}`
}

/** Whether a change since then would show in the version. `nowMs`: the clock before the stat was taken. */
export function isReliableVersion({ mtimeNs, ctimeNs }: BigIntStats, nowMs: number): boolean {
  const changed = mtimeNs > ctimeNs ? mtimeNs : ctimeNs
  const isFine = changed % 1_000_000n !== 0n
  return Number(changed / 1_000_000n) < nowMs - (isFine ? fineStepMs : coarseStepMs)
}

/** Renames and new files in it are then there after a power cut. Not every system has it. */
export async function flushFolder(folder: string): Promise<void> {
  let handle: fs.FileHandle | null = null
  try {
    handle = await fs.open(folder, constants.O_RDONLY)
    await handle.sync()
  } catch (error) {
    if (!['EISDIR', 'EPERM', 'EINVAL', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error
  } finally {
    await handle?.close()
  }
}

export async function removeQuietly(place: string): Promise<void> {
  await fs.rm(place, { force: true })
}
