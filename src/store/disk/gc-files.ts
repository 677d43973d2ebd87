// The files of a store that nothing names any more, and when they may go. A file's age is told by the file system's
// own clock (against a file made just now), and age only ever delays a deletion: what makes it safe is the gcEpoch.
import fs from 'node:fs'
import path from 'node:path'
import type { LogEntry } from '../manifest-file.ts'
import type { Run } from '../segment.ts'
import { ioError, isMissing, remove, writeTmp } from './files.ts'
import { packPath, segmentPath } from './layout.ts'

/** Files that were never published may be somebody's who is still writing: they stay at least this long. */
const orphanMsMin = 3_600_000

export interface StoreFile {
  /** Relative to the store. */
  readonly name: string
  readonly mtimeMs: number
}

/** Packs and segments. @throws VarveError when a folder that must be there cannot be listed */
export function listFiles(dir: string): StoreFile[] {
  const files: StoreFile[] = []
  for (const folder of ['packs', 'idx']) {
    try {
      for (const found of fs.readdirSync(path.join(dir, folder), { recursive: true, withFileTypes: true })) {
        if (!found.isFile()) continue
        const full = path.join(found.parentPath, found.name)
        const stat = fs.statSync(full, { throwIfNoEntry: false })
        const name = path.relative(dir, full).replaceAll('\\', '/')
        if (stat !== undefined) files.push({ name, mtimeMs: stat.mtimeMs })
      }
    } catch (cause) {
      throw ioError(cause, path.join(dir, folder))
    }
  }
  return files
}

/** The files that a manifest with these segments needs. */
export function filesOf(entry: Pick<LogEntry, 'segments'>, runs: readonly Run[]): Set<string> {
  const names = entry.segments.map(({ name }) => segmentPath(name))
  return new Set([...names, ...runs.flatMap((run) => run.packs.map((pack) => packPath(pack.name)))])
}

/** The present time by the file system's clock. */
export async function fileSystemNow(dir: string): Promise<number> {
  const probe = await writeTmp(dir, new Uint8Array(0))
  try {
    return fs.statSync(probe).mtimeMs
  } finally {
    remove(probe)
  }
}

export interface Ages {
  readonly nowMs: number
  readonly graceMs: number
}

/**
 * Files that nobody names and that are old enough to go. `known` were published once: nobody is still writing them,
 * so the grace alone counts.
 */
export function deadFiles(
  files: readonly StoreFile[],
  live: ReadonlySet<string>,
  known: ReadonlySet<string>,
  ages: Ages,
): string[] {
  const isDead = ({ name, mtimeMs }: StoreFile): boolean => {
    const leastMs = known.has(name) ? ages.graceMs : Math.max(ages.graceMs, orphanMsMin)
    return !live.has(name) && ages.nowMs - mtimeMs >= leastMs
  }
  return files.filter(isDead).map(({ name }) => name)
}

/** Deletes the dead; what has just been retired goes too when there is no grace, else it starts to age. */
export function deleteFiles(
  dir: string,
  dead: readonly string[],
  retired: readonly string[],
  graceMs: number,
): number {
  const going = graceMs <= 0 ? [...dead, ...retired] : dead
  for (const name of going) remove(path.join(dir, name))
  if (graceMs > 0) for (const name of retired) startAging(dir, name)
  return going.length
}

function startAging(dir: string, name: string): void {
  const now = new Date()
  try {
    fs.utimesSync(path.join(dir, name), now, now)
  } catch (cause) {
    if (!isMissing(cause)) throw ioError(cause, name)
  }
}
