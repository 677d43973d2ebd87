// Which commits of a walk touched a path, under the names that it had: newest first it is asked about every commit.
import { diffTrees } from '../../files/tree-diff.ts'
import { Tree } from '../../files/tree.ts'
import type { CommitGraph, Slot } from '../../history/commit-graph.ts'
import type { Repo } from '../interface.ts'
import { type OriginOptions, type Parent, PathOrigins, type PathVersion, isSameEntry } from './path-origin.ts'

/** Asked about every commit of a walk in its order, it knows under which names each commit has the path. */
export class PathHistory {
  readonly #repo: Repo
  readonly #options: OriginOptions
  readonly #origins: PathOrigins
  /** Shared by all commits of which no child has told another name. */
  readonly #asAsked: ReadonlySet<string>
  /** The path's names in commits for which a child has told others. */
  readonly #names = new Map<Slot, ReadonlySet<string>>()

  constructor(repo: Repo, graph: CommitGraph, path: string, options: OriginOptions) {
    this.#repo = repo
    this.#asAsked = new Set([path])
    this.#options = options
    this.#origins = new PathOrigins(repo.nodes, graph, options)
  }

  /** Whether the commit surely does not touch the path. When it is false, `touchedBy` has to find out. */
  passesOver(slot: Slot): boolean {
    const names = this.#names.get(slot) ?? this.#asAsked
    if (names.size > 1) return false
    const [name] = names
    const parents = this.#origins.twinsOf(slot, name!)
    if (parents === null) return false
    this.#names.delete(slot)
    for (const parent of parents) this.#tell(parent, name!)
    return true
  }

  /** The path's names here and in the parents if the commit holds there what none of its parents holds; else none. */
  async touchedBy(slot: Slot): Promise<string[]> {
    const names = this.#names.get(slot) ?? this.#asAsked
    this.#names.delete(slot)
    const parents = await this.#origins.parentsOf(slot)
    const touched = new Set<string>()
    for (const name of names) {
      const { differs, before } = await this.#compared(slot, parents, name)
      if (differs) for (const one of [name, ...before]) touched.add(one)
    }
    return [...touched]
  }

  async #compared(
    slot: Slot,
    parents: readonly Parent[],
    name: string,
  ): Promise<{ differs: boolean; before: readonly string[] }> {
    const before: string[] = []
    let isSame = false
    let version: PathVersion | null = null
    for (const parent of parents) {
      if (!(await this.#origins.mayDiffer(slot, parent, name))) {
        before.push(name)
        this.#tell(parent.slot, name)
        isSame = true
        continue
      }
      version ??= await this.#origins.versionIn(slot, name)
      const origin = await this.#origins.originIn(parent, slot, version)
      before.push(origin.path)
      this.#tell(parent.slot, origin.path)
      if (origin.path === name && !(await this.#differs(parent.slot, origin, slot, version))) isSame = true
    }
    if (parents.length > 0) return { differs: !isSame, before }
    const tree = await this.#treeOf(slot)
    for await (const entries of tree.scan({ prefix: name, signal: this.#options.signal }))
      if (entries.length > 0) return { differs: true, before }
    return { differs: false, before }
  }

  #tell(parent: Slot, name: string): void {
    const known = this.#names.get(parent)
    if (known?.has(name) === true) return
    if (known !== undefined) this.#names.set(parent, new Set([...known, name]))
    else this.#names.set(parent, this.#asAsked.has(name) ? this.#asAsked : new Set([name]))
  }

  async #differs(parent: Slot, before: PathVersion, slot: Slot, after: PathVersion): Promise<boolean> {
    if (before.entry !== null && after.entry !== null) return !isSameEntry(before.entry, after.entry)
    const [a, b] = [await this.#treeOf(parent), await this.#treeOf(slot)]
    for await (const differences of diffTrees(a, b, { prefix: after.path, signal: this.#options.signal }))
      if (differences.length > 0) return true
    return false
  }

  async #treeOf(slot: Slot): Promise<Tree> {
    return Tree.load(this.#repo.nodes, (await this.#origins.commitOf(slot)).tree)
  }
}
