// Changes of .dvc files as changes of the files that they stand for: what one version lists and the other does not is
// gone, or new. A .dvc file that is followed does not come in itself.
import { VarveError } from '../../base/errors.ts'
import type { GitSource } from '../git-source.ts'
import type { GitTreeEntry, Oid } from '../git-objects.ts'
import type { GitChange } from '../tree-changes.ts'
import type { DvcCache } from './dvc-cache.ts'
import { type DvcOut, dvcFolder, dvcOuts } from './dvc-file.ts'
import { md5Oid } from './interface.ts'

type Files = ReadonlyMap<string, string>

export class DvcChanges {
  /** Versions of .dvc files that stayed what they are. */
  readonly left: Set<Oid> = new Set()
  readonly #git: GitSource
  readonly #cache: DvcCache
  readonly #allowMissing: boolean
  readonly #known = new Map<Oid, Files | null>()

  constructor(git: GitSource, cache: DvcCache, allowMissing: boolean) {
    this.#git = git
    this.#cache = cache
    this.#allowMissing = allowMissing
  }

  /** @throws VarveError VARVE_NOT_POSSIBLE where bytes are missing */
  async followed(changes: readonly GitChange[]): Promise<GitChange[]> {
    const result: GitChange[] = []
    const made = new Map<string, GitChange>()
    for (const change of changes) {
      const { pathBytes, before, after } = change
      const [old, now] = [await this.#filesOf(pathBytes, before), await this.#filesOf(pathBytes, after)]
      if (old === null && now === null) {
        result.push(change)
        continue
      }
      // As a text it was there, or comes to be there, or neither.
      result.push({ pathBytes, before: null, after: now === null ? after : null })
      const folder = pathBytes.slice(0, pathBytes.lastIndexOf('/') + 1)
      for (const name of old?.keys() ?? [])
        if (now?.has(name) !== true && !made.has(folder + name))
          made.set(folder + name, { pathBytes: folder + name, before: null, after: null })
      for (const [name, md5] of now ?? []) {
        if (old?.get(name) === md5) continue
        const entry: GitTreeEntry = { mode: 'file', nameBytes: name, oid: md5Oid(md5) }
        made.set(folder + name, { pathBytes: folder + name, before: null, after: entry })
      }
    }
    const own = new Set(changes.flatMap(({ pathBytes, after }) => (after === null ? [] : [pathBytes])))
    // What Git itself holds under the name counts.
    return [...result, ...[...made.values()].filter(({ pathBytes }) => !own.has(pathBytes))]
  }

  /** Path as bytes -> MD5; null: it stays the file that it is. */
  async #filesOf(pathBytes: string, entry: GitTreeEntry | null): Promise<Files | null> {
    const isFile = entry?.mode === 'file' || entry?.mode === 'executable'
    if (!isFile || !isDvcPath(pathBytes)) return null
    const known = this.#known.get(entry.oid)
    if (known !== undefined) return known
    const files = await this.#read(pathBytes, entry.oid)
    this.#known.set(entry.oid, files)
    if (files === null) this.left.add(entry.oid)
    return files
  }

  async #read(pathBytes: string, oid: Oid): Promise<Files | null> {
    const outs = dvcOuts(await this.#git.blob(oid))
    if (outs === null) return null
    const files = new Map<string, string>()
    for (const out of outs) {
      for (const { path, md5 } of await this.#filesIn(out, pathBytes)) {
        if (this.#cache.open(md5) === null) {
          if (this.#allowMissing) return null
          throw missing(pathBytes, md5)
        }
        files.set(Buffer.from(path, 'utf8').toString('latin1'), md5)
      }
    }
    return files
  }

  async #filesIn(out: DvcOut, pathBytes: string): Promise<{ path: string; md5: string }[]> {
    if (!out.isFolder) return [out]
    const list = await this.#cache.list(out.md5)
    const files = list === null ? null : dvcFolder(list)
    if (files !== null) return files.map(({ path, md5 }) => ({ path: `${out.path}/${path}`, md5 }))
    // A folder whose list is not there is missed as a whole.
    if (this.#allowMissing) return [{ path: out.path, md5: out.md5 }]
    throw missing(pathBytes, `${out.md5}.dir`)
  }
}

/** Not what DVC keeps for itself in `.dvc`. */
export function isDvcPath(pathBytes: string): boolean {
  return /[^/]\.dvc$/.test(pathBytes) && !/(^|\/)\.dvc\//.test(pathBytes)
}

function missing(pathBytes: string, md5: string): VarveError {
  const path = Buffer.from(pathBytes, 'latin1').toString('utf8')
  return new VarveError('VARVE_NOT_POSSIBLE', `'${path}' stands for '${md5}', which is not in DVC's cache`, {
    data: { path, md5 },
    hint: "run 'dvc fetch --all-commits' there; or keep such .dvc files as they are: --allow-missing",
  })
}
