// What the file system says of a file without reading it. Times are numbers with a resolution of a quarter of a
// microsecond (a double holds no more of today's nanoseconds), finer than the clock of any kernel that stamps files; an
// inode beyond 2^53 loses its last bits. Exact integers would be BigInts, four objects a file.
import type * as fs from 'node:fs'

export interface FileStat {
  readonly kind: 'file' | 'symlink'
  readonly executable: boolean
  readonly size: number
  readonly mtimeMs: number
  readonly ctimeMs: number
  readonly ino: number
}

const ownerMayExecute = 0o100

/** What is known of a file or a symlink; null for anything else. */
export function fileStatOf(stat: fs.Stats): FileStat | null {
  const kind = stat.isFile() ? 'file' : stat.isSymbolicLink() ? 'symlink' : null
  if (kind === null) return null
  const { size, mtimeMs, ctimeMs, ino } = stat
  return {
    kind,
    executable: kind === 'file' && (stat.mode & ownerMayExecute) !== 0,
    size,
    mtimeMs,
    ctimeMs,
    ino,
  }
}

export function sameStat(a: FileStat, b: FileStat): boolean {
  return (
    a.mtimeMs === b.mtimeMs &&
    a.size === b.size &&
    a.ctimeMs === b.ctimeMs &&
    a.ino === b.ino &&
    a.kind === b.kind &&
    a.executable === b.executable
  )
}

export function bytesOf(files: ReadonlyMap<unknown, FileStat>): number {
  let bytes = 0
  for (const stat of files.values()) bytes += stat.size
  return bytes
}

/**
 * A change within one step of the file system's clock leaves no trace in the stat. Where times have parts of a
 * millisecond the step is the kernel's tick, 10 ms at most; elsewhere (FAT) it may be two seconds.
 */
const coarseStepMs = 2000
const fineStepMs = 50

/** Whether the file may have changed after its content was known (the clock before it was read) without a trace here. */
export function isRacy({ mtimeMs, ctimeMs }: FileStat, knownAtMs: number): boolean {
  const changedMs = Math.max(mtimeMs, ctimeMs)
  return Math.floor(changedMs) > knownAtMs - (Number.isInteger(changedMs) ? coarseStepMs : fineStepMs)
}
