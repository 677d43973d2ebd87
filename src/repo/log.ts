// History as people read it: newest first, or only the commits that touched a path, under the names that it had. Older
// names of a file or table are followed unless told otherwise; of a folder they are not.
import type { CommitCid } from '../encoding/cid.ts'
import { diffTrees } from '../files/tree-diff.ts'
import { Tree } from '../files/tree.ts'
import { mergeBases, walkCommits } from '../history/ancestry.ts'
import { readParents } from '../history/horizon.ts'
import type { Commit } from '../history/interface.ts'
import { resolveRevision, splitRange } from '../history/revision.ts'
import { peelToCommit } from './head.ts'
import type { Repo } from './interface.ts'
import { PathOrigins } from './path-origin.ts'

export interface LogOptions {
  /** A revision or a range; default HEAD. */
  readonly revision?: string | undefined
  readonly path?: string | undefined
  /** Also what the path was called before; default true. */
  readonly follow?: boolean | undefined
  readonly limit?: number | undefined
  readonly firstParent?: boolean | undefined
  /** From all branches, tags and remote branches. */
  readonly all?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

export async function* log(repo: Repo, options: LogOptions = {}): AsyncGenerator<Commit> {
  const { from, exclude } = await logEnds(repo, options)
  const limit = options.limit ?? Number.POSITIVE_INFINITY
  let count = 0
  if (limit <= 0) return
  const walk = walkCommits(repo.store, from, {
    exclude,
    firstParent: options.firstParent === true,
    signal: options.signal,
  })
  const history = options.path === undefined ? null : new PathHistory(repo, options.path, options)
  for await (const commit of walk) {
    if (history !== null && !(await history.isTouchedBy(commit))) continue
    yield commit
    if (++count >= limit) return
  }
}

export async function logEnds(
  repo: Repo,
  options: Pick<LogOptions, 'revision' | 'all'>,
): Promise<{ from: CommitCid[]; exclude: CommitCid[] }> {
  const manifest = await repo.store.manifest()
  if (options.all === true) {
    const tips = [...manifest.refs].filter(([ref]) => ref.startsWith('refs/') || ref === 'HEAD')
    return { from: await Promise.all(tips.map(([, cid]) => peelToCommit(repo.store, cid))), exclude: [] }
  }
  const range = splitRange(options.revision ?? 'HEAD')
  if (range === null) {
    const { commit } = await resolveRevision(repo.store, options.revision ?? 'HEAD', manifest)
    return { from: [commit], exclude: [] }
  }
  const [a, b] = await Promise.all(
    [range.from, range.to].map(async (name) => (await resolveRevision(repo.store, name, manifest)).commit),
  )
  if (!range.symmetric) return { from: [b!], exclude: [a!] }
  return { from: [a!, b!], exclude: await mergeBases(repo.store, a!, b!) }
}

/** Asked about every commit of a walk in its order, it knows under which names each commit has the path. */
class PathHistory {
  readonly #repo: Repo
  readonly #path: string
  readonly #options: LogOptions
  readonly #origins: PathOrigins
  /** Of commits that a child has told the path's names of. */
  readonly #names = new Map<CommitCid, Set<string>>()

  constructor(repo: Repo, path: string, options: LogOptions) {
    this.#repo = repo
    this.#path = path
    this.#options = options
    this.#origins = new PathOrigins(repo.nodes, options)
  }

  /** A commit touches a path when it holds there what none of its parents holds. */
  async isTouchedBy(commit: Commit): Promise<boolean> {
    const names = this.#names.get(commit.cid) ?? new Set([this.#path])
    this.#names.delete(commit.cid)
    const { firstParent } = this.#options
    const parents = await readParents(this.#repo.store, commit, { firstParent })
    let isTouched = false
    for (const name of names) {
      if (await this.#differsFromAll(commit, parents, name)) isTouched = true
    }
    return isTouched
  }

  async #differsFromAll(commit: Commit, parents: readonly Commit[], name: string): Promise<boolean> {
    const version = await this.#origins.versionIn(commit, name)
    let isSame = false
    for (const parent of parents) {
      const origin = await this.#origins.originIn(parent, commit, version)
      const known = this.#names.get(parent.cid)
      if (known === undefined) this.#names.set(parent.cid, new Set([origin.path]))
      else known.add(origin.path)
      if (origin.path === name && !(await this.#differs(parent, commit, name))) isSame = true
    }
    if (parents.length > 0) return !isSame
    const tree = await Tree.load(this.#repo.nodes, commit.tree)
    for await (const entries of tree.scan({ prefix: name, signal: this.#options.signal }))
      if (entries.length > 0) return true
    return false
  }

  async #differs(before: Commit, after: Commit, prefix: string): Promise<boolean> {
    if (before.tree === after.tree) return false
    const [a, b] = [before, after].map(({ tree }) => Tree.load(this.#repo.nodes, tree))
    for await (const differences of diffTrees(await a!, await b!, { prefix, signal: this.#options.signal }))
      if (differences.length > 0) return true
    return false
  }
}
