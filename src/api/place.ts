// Where a repository lies: 'FOLDER/.varve' under the user's files, or a bare store of its own. Found upwards from any
// folder within, made by init and clone.
import * as fs from 'node:fs'
import path from 'node:path'
import { VarveError, isVarveError } from '../base/errors.ts'
import { cloneAt } from '../remote/clone-at.ts'
import { cloneInto, unfinishedKey } from '../remote/clone.ts'
import { checkDepth } from '../remote/deepen.ts'
import { PartialStore } from '../remote/partial-store.ts'
import { isInterruption } from '../remote/receive.ts'
import { environmentFor } from '../remote/remote-settings.ts'
import { fetchUrls } from '../remote/remote-urls.ts'
import { type PartialClone, partialOf } from '../remote/selection.ts'
import { PathFilter } from '../files/path-filter.ts'
import { ensureIgnored, findGitRoot } from '../git/gitignore.ts'
import { absoluteUrl, openRemote, openSource } from '../remote/transports/open.ts'
import { createContext } from '../repo/context.ts'
import { move } from '../repo/move.ts'
import { readCommit } from '../history/commit.ts'
import { branchPrefix, remotePrefix } from '../history/refs.ts'
import { indexRef } from '../repo/interface.ts'
import { makeDir } from '../store/disk/files.ts'
import { DiskStore } from '../store/disk/store.ts'
import type { UpkeepOptions } from '../store/disk/upkeep/interface.ts'
import type { Manifest, Store } from '../store/interface.ts'
import { worktreeFolder } from '../worktree/folder.ts'
import { recover } from '../worktree/recover.ts'
import { removeTemporaries } from '../worktree/temporaries.ts'
import { warnOfNothing } from './fetch-more.ts'
import type { OpenOptions, OperationOptions } from './interface.ts'

export const dotName = '.varve'
export const firstBranch = 'main'
const namesPerUpkeep = 20_000

export interface Place {
  readonly store: Store
  readonly root: string | null
  readonly dotDir: string
  readonly gitignore: string | null
  /** Paths that have files here; null: all. */
  readonly filter: PathFilter | null
}

/** For what remotes may keep and lose. */
export function cacheDirOf(place: Place): string {
  return path.join(place.dotDir, 'cache')
}

export async function createPlace(dir: string, options: OpenOptions & { bare?: boolean }): Promise<Place> {
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
  makeDir(dotDir, 0o700)
  const root = options.bare === true ? null : dir
  const disk = await DiskStore.create(dotDir, { firstBranch, upkeep: upkeepOf(root, options) })
  if (root === null) return placeOf(disk, { root: null, dotDir }, options)
  const gitRoot = findGitRoot(dir)
  const ignored = gitRoot === null ? null : ensureIgnored(gitRoot, `${dotName}/`)
  return { ...(await placeOf(disk, { root: dir, dotDir }, options)), gitignore: ignored }
}

export async function findPlace(dir: string, options: OpenOptions): Promise<Place> {
  const opened = async (dotDir: string, root: string | null): Promise<Place> =>
    placeOf(await DiskStore.open(dotDir, { upkeep: upkeepOf(root, options) }), { root, dotDir }, options)
  for (let at = dir; ; at = path.dirname(at)) {
    const dotDir = path.join(at, dotName)
    if (DiskStore.exists(dotDir)) return opened(dotDir, at)
    if (isBare(at)) return opened(at, null)
    if (path.dirname(at) === at) break
  }
  throw noRepository(dir)
}

/** Files that a killed checkout left go along, as far as a short look finds them. */
function upkeepOf(root: string | null, { onUpkeep }: OpenOptions): UpkeepOptions {
  return {
    onStart: (message) => {
      onUpkeep?.(message)
      if (root !== null) removeTemporaries(root, namesPerUpkeep)
    },
  }
}

function noRepository(dir: string): VarveError {
  return new VarveError('VARVE_NO_REPOSITORY', `no repository in '${dir}' or any folder above it`, {
    hint: "make one with 'varve init', or get one with 'varve clone URL'",
  })
}

export interface StorePlace {
  readonly dotDir: string
  /** null for a bare repository. */
  readonly root: string | null
}

/** As findPlace, also where the store is too damaged to be opened. @throws VarveError VARVE_NO_REPOSITORY */
export function findStore(dir: string): StorePlace {
  for (let at = path.resolve(dir); ; at = path.dirname(at)) {
    const dotDir = path.join(at, dotName)
    if (fs.existsSync(path.join(dotDir, 'm'))) return { dotDir, root: at }
    if (isMostlyStore(at)) return { dotDir: at, root: null }
    if (path.dirname(at) === at) throw noRepository(dir)
  }
}

/** One thing may be lost. */
function isMostlyStore(dir: string): boolean {
  const isThere = (name: string): boolean => fs.existsSync(path.join(dir, name))
  return isThere('m') && ['format', 'packs', 'idx'].filter(isThere).length > 1
}

/**
 * Before a file is written for the user: what a repository keeps is not theirs to write over, by whatever way it is named.
 * @throws VarveError VARVE_NOT_POSSIBLE
 */
export function refuseInStore(file: string): void {
  const folder = path.dirname(path.resolve(file))
  for (let at = fs.existsSync(folder) ? fs.realpathSync(folder) : folder; ; at = path.dirname(at)) {
    if (isMostlyStore(at)) {
      throw new VarveError(
        'VARVE_NOT_POSSIBLE',
        `'${file}' lies in '${at}', where a repository keeps its history`,
        {
          data: { path: file, store: at },
          hint: 'name a file outside of that folder',
        },
      )
    }
    if (path.dirname(at) === at) return
  }
}

/** A file of a dataset may be called 'format', too. */
function isBare(dir: string): boolean {
  return DiskStore.exists(dir) && ['m', 'packs', 'idx'].every((name) => fs.existsSync(path.join(dir, name)))
}

/** The store as a clone sees it that may have left things with a remote. */
async function placeOf(
  disk: DiskStore,
  { root, dotDir }: Pick<Place, 'root' | 'dotDir'>,
  { environment, onWarning = () => undefined }: OpenOptions,
): Promise<Place> {
  const opening = { base: root ?? dotDir, cacheDir: path.join(dotDir, 'cache'), environment }
  const store = new PartialStore(disk, (name, manifest) =>
    openSource(
      fetchUrls(manifest, name),
      { ...opening, environment: environmentFor(manifest, name, environment) },
      onWarning,
    ),
  )
  const filter = partialOf(await disk.manifest())?.filter ?? null
  return { store, root, dotDir, gitignore: null, filter }
}

export interface CloneOptions extends OpenOptions, OperationOptions {
  readonly branch?: string
  readonly bare?: boolean
  /** Commits in a row from each branch. */
  readonly depth?: number
  /** Only this revision of the remote: a branch, a tag, an id, 'main~3'. */
  readonly at?: string
  /** Contents of these paths alone; paths from the root, folders, or patterns such as 'images/*.png'. */
  readonly filter?: readonly string[]
  /** Files of so many bytes and more are left with the remote, in all versions, until somebody reads them. */
  readonly limitBytes?: number
  /** Fetches history and path trees; contents when somebody reads them. */
  readonly lazy?: boolean
}

/** Clones into a new folder, or goes on with a clone that was interrupted there. What fails otherwise is removed again. */
export async function clonePlace<T extends { close(): Promise<void> }>(
  url: string,
  dir: string,
  options: CloneOptions,
  open: (place: Place) => T,
): Promise<T> {
  if (options.depth !== undefined) checkDepth(options.depth)
  const partial = partialHow(options)
  const from = absoluteUrl(url, process.cwd())
  const existed = fs.existsSync(dir)
  const begun = existed ? await begunClone(dir, from, options) : null
  let place: Place | null = null
  try {
    place = { ...(begun ?? (await createPlace(dir, options))), filter: partial?.filter ?? null }
    if (begun === null) await note(place.store, from)
    const { environment, signal, onProgress } = options
    const remote = await openRemote(from, { cacheDir: cacheDirOf(place), environment, signal, onProgress })
    try {
      const { at } = options
      const how = { ...options, url: from, partial }
      const cloned =
        at === undefined
          ? await cloneInto(place.store, remote, how)
          : await cloneAt(place.store, remote, { ...how, at })
      if (place.root !== null && cloned.head !== null) await checkOut(place, cloned.head, options)
      else await note(place.store, null)
      if (cloned.head !== null && place.filter !== null)
        await warnOfNothing(createContext(place.store, options), place.filter, cloned.head, options)
      return open(place)
    } finally {
      await remote.close()
    }
  } catch (error) {
    const kept = isInterruption(error) && place !== null && (await place.store.stats()).objects > 0
    await place?.store.close()
    if (kept) throw resumable(error)
    if (begun !== null) throw error
    // Only what this call made is removed: an empty folder that was there stays.
    if (existed)
      for (const name of fs.readdirSync(dir))
        fs.rmSync(path.join(dir, name), { recursive: true, force: true })
    else fs.rmSync(dir, { recursive: true, force: true })
    throw error
  }
}

/** Nobody has worked in the clone yet: what it has is what the remote had. */
function isUntouched({ refs }: Manifest): boolean {
  if (refs.has(indexRef)) return false
  const tracked = new Set([...refs].filter(([ref]) => ref.startsWith(remotePrefix)).map(([, cid]) => cid))
  return [...refs].every(([ref, cid]) => !ref.startsWith(branchPrefix) || tracked.has(cid))
}

function partialHow({ filter, lazy, ...options }: CloneOptions): PartialClone | null {
  const limitBytes = options.limitBytes ?? null
  if (limitBytes !== null && !(Number.isSafeInteger(limitBytes) && limitBytes >= 0))
    throw new TypeError('limitBytes is a number of bytes')
  if (filter === undefined && lazy !== true && limitBytes === null) return null
  const paths = filter === undefined ? null : new PathFilter(filter)
  return { filter: paths, lazy: lazy === true, limitBytes }
}

/** The clone of the same URL that was interrupted in `dir`; null where nothing is. */
async function begunClone(dir: string, url: string, options: CloneOptions): Promise<Place | null> {
  if (fs.readdirSync(dir).length === 0) return null
  const dotDir = options.bare === true ? dir : path.join(dir, dotName)
  if (DiskStore.exists(dotDir)) {
    const store = await DiskStore.open(dotDir)
    const manifest = await store.manifest()
    const root = options.bare === true ? null : dir
    if (manifest.config.get(unfinishedKey) === url && isUntouched(manifest))
      return placeOf(store, { root, dotDir }, options)
    await store.close()
  }
  throw new VarveError('VARVE_NOT_POSSIBLE', `'${dir}' exists already and is not empty`, {
    hint: 'clone into another folder',
  })
}

async function note(store: Store, url: string | null): Promise<void> {
  const operation = { name: 'clone', message: url === null ? 'done' : 'begin', author: '' }
  await store.update(() => ({ config: new Map([[unfinishedKey, url]]), operation }))
}

function resumable(error: unknown): unknown {
  if (!isVarveError(error)) return error
  return new VarveError(error.code, error.message, {
    data: error.data,
    cause: error,
    hint: 'what has come is kept: run the same command again to carry on',
  })
}

async function checkOut(
  place: Place,
  head: Parameters<typeof readCommit>[1],
  options: OpenOptions & OperationOptions,
): Promise<void> {
  const repo = createContext(place.store, options)
  const worktree = { repo, root: place.root!, dotDir: place.dotDir, filter: place.filter }
  // An earlier try may have been cut short amid the files.
  await recover(worktree)
  await move(
    repo,
    worktreeFolder(worktree),
    async () => ({
      refs: new Map(),
      config: new Map([[unfinishedKey, null]]),
      operation: { name: 'clone', message: 'check out' },
      show: (await readCommit(repo.store, head)).tree,
    }),
    options,
  )
}
