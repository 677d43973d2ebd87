// Names on a file system that does not tell 'a' from 'A' (exFAT, NTFS, macOS as it comes). A file there has the name under
// which it is tracked, however its case is now, as with Git's core.ignoreCase; `mv` changes it. Which letters are the same
// is the file system's to say; this asks it before it believes it.
import * as fs from 'node:fs'
import { VarveError } from '../base/errors.ts'
import type { Path } from '../files/interface.ts'
import type { Tree } from '../files/tree.ts'
import type { ReadOptions } from '../store/interface.ts'
import { lstatOrNull, nativePath, parentOf, withPathErrors } from './native.ts'

export function folded(path: Path): string {
  return path.toLowerCase()
}

/** Tracked paths and the folders above them, by what they are without case. */
export class TrackedNames {
  readonly #files = new Map<string, Path>()
  readonly #folders = new Map<string, Path>()

  constructor(paths: Iterable<Path>) {
    for (const path of paths) {
      this.#files.set(folded(path), path)
      for (let at = parentOf(path); at !== '' && this.#folders.get(folded(at)) !== at; at = parentOf(at))
        this.#folders.set(folded(at), at)
    }
  }

  /** The tracked path that differs from this one only in case; null if there is none, or if it is the same path. */
  of(path: Path): Path | null {
    const tracked = this.#files.get(folded(path))
    return tracked === undefined || tracked === path ? null : tracked
  }

  /** A new file's path with its folders as they are tracked. */
  inFolder(path: Path): Path {
    for (let at = parentOf(path); at !== ''; at = parentOf(at)) {
      const tracked = this.#folders.get(folded(at))
      if (tracked !== undefined) return tracked + path.slice(at.length)
    }
    return path
  }

  /** A file's or folder's path as it is tracked. */
  spelled(path: Path): Path {
    return this.#files.get(folded(path)) ?? this.#folders.get(folded(path)) ?? this.inFolder(path)
  }
}

/** Whether the file at `path` is the one tracked as `tracked`: that can be opened, but no folder lists it so. */
export function standsFor(root: string, path: Path, tracked: Path): boolean {
  if (lstatOrNull(root, tracked) === null) return false
  let at = 0
  while (path[at] === tracked[at]) at++
  const start = tracked.lastIndexOf('/', at) + 1
  const name = tracked.slice(start).split('/', 1)[0]!
  const folder = tracked.slice(0, Math.max(start - 1, 0))
  const listed = withPathErrors(folder, 'reading', () => fs.readdirSync(nativePath(root, folder)))
  return !listed.includes(name)
}

/** Whether the folder lists a file by this name in any case: one that was removed under another may seem to be there still. */
export function isListed(root: string, path: Path): boolean {
  const name = folded(path.slice(path.lastIndexOf('/') + 1))
  const folder = parentOf(path)
  const listed = withPathErrors(folder, 'reading', () => fs.readdirSync(nativePath(root, folder)))
  return listed.some((other) => folded(other) === name)
}

/** @throws VarveError VARVE_NOT_POSSIBLE where two files of the tree would have one name; `written` are those that count */
export async function refuseSameNames(
  tree: Tree,
  written: Iterable<Path>,
  options: ReadOptions = {},
): Promise<void> {
  const wanted = new Map<string, Path>()
  for (const path of written) {
    const other = wanted.get(folded(path))
    if (other !== undefined) throw sameName(other, path)
    wanted.set(folded(path), path)
  }
  if (wanted.size === 0) return
  for await (const batch of tree.scan(options)) {
    for (const { path } of batch) {
      const other = wanted.get(folded(path))
      if (other !== undefined && other !== path) throw sameName(other, path)
    }
  }
}

function sameName(a: Path, b: Path): VarveError {
  const [one, other] = [a, b].sort() as [Path, Path]
  return new VarveError('VARVE_NOT_POSSIBLE', `'${one}' and '${other}' have one name on this file system`, {
    data: { paths: [one, other] },
    hint: 'rename one of them on a file system that can hold both, and commit that; or use --filter here, which leaves one out',
  })
}
