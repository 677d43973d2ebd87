// Between our paths and the file system's. A path becomes bytes only where it must (a name that is not UTF-8), since
// strings are cheaper; an error of the file system becomes a VarveError that names the path.
import { Buffer } from 'node:buffer'
import * as fs from 'node:fs'
import { systemFailure } from '../base/system-error.ts'
import type { Path } from '../files/interface.ts'
import { pathToBytes } from '../files/path.ts'

const loneSurrogate = /[\udc80-\udcff]/

/** What node:fs is given for `path` below `root`. The empty path is the root itself. */
export function nativePath(root: string, path: Path): string | Buffer {
  if (path === '') return root
  if (!loneSurrogate.test(path) || pathIsPaired(path)) return `${root}/${path}`
  return Buffer.concat([Buffer.from(`${root}/`), pathToBytes(path)])
}

// A paired low surrogate is an ordinary character beyond U+FFFF.
function pathIsPaired(path: string): boolean {
  return !/[\ud800-\udfff]/u.test(path)
}

export function parentOf(path: Path): Path {
  const slash = path.lastIndexOf('/')
  return slash === -1 ? '' : path.slice(0, slash)
}

/** Every folder above a path, the outermost first: 'a', 'a/b' for 'a/b/c'. */
export function foldersAbove(path: Path): Path[] {
  const folders: Path[] = []
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) folders.push(path.slice(0, at))
  return folders
}

export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
}

/** Turns an error of node:fs into one of Varve; leaves other errors as they are. */
export function fsFault(error: unknown, path: string, doing: string): unknown {
  const shown = path === '' ? '.' : path
  return systemFailure(error, `${doing} '${shown}' failed`, shown) ?? error
}

/** Runs `work` on a path; what the file system throws comes out with the path's name. */
export function withPathErrors<T>(path: string, doing: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw fsFault(error, path, doing)
  }
}

/** lstat, or null where nothing is (a missing folder, or a file where a folder would be, included). */
export function lstatOrNull(root: string, path: Path): fs.Stats | null {
  return lstatAt(nativePath(root, path), path)
}

const quiet = { throwIfNoEntry: false } as const

/** As lstatOrNull, for who has made `place` of the path (of `name` in `folder`) already. */
export function lstatAt(place: string | Buffer, name: string, folder: Path = ''): fs.Stats | null {
  try {
    return fs.lstatSync(place, quiet) ?? null
  } catch (error) {
    if (errnoOf(error) === 'ENOTDIR') return null
    throw fsFault(error, folder === '' ? name : `${folder}/${name}`, 'reading')
  }
}

/** Looks at paths without following a symlink in any of their folders; remembers the folders it has proven. */
export class PathLookup {
  readonly root: string
  readonly #folders = new Map<Path, boolean>()

  constructor(root: string) {
    this.root = root
  }

  /** null where nothing is; a path behind a symlink or a file counts as nothing. */
  look(path: Path): fs.Stats | null {
    return this.blockedAt(path) === null ? lstatOrNull(this.root, path) : null
  }

  /** The first folder above `path` that something else than a folder stands in for, or null. */
  blockedAt(path: Path): Path | null {
    for (const folder of foldersAbove(path)) {
      let real = this.#folders.get(folder)
      if (real === undefined) {
        const stat = lstatOrNull(this.root, folder)
        if (stat === null) return null
        real = stat.isDirectory()
        this.#folders.set(folder, real)
      }
      if (!real) return folder
    }
    return null
  }
}
