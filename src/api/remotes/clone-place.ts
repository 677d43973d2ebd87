// A clone: a new folder with what a remote has. One that was interrupted is carried on there by the same command, whether
// history was still coming or its files.
import * as fs from 'node:fs'
import path from 'node:path'
import { VarveError, isVarveError } from '../../base/errors.ts'
import { cloneAt } from '../../remote/clone-at.ts'
import { cloneInto, unfinishedKey } from '../../remote/clone.ts'
import { checkDepth } from '../../remote/deepen.ts'
import { urlKey } from '../../remote/remotes.ts'
import { isInterruption } from '../../remote/receive.ts'
import type { PartialClone } from '../../remote/selection.ts'
import { PathFilter } from '../../files/path-filter.ts'
import { absoluteUrl, openRemote } from '../../remote/transports/open.ts'
import { createContext } from '../../repo/context.ts'
import { move } from '../../repo/move.ts'
import { readCommit } from '../../history/commit.ts'
import { branchPrefix, remotePrefix } from '../../history/refs.ts'
import { indexRef } from '../../repo/interface.ts'
import { DiskStore } from '../../store/disk/store.ts'
import type { Manifest, Store } from '../../store/interface.ts'
import { worktreeFolder } from '../../worktree/folder.ts'
import { notesLeftBehind } from '../../worktree/checkout/note.ts'
import type { Worktree } from '../../worktree/interface.ts'
import { recover } from '../../worktree/checkout/recover.ts'
import { warnOfNothing } from './fetch-more.ts'
import type { OpenOptions, OperationOptions } from '../interface.ts'
import { type Place, cacheDirOf, createPlace, dotName, placeOf } from '../place.ts'

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
  let place = begun
  try {
    // History has come, and its files were being written.
    if (begun !== null && begun.root !== null && (await hasHistory(begun))) {
      await recover(worktreeOf(begun, options))
      return open(begun)
    }
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

/** Whoever works in it brings the files first: a note that is left says that nobody has. */
function isLeftAmidFiles(dotDir: string, { config }: Manifest, url: string): boolean {
  return (
    config.get(urlKey('origin')) === url &&
    notesLeftBehind({ dotDir }).some(({ intent }) => intent?.operation === 'clone')
  )
}

async function hasHistory({ store }: Place): Promise<boolean> {
  return !(await store.manifest()).config.has(unfinishedKey)
}

function worktreeOf({ store, root, dotDir, filter, modes }: Place, options: OpenOptions): Worktree {
  return { repo: createContext(store, options), root: root!, dotDir, filter, modes }
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
    const isBegun = manifest.config.get(unfinishedKey) === url && isUntouched(manifest)
    if (isBegun || isLeftAmidFiles(dotDir, manifest, url)) return placeOf(store, { root, dotDir }, options)
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
    hint: 'what has arrived is kept: run the same command again to continue',
  })
}

async function checkOut(
  place: Place,
  head: Parameters<typeof readCommit>[1],
  options: OpenOptions & OperationOptions,
): Promise<void> {
  const worktree = worktreeOf(place, options)
  const { repo } = worktree
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
