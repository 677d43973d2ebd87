// Where a repository lies: 'FOLDER/.varve' under the user's files, or a bare store of its own. Found upwards from any
// folder within, made by init and clone (remotes/clone-place.ts).
import * as fs from 'node:fs'
import path from 'node:path'
import { VarveError, isVarveError } from '../base/errors.ts'
import { bareSystemFailure } from '../base/system-error.ts'
import { branchRef } from '../history/refs.ts'
import { PartialStore } from '../remote/partial-store.ts'
import { environmentFor } from '../remote/remote-settings.ts'
import { fetchUrls } from '../remote/remote-urls.ts'
import { partialOf } from '../remote/selection.ts'
import type { PathFilter } from '../files/path-filter.ts'
import { ensureIgnored, findGitRoot } from '../git/gitignore.ts'
import { makeDir } from '../store/disk/files.ts'
import { tmpPath } from '../store/disk/temporary-name.ts'
import { exists } from '../store/disk/exists.ts'
import { DiskStore, type StoreOptions } from '../store/disk/store.ts'
import type { Store } from '../store/interface.ts'
import { CheckoutStore, mainFolderOf } from '../repo/worktrees/checkout-store.ts'
import { settingOf } from '../repo/worktrees/checkouts.ts'
import { removeTemporaries } from '../worktree/checkout/temporaries.ts'
import { FileModes } from '../worktree/file-modes.ts'
import type { OpenOptions } from './interface.ts'
import { type CheckoutLink, readLink } from './worktrees/link-file.ts'

export const dotName = '.varve'
const firstBranch = 'main'
const namesPerUpkeep = 20_000

export interface Place {
  readonly store: Store
  readonly root: string | null
  readonly dotDir: string
  /** The linked checkout that this is; null: the main one. */
  readonly checkout: string | null
  /** Where relative paths in settings start: the main checkout's folder; null: a bare repository. */
  readonly base: string | null
  readonly gitignore: string | null
  /** Paths that have files here; null: all. */
  readonly filter: PathFilter | null
  readonly modes: FileModes
}

/** The folder for caches of remotes, which may be deleted at any time. */
export function cacheDirOf(place: Place): string {
  return path.join(place.dotDir, 'cache')
}

export interface InitOptions extends OpenOptions {
  readonly bare?: boolean
  /** The first branch's name; default 'main'. */
  readonly branch?: string
}

/** @throws VarveError VARVE_USAGE for what no branch can be called */
export async function createPlace(dir: string, options: InitOptions): Promise<Place> {
  const { branch = firstBranch } = options
  branchRef(branch)
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
  // Before there is a repository, for init is not done again where there is one.
  const gitRoot = root === null ? null : findGitRoot(root)
  const gitignore = gitRoot === null ? null : ensureIgnored(gitRoot, `${dotName}/`)
  try {
    const config = root === null ? undefined : probeModes(dotDir).settings()
    const disk = await DiskStore.create(dotDir, {
      firstBranch: branch,
      config,
      ...storeOptions(root, options),
    })
    return { ...(await placeOf(disk, { root, dotDir }, options)), gitignore }
  } catch (error) {
    throw DiskStore.exists(dotDir) ? afterMaking(error) : error
  }
}

/** Among the store's temporary files, so that nothing is in the way of another try if this one is cut short. */
function probeModes(dotDir: string): FileModes {
  const place = tmpPath(dotDir)
  makeDir(path.dirname(place))
  return FileModes.probe(place)
}

function afterMaking(error: unknown): unknown {
  const fault = isVarveError(error) ? error : bareSystemFailure(error)
  if (fault?.code !== 'VARVE_IO' && fault?.code !== 'VARVE_DISK_FULL') return error
  return new VarveError(fault.code, `the repository is made, but it fails: ${fault.message}`, {
    data: fault.data,
    cause: error,
    hint: `it may not be safe from a power cut; see 'varve status'${fault.hint === undefined ? '' : `\n${fault.hint}`}`,
  })
}

export async function findPlace(dir: string, options: OpenOptions): Promise<Place> {
  const opened = async (dotDir: string, root: string | null): Promise<Place> =>
    placeOf(await DiskStore.open(dotDir, storeOptions(root, options)), { root, dotDir }, options)
  for (let at = dir; ; at = path.dirname(at)) {
    const dotDir = path.join(at, dotName)
    if (DiskStore.exists(dotDir)) return opened(dotDir, at)
    const link = readLink(dotDir)
    if (link !== null) return openLinked(link, at, options)
    if (isBare(at)) return opened(at, null)
    if (path.dirname(at) === at) break
  }
  throw noRepository(dir)
}

/** @throws VarveError VARVE_NO_REPOSITORY, VARVE_REFUSED where the store does not know this folder */
async function openLinked(link: CheckoutLink, root: string, options: OpenOptions): Promise<Place> {
  const place = await openCheckout(link, root, options)
  const known = (await place.store.manifest()).config.get(settingOf(link.name, 'path'))
  if (known === fs.realpathSync(root)) return place
  await place.store.close()
  throw new VarveError(
    'VARVE_REFUSED',
    `'${root}' is not a checkout that the repository at '${link.store}' knows`,
    {
      data: { path: root, store: link.store, known: known ?? null },
      hint:
        known === undefined
          ? "its entry was removed: make a new one with 'varve worktree add', or delete the folder"
          : `if the folder was moved, run 'varve worktree repair ${root}' in the main checkout`,
    },
  )
}

/** The checkout that a folder is or is to be, whether its store knows it or not. */
export async function openCheckout(link: CheckoutLink, root: string, options: OpenOptions): Promise<Place> {
  if (!DiskStore.exists(link.store)) {
    throw new VarveError('VARVE_NO_REPOSITORY', `the repository of this checkout is not at '${link.store}'`, {
      data: { path: root, store: link.store },
      hint: `if it was moved, run 'varve worktree repair ${root}' in its main checkout`,
    })
  }
  const disk = await DiskStore.open(link.store, storeOptions(root, options))
  return placeOf(disk, { root, dotDir: path.join(root, dotName), checkout: link.name }, options)
}

/** Files that a killed checkout left go along, as far as a short look finds them. */
function storeOptions(root: string | null, { onUpkeep, onMoved }: OpenOptions): StoreOptions {
  return {
    onMoved,
    upkeep: {
      onStart: (message) => {
        onUpkeep?.(message)
        if (root !== null) removeTemporaries(root, namesPerUpkeep)
      },
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
    const link = readLink(dotDir)
    if (link !== null) {
      throw new VarveError('VARVE_NOT_POSSIBLE', `'${at}' is a linked checkout`, {
        data: { path: at, store: link.store },
        hint: `run it in the repository itself, whose history is in '${link.store}'`,
      })
    }
    if (isMostlyStore(at)) return { dotDir: at, root: null }
    if (path.dirname(at) === at) throw noRepository(dir)
  }
}

/** Whether this is a store of which at most one part is missing, so that it can be repaired. */
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
        `'${file}' is in '${at}', where a repository keeps its history`,
        {
          data: { path: file, store: at },
          hint: 'name a file outside of that folder',
        },
      )
    }
    if (path.dirname(at) === at) return
  }
}

/** Whether this is a bare repository. A file called 'format' alone proves nothing: a dataset may have one. */
function isBare(dir: string): boolean {
  return DiskStore.exists(dir) && ['m', 'packs', 'idx'].every((name) => exists(path.join(dir, name)))
}

/**
 * The place of a store that is there already; one that may have left things with a remote is opened as a partial
 * clone.
 */
export async function placeOf(
  disk: DiskStore,
  { root, dotDir, checkout = null }: Pick<Place, 'root' | 'dotDir'> & Partial<Pick<Place, 'checkout'>>,
  { environment, onWarning = () => undefined }: OpenOptions,
): Promise<Place> {
  const base = checkout === null ? root : mainFolderOf(disk.location)
  const opening = { base: base ?? dotDir, cacheDir: path.join(dotDir, 'cache'), environment }
  const store = new PartialStore(new CheckoutStore(disk, checkout), async (name, manifest) => {
    const { openSource } = await import('../remote/transports/open.ts')
    const source = { ...opening, environment: environmentFor(manifest, name, environment) }
    return openSource(fetchUrls(manifest, name), source, onWarning)
  })
  const manifest = await disk.manifest()
  const filter = partialOf(manifest)?.filter ?? null
  const modes = FileModes.of(manifest.config)
  return { store, root, dotDir, checkout, base, gitignore: null, filter, modes }
}
