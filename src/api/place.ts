// Where a repository lies: 'FOLDER/.varve' under the user's files, or a bare store of its own. Found upwards from any
// folder within, made by init and clone.
import * as fs from 'node:fs'
import path from 'node:path'
import { VarveError } from '../base/errors.ts'
import { cloneInto } from '../remote/clone.ts'
import { ensureIgnored, findGitRoot } from '../git/gitignore.ts'
import { absoluteUrl, openRemote } from '../remote/transports/open.ts'
import { createContext } from '../repo/context.ts'
import { move } from '../repo/move.ts'
import { readCommit } from '../history/commit.ts'
import { DiskStore } from '../store/disk/store.ts'
import { worktreeFolder } from '../worktree/folder.ts'
import type { OpenOptions, OperationOptions } from './interface.ts'

export const dotName = '.varve'
export const firstBranch = 'main'

export interface Place {
  readonly store: DiskStore
  readonly root: string | null
  readonly dotDir: string
  readonly gitignore: string | null
}

/** For what remotes may keep and lose. */
export function cacheDirOf(place: Place): string {
  return path.join(place.dotDir, 'cache')
}

export async function createPlace(dir: string, options: { bare?: boolean }): Promise<Place> {
  const dotDir = options.bare === true ? dir : path.join(dir, dotName)
  if (DiskStore.exists(dotDir)) {
    throw new VarveError('VARVE_NOT_POSSIBLE', `there is a repository in '${dir}' already`, {
      hint: "see its state with 'varve status'",
    })
  }
  if (options.bare === true && fs.existsSync(dir) && fs.readdirSync(dir).length > 0) {
    throw new VarveError('VARVE_NOT_POSSIBLE', `'${dir}' is not empty`, {
      hint: 'a bare repository needs a folder of its own',
    })
  }
  fs.mkdirSync(dotDir, { recursive: true, mode: 0o700 })
  const store = await DiskStore.create(dotDir, { firstBranch })
  if (options.bare === true) return { store, root: null, dotDir, gitignore: null }
  const gitRoot = findGitRoot(dir)
  const ignored = gitRoot === null ? null : ensureIgnored(gitRoot, `${dotName}/`)
  return { store, root: dir, dotDir, gitignore: ignored }
}

export async function findPlace(dir: string): Promise<Place> {
  for (let at = dir; ; at = path.dirname(at)) {
    const dotDir = path.join(at, dotName)
    if (DiskStore.exists(dotDir))
      return { store: await DiskStore.open(dotDir), root: at, dotDir, gitignore: null }
    if (DiskStore.exists(at))
      return { store: await DiskStore.open(at), root: null, dotDir: at, gitignore: null }
    if (path.dirname(at) === at) break
  }
  throw new VarveError('VARVE_NO_REPOSITORY', `no repository in '${dir}' or any folder above it`, {
    hint: "make one with 'varve init', or get one with 'varve clone URL'",
  })
}

/** Clones into a new folder; what was made is removed again when it fails. */
export async function clonePlace<T extends { close(): Promise<void> }>(
  url: string,
  dir: string,
  options: OpenOptions & OperationOptions & { branch?: string; bare?: boolean },
  open: (place: Place) => T,
): Promise<T> {
  const existed = fs.existsSync(dir)
  if (existed && fs.readdirSync(dir).length > 0) {
    throw new VarveError('VARVE_NOT_POSSIBLE', `'${dir}' exists already and is not empty`, {
      hint: 'clone into another folder',
    })
  }
  const from = absoluteUrl(url, process.cwd())
  try {
    const place = await createPlace(dir, options)
    const { environment, signal, onProgress } = options
    const remote = await openRemote(from, { cacheDir: cacheDirOf(place), environment, signal, onProgress })
    try {
      const cloned = await cloneInto(place.store, remote, { ...options, url: from })
      if (place.root !== null && cloned.head !== null) await checkOut(place, cloned.head, options)
      return open(place)
    } finally {
      await remote.close()
    }
  } catch (error) {
    // Only what this call made is removed: an empty folder that was there stays.
    if (existed)
      for (const name of fs.readdirSync(dir))
        fs.rmSync(path.join(dir, name), { recursive: true, force: true })
    else fs.rmSync(dir, { recursive: true, force: true })
    throw error
  }
}

async function checkOut(
  place: Place,
  head: Parameters<typeof readCommit>[1],
  options: OpenOptions & OperationOptions,
): Promise<void> {
  const repo = createContext(place.store, options)
  const folder = worktreeFolder({ repo, root: place.root!, dotDir: place.dotDir })
  await move(
    repo,
    folder,
    async () => ({
      refs: new Map(),
      operation: { name: 'clone', message: 'check out' },
      show: (await readCommit(repo.store, head)).tree,
    }),
    options,
  )
}
