// Writes one entry into the worktree: under a temporary name in the same folder, created exclusively, then renamed, so
// that a file is always whole. Folders above it are proven not to be symlinks, one by one, since a planted one would
// lead the write out of the worktree.
import * as fs from 'node:fs'
import { VarveError } from '../../base/errors.ts'
import { systemFailure } from '../../base/system-error.ts'
import type { Path, SymlinkEntry } from '../../files/interface.ts'
import { storedPath } from '../../files/tree-check.ts'
import { errnoOf, fsFault, lstatOrNull, nativePath, foldersAbove, parentOf } from '../native.ts'
import { cannotLink, symlinksKey } from '../file-modes.ts'
import { temporaryPath } from '../replace-file.ts'
import { type FileStat, fileStatOf } from '../file-stat.ts'

// Not empty, gone already, or something else in its place.
const folderStays = ['ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR', 'EBUSY']

export type OnOccupied = 'refuse' | 'replace'

export interface StreamedFile {
  readonly executable: 'executable' | 'plain'
  /** Asked when all is written, right before the name is taken: throws where somebody has been there meanwhile. */
  readonly lastLook: () => void
}

export class FileWriter {
  readonly #root: string
  readonly #occupied: OnOccupied
  readonly #folders = new Set<Path>([''])

  /** 'replace' clears what lies in the way of a path or its folders; 'refuse' is an error. */
  constructor(root: string, occupied: OnOccupied) {
    this.#root = root
    this.#occupied = occupied
  }

  writeBytes(path: Path, bytes: Uint8Array, executable: 'executable' | 'plain'): FileStat {
    return this.#place(path, (temporary) => {
      const fd = openNew(temporary, executable)
      try {
        writeAll(fd, bytes)
      } finally {
        fs.closeSync(fd)
      }
    })
  }

  async writeStream(
    path: Path,
    source: AsyncIterable<Uint8Array>,
    { executable, lastLook }: StreamedFile,
  ): Promise<FileStat> {
    const stat = await this.#throughTemporary(path, { executable, lastLook }, async (fd) => {
      for await (const part of source) writeAll(fd, part)
      return true
    })
    return stat!
  }

  /**
   * What `make` writes; each part is its writer's until the next call of `write` is done, so that one can be made while
   * another is written. null, and nothing is changed, when it answers that it has nothing for the path after all.
   */
  writeParts(
    path: Path,
    file: StreamedFile,
    make: (write: (part: Uint8Array) => Promise<void>) => Promise<boolean>,
  ): Promise<FileStat | null> {
    return this.#throughTemporary(path, file, (fd) => inTurn(fd, make))
  }

  async #throughTemporary(
    path: Path,
    { executable, lastLook }: StreamedFile,
    make: (fd: number) => Promise<boolean>,
  ): Promise<FileStat | null> {
    this.#makeFolders(path)
    const temporary = nativePath(this.#root, temporaryPath(path))
    try {
      const fd = openNew(temporary, executable)
      let made = false
      try {
        made = await make(fd)
      } finally {
        fs.closeSync(fd)
      }
      if (made) {
        lastLook()
        return this.#rename(temporary, path)
      }
      fs.rmSync(temporary, { force: true })
      return null
    } catch (error) {
      fs.rmSync(temporary, { force: true })
      throw fsFault(error, path, 'writing')
    }
  }

  writeSymlink(path: Path, entry: SymlinkEntry): FileStat {
    return this.#place(path, (temporary) => {
      try {
        fs.symlinkSync(Buffer.from(entry.target), temporary)
      } catch (error) {
        if (!cannotLink(error)) throw error
        throw systemFailure(
          error,
          `writing '${path}' failed`,
          path,
          `if this file system has no symlinks, say so: 'varve config ${symlinksKey} false'; they are small files then`,
        )
      }
    })
  }

  #place(path: Path, write: (temporary: string | Buffer) => void): FileStat {
    this.#makeFolders(path)
    const temporary = nativePath(this.#root, temporaryPath(path))
    try {
      write(temporary)
      return this.#rename(temporary, path)
    } catch (error) {
      fs.rmSync(temporary, { force: true })
      throw fsFault(error, path, 'writing')
    }
  }

  #rename(temporary: string | Buffer, path: Path): FileStat {
    const place = nativePath(this.#root, path)
    try {
      fs.renameSync(temporary, place)
    } catch (error) {
      if (this.#occupied === 'refuse' || !['EISDIR', 'ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? ''))
        throw error
      fs.rmSync(place, { recursive: true, force: true })
      fs.renameSync(temporary, place)
    }
    return fileStatOf(fs.lstatSync(place))!
  }

  #makeFolders(path: Path): void {
    storedPath(path)
    if (this.#folders.has(parentOf(path))) return
    for (const folder of foldersAbove(path)) {
      if (this.#folders.has(folder)) continue
      this.#makeFolder(folder, path)
      this.#folders.add(folder)
    }
  }

  #makeFolder(folder: Path, path: Path): void {
    const stat = lstatOrNull(this.#root, folder)
    if (stat?.isDirectory() === true) return
    if (stat !== null && this.#occupied === 'refuse') throw inTheWay(folder, path)
    try {
      if (stat !== null) fs.unlinkSync(nativePath(this.#root, folder))
      fs.mkdirSync(nativePath(this.#root, folder))
    } catch (error) {
      throw fsFault(error, folder, 'making the folder')
    }
  }
}

function inTheWay(folder: Path, path: Path): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `cannot write '${path}': '${folder}' is not a folder`, {
    data: { path, inTheWay: folder },
    hint: `move '${folder}' away, then run the command again`,
  })
}

function openNew(temporary: string | Buffer, executable: 'executable' | 'plain'): number {
  return fs.openSync(temporary, 'wx', executable === 'executable' ? 0o777 : 0o666)
}

/** One write after the other; when this ends, also by an error, no write is in progress. */
async function inTurn(
  fd: number,
  make: (write: (part: Uint8Array) => Promise<void>) => Promise<boolean>,
): Promise<boolean> {
  let under: Promise<void> = Promise.resolve()
  try {
    const made = await make(async (part) => {
      await under
      under = writeLater(fd, part)
      under.catch(() => {})
    })
    await under
    return made
  } finally {
    await under.catch(() => {})
  }
}

async function writeLater(fd: number, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await new Promise<number>((resolve, reject) => {
      fs.write(fd, bytes, at, bytes.length - at, null, (error, count) => {
        if (error === null) resolve(count)
        else reject(error)
      })
    })
  }
}

/** A write may take fewer bytes than it was given (a disk that fills up does that first). */
function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += fs.writeSync(fd, bytes, at, bytes.length - at)
}

/** Removes a file; nothing is followed, and what is gone already is fine. */
export function removeFile(root: string, path: Path): void {
  storedPath(path)
  try {
    fs.unlinkSync(nativePath(root, path))
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw fsFault(error, path, 'removing')
  }
}

/** Removes the folders that the removal of these files has left empty. */
export function removeEmptied(root: string, removed: Iterable<Path>): void {
  const folders = new Set<Path>()
  for (const path of removed) {
    for (let at = parentOf(path); at !== '' && !folders.has(at); at = parentOf(at)) folders.add(at)
  }
  // A folder's path is longer than its parent's: the deepest come first.
  for (const folder of [...folders].sort((a, b) => b.length - a.length)) {
    try {
      fs.rmdirSync(nativePath(root, folder))
    } catch (error) {
      if (!folderStays.includes(errnoOf(error) ?? '')) throw fsFault(error, folder, 'removing the folder')
    }
  }
}
