// Which commits of a walk touched a path, under the names that it had: newest first it is asked about every commit.
import type { CommitCid } from '../encoding/cid.ts'
import { diffTrees } from '../files/tree-diff.ts'
import { Tree } from '../files/tree.ts'
import { readParents } from '../history/horizon.ts'
import type { Commit } from '../history/interface.ts'
import type { Repo } from './interface.ts'
import { PathOrigins } from './path-origin.ts'

export interface PathHistoryOptions {
  /** Also what the path was called before; default true. */
  readonly follow?: boolean | undefined
  readonly firstParent?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/** Asked about every commit of a walk in its order, it knows under which names each commit has the path. */
export class PathHistory {
  readonly #repo: Repo
  readonly #path: string
  readonly #options: PathHistoryOptions
  readonly #origins: PathOrigins
  /** Of commits that a child has told the path's names of. */
  readonly #names = new Map<CommitCid, Set<string>>()

  constructor(repo: Repo, path: string, options: PathHistoryOptions) {
    this.#repo = repo
    this.#path = path
    this.#options = options
    this.#origins = new PathOrigins(repo.nodes, options)
  }

  /** The path's names here and in the parents if the commit holds there what none of its parents holds; else none. */
  async touchedBy(commit: Commit): Promise<string[]> {
    const names = this.#names.get(commit.cid) ?? new Set([this.#path])
    this.#names.delete(commit.cid)
    const { firstParent } = this.#options
    const parents = await readParents(this.#repo.store, commit, { firstParent })
    const touched = new Set<string>()
    for (const name of names) {
      const { differs, before } = await this.#compared(commit, parents, name)
      if (differs) for (const one of [name, ...before]) touched.add(one)
    }
    return [...touched]
  }

  async #compared(
    commit: Commit,
    parents: readonly Commit[],
    name: string,
  ): Promise<{ differs: boolean; before: readonly string[] }> {
    const before: string[] = []
    const version = await this.#origins.versionIn(commit, name)
    let isSame = false
    for (const parent of parents) {
      const origin = await this.#origins.originIn(parent, commit, version)
      before.push(origin.path)
      const known = this.#names.get(parent.cid)
      if (known === undefined) this.#names.set(parent.cid, new Set([origin.path]))
      else known.add(origin.path)
      if (origin.path === name && !(await this.#differs(parent, commit, name))) isSame = true
    }
    if (parents.length > 0) return { differs: !isSame, before }
    const tree = await Tree.load(this.#repo.nodes, commit.tree)
    for await (const entries of tree.scan({ prefix: name, signal: this.#options.signal }))
      if (entries.length > 0) return { differs: true, before }
    return { differs: false, before }
  }

  async #differs(before: Commit, after: Commit, prefix: string): Promise<boolean> {
    if (before.tree === after.tree) return false
    const [a, b] = [before, after].map(({ tree }) => Tree.load(this.#repo.nodes, tree))
    for await (const differences of diffTrees(await a!, await b!, { prefix, signal: this.#options.signal }))
      if (differences.length > 0) return true
    return false
  }
}
