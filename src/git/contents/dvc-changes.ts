// Changes of DVC's files as changes of the files that they stand for: what one version lists and the other does not is gone,
// or new. A .dvc file that is followed does not come in itself; a dvc.lock does, for it says more.
import { VarveError } from '../../base/errors.ts'
import type { GitSource } from '../git-source.ts'
import type { GitTreeEntry, Oid } from '../git-objects.ts'
import type { GitChange } from '../tree-changes.ts'
import type { DvcCache } from './dvc-cache.ts'
import { type DvcOut, dvcFolder, dvcOuts, lockedOuts } from './dvc-file.ts'
import { md5Oid } from './interface.ts'

/** Path as bytes -> MD5. */
type Files = ReadonlyMap<string, string>

/** Looks a path up in one version of Git's files; null: there is no such version. */
export type EntryAt = ((pathBytes: string) => Promise<GitTreeEntry | null>) | null

export class DvcChanges {
  /** Versions of DVC's files that stayed what they are. */
  readonly left: Set<Oid> = new Set()
  readonly #git: GitSource
  readonly #cache: DvcCache
  readonly #allowMissing: boolean
  readonly #known = new Map<string, Files | null>()

  constructor(git: GitSource, cache: DvcCache, allowMissing: boolean) {
    this.#git = git
    this.#cache = cache
    this.#allowMissing = allowMissing
  }

  /** @throws VarveError VARVE_NOT_POSSIBLE where bytes are missing */
  async followed(changes: readonly GitChange[], atBefore: EntryAt, atAfter: EntryAt): Promise<GitChange[]> {
    const result: GitChange[] = []
    const made = new Map<string, GitChange>()
    for (const change of changes) {
      const { pathBytes, before, after } = change
      const old = await this.#filesOf(pathBytes, before, atBefore)
      const now = await this.#filesOf(pathBytes, after, atAfter)
      // As a text it was there, or comes to be there, or neither.
      const stays = now === null || isLock(pathBytes)
      result.push(old === null && stays ? change : { pathBytes, before: null, after: stays ? after : null })
      for (const name of old?.keys() ?? [])
        if (now?.has(name) !== true && !made.has(name))
          made.set(name, { pathBytes: name, before: null, after: null })
      for (const [name, md5] of now ?? []) {
        if (old?.get(name) === md5) continue
        const entry: GitTreeEntry = {
          mode: 'file',
          nameBytes: name.slice(name.lastIndexOf('/') + 1),
          oid: md5Oid(md5),
        }
        made.set(name, { pathBytes: name, before: null, after: entry })
      }
    }
    const own = new Set(changes.flatMap(({ pathBytes, after }) => (after === null ? [] : [pathBytes])))
    // What Git itself holds under the name counts.
    return [...result, ...[...made.values()].filter(({ pathBytes }) => !own.has(pathBytes))]
  }

  /** The files that a .dvc file stands for; null when it stays the file that it is. */
  async #filesOf(pathBytes: string, entry: GitTreeEntry | null, at: EntryAt): Promise<Files | null> {
    const isFile = entry?.mode === 'file' || entry?.mode === 'executable'
    if (!isFile || !isDvcPath(pathBytes)) return null
    this.#cache.near(pathBytes)
    const folder = pathBytes.slice(0, pathBytes.lastIndexOf('/') + 1)
    const pipeline = isLock(pathBytes) ? ((await at?.(`${folder}dvc.yaml`)) ?? null) : null
    const outs = async (): Promise<DvcOut[] | null> => {
      const bytes = await this.#git.blob(entry.oid)
      if (!isLock(pathBytes)) return dvcOuts(bytes, folder)
      const yaml = pipeline === null || pipeline.mode === 'tree' ? null : await this.#git.blob(pipeline.oid)
      const all = lockedOuts(bytes, yaml, folder)
      // Outputs that DVC does not keep are Git's.
      const isGits = await Promise.all((all ?? []).map(async (out) => (await at?.(out.pathBytes)) ?? null))
      return all?.filter((_, i) => isGits[i] === null) ?? null
    }
    // What a lock stands for depends on what is beside it.
    if (isLock(pathBytes)) return this.#leftOr(entry.oid, await this.#read(await outs(), pathBytes))
    const name = `${folder} ${entry.oid}`
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const files = this.#leftOr(entry.oid, await this.#read(await outs(), pathBytes))
    this.#known.set(name, files)
    return files
  }

  #leftOr(oid: Oid, files: Files | null): Files | null {
    if (files === null) this.left.add(oid)
    return files
  }

  async #read(outs: readonly DvcOut[] | null, pathBytes: string): Promise<Files | null> {
    if (outs === null) return null
    const files = new Map<string, string>()
    for (const out of outs) {
      for (const file of await this.#filesIn(out, pathBytes)) {
        if (this.#cache.open(file.md5) === null) {
          if (this.#allowMissing) return null
          throw missing(pathBytes, file.md5)
        }
        files.set(file.pathBytes, file.md5)
      }
    }
    return files
  }

  async #filesIn(out: DvcOut, pathBytes: string): Promise<readonly DvcOut[]> {
    if (!out.isFolder) return [out]
    const list = await this.#cache.list(out.md5)
    const files = list === null ? null : dvcFolder(list, out.pathBytes)
    if (files !== null) return files
    // A folder whose list is not there is missed as a whole.
    if (this.#allowMissing) return [out]
    throw missing(pathBytes, `${out.md5}.dir`)
  }
}

/** Whether it is a .dvc file, and not one that DVC keeps for itself in `.dvc`. */
export function isDvcPath(pathBytes: string): boolean {
  return (/[^/]\.dvc$/.test(pathBytes) && !/(^|\/)\.dvc\//.test(pathBytes)) || isLock(pathBytes)
}

function isLock(pathBytes: string): boolean {
  return /(^|\/)dvc\.lock$/.test(pathBytes)
}

function missing(pathBytes: string, md5: string): VarveError {
  const path = Buffer.from(pathBytes, 'latin1').toString('utf8')
  return new VarveError('VARVE_NOT_POSSIBLE', `'${path}' points to '${md5}', which is not in DVC's cache`, {
    data: { path, md5 },
    hint: "run 'dvc fetch --all-commits' there; or keep such files as they are: --allow-missing",
  })
}
