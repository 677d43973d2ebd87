// Every touch of the file system that the store makes. A file is written under tmp/, flushed, and then given its
// name; nothing is ever changed in place. A failure of the system becomes a VarveError with the path, and a full
// disk has its own code. `fs` is called through its module object so that tests can make any call fail.
import fs from 'node:fs'
import path from 'node:path'
import { VarveError, corrupt } from '../../base/errors.ts'
import { bareSystemFailure, systemFailure } from '../../base/system-error.ts'
import type { PackBytes } from '../interface.ts'
import { tmpPath } from './temporary-name.ts'

const fullCodes = new Set(['ENOSPC', 'EDQUOT'])
const copiedBytesMax = 1 << 20
const noLinkCodes = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV'])

export function ioError(cause: unknown, file: string): VarveError {
  if (cause instanceof VarveError) return cause
  const { code, message } = cause as NodeJS.ErrnoException
  if (code !== undefined && fullCodes.has(code)) {
    return new VarveError('VARVE_DISK_FULL', `no space left to write '${file}'`, {
      data: { path: file },
      cause,
      hint: 'free some space and run the command again',
    })
  }
  const hint = "look at the file and its disk, then run 'varve fsck'"
  const data = { path: file }
  return (
    systemFailure(cause, `cannot use '${file}'`, file, isMissing(cause) ? hint : undefined) ??
    new VarveError('VARVE_IO', `cannot use '${file}': ${message}`, { data, cause, hint })
  )
}

export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

export function openNew(file: string): number {
  try {
    return fs.openSync(file, 'wx', 0o666)
  } catch (cause) {
    throw ioError(cause, file)
  }
}

/** All of `bytes` at `position`: write(2) may write less than asked, and does so on a disk that runs full. */
export async function writeAll(fd: number, bytes: Uint8Array, position: number, file: string): Promise<void> {
  try {
    for (let done = 0; done < bytes.length;) {
      const written = await new Promise<number>((resolve, reject) => {
        fs.write(fd, bytes, done, bytes.length - done, position + done, (error, count) => {
          if (error === null) resolve(count)
          else reject(error)
        })
      })
      if (written === 0) throw Object.assign(new Error('nothing was written'), { code: 'ENOSPC' })
      done += written
    }
  } catch (cause) {
    throw ioError(cause, file)
  }
}

/** As writeAll, of many parts in one call: they lie back to back from `position` on. */
export async function writeParts(
  fd: number,
  parts: readonly Uint8Array[],
  position: number,
  file: string,
): Promise<void> {
  let rest = parts
  let at = position
  try {
    while (rest.length > 0) {
      const written = await new Promise<number>((resolve, reject) => {
        fs.writev(fd, rest, at, (error, count) => {
          if (error === null) resolve(count)
          else reject(error)
        })
      })
      if (written === 0) throw Object.assign(new Error('nothing was written'), { code: 'ENOSPC' })
      at += written
      rest = withoutFirst(rest, written)
    }
  } catch (cause) {
    throw ioError(cause, file)
  }
}

function withoutFirst(parts: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let left = bytes
  let from = 0
  while (from < parts.length && left >= parts[from]!.length) left -= parts[from++]!.length
  if (left === 0) return parts.slice(from)
  return [parts[from]!.subarray(left), ...parts.slice(from + 1)]
}

/** As `syncFile`, for the file's bytes alone. */
export async function syncData(fd: number, file: string): Promise<void> {
  try {
    await called((done) => fs.fdatasync(fd, done))
  } catch (cause) {
    throw ioError(cause, file)
  }
}

export async function syncFile(fd: number, file: string): Promise<void> {
  try {
    await called((done) => fs.fsync(fd, done))
  } catch (cause) {
    throw ioError(cause, file)
  }
}

function called(start: (done: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => start((error) => (error === null ? resolve() : reject(error))))
}

/** Makes names in `dir` durable. Windows cannot open a directory and needs no such thing. */
export async function syncDir(dir: string): Promise<void> {
  if (process.platform === 'win32') return
  const fd = openExisting(dir)
  try {
    await syncFile(fd, dir)
  } finally {
    fs.closeSync(fd)
  }
}

/** A durable temporary file with these bytes; it is removed when that fails. */
export async function writeTmp(dir: string, bytes: Uint8Array): Promise<string> {
  const file = tmpPath(dir)
  const fd = openNew(file)
  try {
    await writeAll(fd, bytes, 0, file)
    await syncFile(fd, file)
  } catch (error) {
    fs.closeSync(fd)
    remove(file)
    throw error
  }
  fs.closeSync(fd)
  return file
}

/** Gives a temporary file its name. The name is new by construction: nothing is replaced. */
export function rename(from: string, to: string): void {
  try {
    fs.renameSync(from, to)
  } catch (cause) {
    throw ioError(cause, to)
  }
}

/** True when `to` now is `from`'s file; false when somebody was first. `from` goes either way, or is left to gc. */
export async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await called((done) => fs.link(from, to, done))
    return true
  } catch (cause) {
    // Over a network the answer may be lost and the call repeated: the count of names tells the truth.
    if (fs.statSync(from).nlink > 1) return true
    const code = (cause as NodeJS.ErrnoException).code ?? ''
    if (code === 'EEXIST') return false
    if (!noLinkCodes.has(code)) throw ioError(cause, to)
    return copyNew(from, to)
  } finally {
    removeIfPossible(from)
  }
}

/**
 * Without hard links the name stands before the bytes do. It happens in one go, so that only another process can see a
 * torn file; such a reader waits for the rest (log.ts). A crash in between leaves one that is reported as damaged.
 */
function copyNew(from: string, to: string): boolean {
  try {
    const bytes = readWhole(from, copiedBytesMax)
    const fd = fs.openSync(to, 'wx', 0o666)
    try {
      for (let done = 0; done < bytes.length;) done += fs.writeSync(fd, bytes, done, bytes.length - done)
      fs.fsyncSync(fd)
    } catch (cause) {
      remove(to)
      throw cause
    } finally {
      fs.closeSync(fd)
    }
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw ioError(cause, to)
  }
}

export function remove(file: string): void {
  try {
    fs.unlinkSync(file)
  } catch (cause) {
    if (!isMissing(cause)) throw ioError(cause, file)
  }
}

/** Where a failure must not undo what is done: the name of a manifest stands, and others build on it. */
function removeIfPossible(file: string): void {
  try {
    fs.unlinkSync(file)
  } catch {
    // What lies in tmp/ is gc's.
  }
}

/** Makes a folder, and those above it that are missing. */
export function makeDir(dir: string, mode = 0o777): void {
  try {
    makeDirs(path.resolve(dir), mode)
  } catch (cause) {
    throw bareSystemFailure(cause) ?? ioError(cause, dir)
  }
}

/** Node's `recursive` never ends below a folder that takes nothing and says it is missing, as /proc does. */
function makeDirs(dir: string, mode: number): void {
  try {
    fs.mkdirSync(dir, { mode })
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code === 'EEXIST'
    if (isThere && fs.statSync(dir, { throwIfNoEntry: false })?.isDirectory() === true) return
    const above = path.dirname(dir)
    if (!isMissing(cause) || fs.existsSync(above)) throw cause
    makeDirs(above, mode)
    makeDirs(dir, mode)
  }
}

/** The system's own error passes through: a missing file means different things to different callers. */
export function openExisting(file: string): number {
  try {
    return fs.openSync(file, 'r')
  } catch (cause) {
    throw isMissing(cause) ? cause : ioError(cause, file)
  }
}

/** The whole file, refused when it is larger than `bytesMax`. */
export function readWhole(file: string, bytesMax: number): Uint8Array {
  const fd = openExisting(file)
  try {
    const { size } = fs.fstatSync(fd)
    if (size > bytesMax) throw new VarveError('VARVE_CORRUPT', `'${file}' is larger than such a file can be`)
    return readRange(fd, 0, size, file)
  } finally {
    fs.closeSync(fd)
  }
}

/** Exactly `length` bytes at `position`, or fewer at the file's end. */
export function readRange(fd: number, position: number, length: number, file: string): Uint8Array {
  return readInto(fd, position, Buffer.allocUnsafeSlow(length), file)
}

/** As `readRange`, as many as there is room for: a view of `bytes`. */
export function readInto(fd: number, position: number, bytes: Uint8Array, file: string): Uint8Array {
  const { length } = bytes
  try {
    let done = 0
    while (done < length) {
      const read = fs.readSync(fd, bytes, done, length - done, position + done)
      if (read === 0) break
      done += read
    }
    return done === length ? bytes : bytes.subarray(0, done)
  } catch (cause) {
    throw ioError(cause, file)
  }
}

/** Opens a file to be read as a whole. @throws VarveError VARVE_IO */
export async function openPack(file: string): Promise<PackBytes> {
  let handle: fs.promises.FileHandle
  try {
    handle = await fs.promises.open(file, 'r')
  } catch (cause) {
    throw ioError(cause, file)
  }
  return {
    read: async (into, at) => {
      for (let done = 0; done < into.length;) {
        const { bytesRead } = await handle.read(into, done, into.length - done, at + done)
        if (bytesRead === 0) throw corrupt(`'${file}' is cut short`, { path: file })
        done += bytesRead
      }
    },
    close: () => handle.close(),
  }
}
