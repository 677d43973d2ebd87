// What changed between two trees of Git, by object ids: equal folders are not read. Paths are bytes (see
// git-objects.ts), so any name comes through. A filter keeps to some paths and what lies below them.
import { Lru } from '../base/lru.ts'
import { throwIfAborted } from '../base/errors.ts'
import type { GitSource } from './git-source.ts'
import type { GitTreeEntry, Oid } from './git-objects.ts'

const cacheBytes = 32 << 20
const entryBytes = 200

/** Null: it was not there, or is gone. Never a folder. */
export interface GitChange {
  readonly pathBytes: string
  readonly before: GitTreeEntry | null
  readonly after: GitTreeEntry | null
}

export class TreeChanges {
  readonly #source: GitSource
  readonly #filter: readonly string[]
  readonly #cache = new Lru<Oid, GitTreeEntry[]>(cacheBytes)

  /** `filter` has paths as bytes; when it is empty, all paths are taken. */
  constructor(source: GitSource, filter: readonly string[]) {
    this.#source = source
    this.#filter = filter
  }

  async between(before: Oid | null, after: Oid | null, signal?: AbortSignal): Promise<GitChange[]> {
    const changes: GitChange[] = []
    const open: { prefix: string; before: Oid | null; after: Oid | null }[] = [{ prefix: '', before, after }]
    for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
      throwIfAborted(signal)
      if (pair.before === pair.after) continue
      const [old, now] = [await this.#byName(pair.before), await this.#byName(pair.after)]
      for (const name of new Set([...old.keys(), ...now.keys()])) {
        const pathBytes = pair.prefix + name
        const [was, is] = [old.get(name) ?? null, now.get(name) ?? null]
        if (was?.oid === is?.oid && was?.mode === is?.mode) continue
        const [oldFolder, newFolder] = [folderOf(was), folderOf(is)]
        if ((oldFolder ?? newFolder) !== null && this.#leadsTo(pathBytes)) {
          open.push({ prefix: `${pathBytes}/`, before: oldFolder, after: newFolder })
        }
        const [wasLeaf, isLeaf] = [was !== null && oldFolder === null, is !== null && newFolder === null]
        if ((wasLeaf || isLeaf) && this.takes(pathBytes))
          changes.push({ pathBytes, before: wasLeaf ? was : null, after: isLeaf ? is : null })
      }
    }
    return changes
  }

  /** The entry at `path`, which is given as bytes. */
  async entryAt(tree: Oid, path: string): Promise<GitTreeEntry | null> {
    let entry: GitTreeEntry | null = null
    let folder: Oid | null = tree
    for (const name of path.split('/')) {
      if (folder === null) return null
      entry = (await this.#byName(folder)).get(name) ?? null
      folder = folderOf(entry)
    }
    return entry
  }

  async #byName(tree: Oid | null): Promise<Map<string, GitTreeEntry>> {
    if (tree === null) return new Map()
    let entries = this.#cache.get(tree)
    if (entries === undefined) {
      entries = await this.#source.tree(tree)
      this.#cache.set(tree, entries, entries.length * entryBytes)
    }
    return new Map(entries.map((entry) => [entry.nameBytes, entry]))
  }

  takes(path: string): boolean {
    return this.#filter.length === 0 || this.#filter.some((wanted) => isAtOrBelow(path, wanted))
  }

  #leadsTo(folder: string): boolean {
    return this.takes(folder) || this.#filter.some((wanted) => isAtOrBelow(wanted, folder))
  }
}

function isAtOrBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

function folderOf(entry: GitTreeEntry | null): Oid | null {
  return entry?.mode === 'tree' ? entry.oid : null
}
