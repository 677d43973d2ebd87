// The repositories that a server has, by name: folders that were named when it was started, and those that lie directly
// below a folder that was named. A name is one plain component, so no request can lead anywhere else. A store is opened
// when it is asked for, and stays open as long as it is among those that were asked for last.
import fs from 'node:fs'
import path from 'node:path'
import { DataRepository } from '../api/data-repository.ts'
import { VarveError, isVarveError } from '../base/errors.ts'
import { DiskStore } from '../store/disk/store.ts'
import type { Store } from '../store/interface.ts'
import { noRepository } from './access/authorize.ts'
import { PublicStore } from './public-store.ts'

/** Objects that each open repository keeps in memory. */
const cacheBytes = 8 << 20
/** Each keeps up to 40 MiB of what was read last. */
const openMax = 128
const dotName = '.varve'
const namePattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/

export interface ServedRepository {
  readonly name: string
  readonly store: DiskStore
  /** What the world may see of it: branches and tags, nothing of settings or of a working folder. */
  readonly view: Store
  readonly data: DataRepository
}

export class Repositories {
  /** Folder of the store by name, of those that were named themselves. */
  readonly #named = new Map<string, string>()
  /** Folders whose subfolders are repositories. */
  readonly #roots: string[] = []
  readonly #open = new Map<string, Promise<ServedRepository>>()

  /** `fixed`: one store under a name of our choice. @throws VarveError VARVE_NO_REPOSITORY, VARVE_USAGE */
  constructor(dirs: readonly string[], fixed?: { readonly name: string; readonly dir: string }) {
    if (fixed !== undefined) this.#named.set(fixed.name, fixed.dir)
    for (const given of dirs) {
      const dir = path.resolve(given)
      const store = storeIn(dir)
      if (store !== null) this.#name(path.basename(dir), store)
      else if (fs.statSync(dir, { throwIfNoEntry: false })?.isDirectory() === true) this.#roots.push(dir)
      else
        throw new VarveError('VARVE_NO_REPOSITORY', `no such folder: '${given}'`, {
          data: { path: dir },
          hint: 'name a repository, or a folder of repositories',
        })
    }
  }

  /** The folders that no answer may name. */
  get folders(): readonly string[] {
    return [...this.#named.values(), ...this.#roots]
  }

  names(): string[] {
    const names = new Set(this.#named.keys())
    for (const root of this.#roots) {
      for (const entry of fs.readdirSync(root, { withFileTypes: true }))
        if (isName(entry.name) && storeIn(path.join(root, entry.name)) !== null) names.add(entry.name)
    }
    return [...names].sort()
  }

  /** @throws VarveError VARVE_NO_REPOSITORY */
  async open(name: string): Promise<ServedRepository> {
    let opened = this.#open.get(name)
    // The one that was asked for last stands last.
    this.#open.delete(name)
    if (opened === undefined) {
      const dir = this.#find(name)
      if (dir === null) throw noRepository(name)
      opened = openServed(name, dir)
    }
    this.#open.set(name, opened)
    // Not closed: requests under way may go on with it, and an idle store holds nothing but memory.
    if (this.#open.size > openMax) this.#open.delete(this.#open.keys().next().value!)
    try {
      return await opened
    } catch (error) {
      this.#open.delete(name)
      throw isVarveError(error, 'VARVE_NO_REPOSITORY') ? noRepository(name) : error
    }
  }

  /** A new bare repository, below the first folder that holds repositories. @throws VarveError VARVE_NOT_POSSIBLE */
  async create(name: string): Promise<void> {
    const store = await DiskStore.create(this.placeFor(name))
    await store.close()
  }

  /** Where a new repository would lie. @throws VarveError VARVE_NOT_POSSIBLE, VARVE_USAGE where none can */
  placeFor(name: string): string {
    const root = this.#roots[0]
    if (!isName(name)) throw badName(name)
    if (root === undefined) {
      throw new VarveError('VARVE_NOT_POSSIBLE', 'this server has no folder for new repositories', {
        hint: "start 'varve serve' with a folder of repositories",
      })
    }
    const dir = path.join(root, name)
    if (this.#find(name) !== null || !DiskStore.isFree(dir)) {
      throw new VarveError('VARVE_NOT_POSSIBLE', `there is a repository '${name}' already`, {
        data: { repository: name },
        hint: 'choose another name, or push to that one',
      })
    }
    return dir
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#open.values())
    this.#open.clear()
    for (const one of opened) if (one.status === 'fulfilled') await one.value.store.close()
  }

  #name(name: string, dir: string): void {
    if (!isName(name)) throw badName(name)
    if (this.#named.has(name)) {
      throw new VarveError('VARVE_USAGE', `two repositories are called '${name}'`, {
        hint: 'name the folder that contains them instead, or rename one',
      })
    }
    this.#named.set(name, dir)
  }

  #find(name: string): string | null {
    if (!isName(name)) return null
    const named = this.#named.get(name)
    if (named !== undefined) return named
    for (const root of this.#roots) {
      const dir = storeIn(path.join(root, name))
      if (dir !== null) return dir
    }
    return null
  }
}

async function openServed(name: string, dir: string): Promise<ServedRepository> {
  const store = await DiskStore.open(dir, { cacheBytes, upkeep: {} })
  const view = new PublicStore(store)
  return { name, store, view, data: DataRepository.over(view) }
}

/** The folder of the store: itself where it is bare, else the one below the files. */
function storeIn(dir: string): string | null {
  return [path.join(dir, dotName), dir].find((candidate) => DiskStore.exists(candidate)) ?? null
}

function isName(name: string): boolean {
  return namePattern.test(name) && !name.endsWith('.')
}

function badName(name: string): VarveError {
  return new VarveError('VARVE_USAGE', `not a name for a repository: ${JSON.stringify(name.slice(0, 100))}`, {
    hint: "use letters, digits, '.', '_' and '-', at most 100",
  })
}
