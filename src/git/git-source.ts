// A Git repository to read from: a folder as it is, or an http(s) URL fetched whole into a temporary folder, which
// goes away with `close`. Objects are read through isomorphic-git, packed or loose.
import fs from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type isomorphicGit from 'isomorphic-git'
import { VarveError, stoppedEarly } from '../base/errors.ts'
import { type ExportMap, readExportMap } from './export-map.ts'
import { type GitFolder, findGitFolder } from './git-folder.ts'
import {
  type GitCommit,
  type GitTreeEntry,
  type Oid,
  parseGitCommit,
  parseGitTag,
  parseGitTree,
} from './git-objects.ts'

type Git = typeof isomorphicGit

/** A tag of the source, with the commit below it; `oid` is the tag object of an annotated one. */
export interface SourceTag {
  readonly name: string
  readonly oid: Oid
}

export class GitSource {
  readonly #git: Git
  readonly #folder: GitFolder
  readonly #temporary: string | null
  // Holds pack indexes and packs between reads; isomorphic-git fills it.
  readonly #cache: object = {}

  private constructor(git: Git, folder: GitFolder, temporary: string | null) {
    this.#git = git
    this.#folder = folder
    this.#temporary = temporary
  }

  /** @throws VarveError VARVE_UNREACHABLE, VARVE_NOT_POSSIBLE */
  static async open(source: string, signal?: AbortSignal): Promise<GitSource> {
    const git = (await import('isomorphic-git')).default
    if (/^https?:\/\//i.test(source)) return GitSource.#fetched(git, source, signal)
    if (/^[a-z][a-z0-9+.-]+:\/\//i.test(source) && !source.startsWith('file://')) throw unreachable(source)
    const folder = source.startsWith('file://') ? folderOf(source) : source
    if (!fs.existsSync(folder) && /^[^/\\]{2,}:/.test(source)) throw unreachable(source)
    return new GitSource(git, findGitFolder(path.resolve(folder)), null)
  }

  static async #fetched(git: Git, url: string, signal: AbortSignal | undefined): Promise<GitSource> {
    const client = (await import('isomorphic-git/http/node')).default
    const gitdir = fs.mkdtempSync(path.join(os.tmpdir(), 'varve-git-'))
    // Node's own agent ends a connection after five idle seconds; a server that packs takes longer.
    const agent = new (url.startsWith('https:') ? https : http).Agent({ keepAlive: true })
    type Request = Parameters<typeof client.request>[0]
    const request = async (options: Request): ReturnType<typeof client.request> => {
      if (signal?.aborted === true) throw new VarveError('VARVE_ABORTED', stoppedEarly)
      return client.request({ ...options, agent } as Request)
    }
    try {
      await git.init({ fs, gitdir, bare: true })
      await git.addRemote({ fs, gitdir, remote: 'origin', url })
      const fetched = await git.fetch({ fs, gitdir, http: { request }, remote: 'origin', tags: true })
      const head = fetched.defaultBranch?.replace('refs/heads/', 'refs/remotes/origin/')
      if (head !== undefined) fs.writeFileSync(path.join(gitdir, 'HEAD'), `ref: ${head}\n`)
      return new GitSource(git, { common: gitdir, own: gitdir }, gitdir)
    } catch (cause) {
      fs.rmSync(gitdir, { recursive: true, force: true })
      if (cause instanceof VarveError) throw cause
      throw new VarveError('VARVE_UNREACHABLE', `cannot fetch '${withoutUser(url)}': ${reasonOf(cause)}`, {
        cause,
        hint: 'check the URL; for private repositories clone it with git and import the folder',
      })
    } finally {
      agent.destroy()
    }
  }

  /** The commit a name stands for: 'HEAD', a branch, a tag, or an id. @throws VarveError VARVE_REF_NOT_FOUND */
  async resolve(revision: string): Promise<Oid> {
    const { common, own } = this.#folder
    const name =
      revision === 'HEAD'
        ? fs
            .readFileSync(path.join(own, 'HEAD'), 'utf8')
            .trim()
            .replace(/^ref: /, '')
        : revision
    for (const ref of [name, `refs/remotes/origin/${name}`]) {
      const oid = await this.#git.resolveRef({ fs, gitdir: common, ref }).catch(() => null)
      if (oid !== null) return this.peel(oid)
    }
    try {
      return await this.peel(await this.#git.expandOid({ fs, gitdir: common, oid: name, cache: this.#cache }))
    } catch (cause) {
      throw new VarveError('VARVE_REF_NOT_FOUND', `the Git repository has no commit '${revision}'`, {
        data: { revision },
        hint: 'name a branch, a tag or a commit id of it',
        cause,
      })
    }
  }

  /** The folder beside whose objects Git LFS keeps its own. */
  get folder(): string {
    return this.#folder.common
  }

  /** The folder of the working files; for a bare repository its own folder. */
  get root(): string {
    const { common } = this.#folder
    return path.basename(common) === '.git' ? path.dirname(common) : common
  }

  /** The commits of Varve that `export git` has written into this repository. */
  exported(): ExportMap {
    return readExportMap(this.#folder.common)
  }

  async commit(oid: Oid): Promise<GitCommit> {
    return parseGitCommit(oid, await this.#read(oid, 'commit'))
  }

  async tree(oid: Oid): Promise<GitTreeEntry[]> {
    return parseGitTree(oid, await this.#read(oid, 'tree'))
  }

  async blob(oid: Oid): Promise<Uint8Array> {
    return this.#read(oid, 'blob')
  }

  /** What a full name of a ref names; null: it is not there. */
  async ref(name: string): Promise<Oid | null> {
    return this.#git.resolveRef({ fs, gitdir: this.#folder.common, ref: name }).catch(() => null)
  }

  /** Full names of branches and tags. */
  async refs(): Promise<string[]> {
    const { common: gitdir } = this.#folder
    const [branches, tags] = [
      await this.#git.listBranches({ fs, gitdir }),
      await this.#git.listTags({ fs, gitdir }),
    ]
    return [...branches.map((name) => `refs/heads/${name}`), ...tags.map((name) => `refs/tags/${name}`)]
  }

  async tags(): Promise<SourceTag[]> {
    const names = await this.#git.listTags({ fs, gitdir: this.#folder.common })
    const tags = names.map(async (name) => {
      const oid = await this.#git.resolveRef({ fs, gitdir: this.#folder.common, ref: `refs/tags/${name}` })
      return { name, oid }
    })
    return Promise.all(tags)
  }

  /** The tag object, or null when `oid` is something else. */
  async tag(oid: Oid): Promise<ReturnType<typeof parseGitTag> | null> {
    const { type, object } = await this.#object(oid)
    return type === 'tag' ? parseGitTag(oid, object) : null
  }

  /** The commit that an annotated tag, or a tag of tags, stands for. */
  async peel(oid: Oid): Promise<Oid> {
    let at = oid
    for (let depth = 0; depth < 16; depth++) {
      const { type, object } = await this.#object(at)
      if (type === 'commit') return at
      if (type !== 'tag') break
      at = parseGitTag(at, object).target
    }
    throw new VarveError('VARVE_REF_NOT_FOUND', `'${oid}' is not a commit of the Git repository`, {
      hint: "name a branch, a tag or a commit: 'git log --oneline' lists commits there",
    })
  }

  async close(): Promise<void> {
    if (this.#temporary !== null) await fs.promises.rm(this.#temporary, { recursive: true, force: true })
  }

  async #read(oid: Oid, wanted: string): Promise<Uint8Array> {
    const { type, object } = await this.#object(oid)
    if (type === wanted) return object
    throw new VarveError('VARVE_CORRUPT', `Git object '${oid}' is a ${type}, not a ${wanted}`, {
      data: { oid },
    })
  }

  async #object(oid: Oid): Promise<{ type: string; object: Uint8Array }> {
    try {
      const options = { fs, gitdir: this.#folder.common, oid, format: 'content', cache: this.#cache } as const
      const { type, object } = await this.#git.readObject(options)
      return { type, object: object as Uint8Array }
    } catch (cause) {
      const hint = "run 'git fsck' in the Git repository"
      if ((cause as { code?: string }).code === 'NotFoundError')
        throw new VarveError('VARVE_OBJECT_MISSING', `Git object '${oid}' is missing`, {
          data: { oid },
          cause,
          hint,
        })
      throw new VarveError('VARVE_CORRUPT', `Git object '${oid}' is damaged: ${reasonOf(cause)}`, {
        data: { oid },
        cause,
        hint,
      })
    }
  }
}

/** What it calls an internal error is one of the repository that it reads. */
function reasonOf(cause: unknown): string {
  const { code, data, message } = cause as Error & { code?: string; data?: { message?: string } }
  return (code === 'InternalError' ? data?.message : null) ?? message
}

export function withoutUser(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, '$1')
}

function folderOf(url: string): string {
  try {
    return fileURLToPath(url)
  } catch {
    throw unreachable(url)
  }
}

function unreachable(source: string): VarveError {
  return new VarveError('VARVE_UNREACHABLE', `cannot read a Git repository at '${withoutUser(source)}'`, {
    hint: 'name a folder or an http(s) URL; for others clone it with git and import the folder',
  })
}
