// Which commits of a walk touched what a selection of paths stands for. Unlike of one path (path-history.ts) no older names
// are followed: as in Git a pattern has none.
import { PathSelection } from '../../files/path-selection.ts'
import type { NamedPath } from '../../files/pathspec.ts'
import { selectedDiffers } from '../../files/tree-diff.ts'
import { scanSelected } from '../../files/scan-selected.ts'
import { Tree } from '../../files/tree.ts'
import type { CommitCid } from '../../encoding/cid.ts'
import { type CommitGraph, type Slot, graphOf } from '../../history/commit-graph.ts'
import type { ReadOptions } from '../../store/interface.ts'
import type { Repo } from '../interface.ts'
import { type OriginOptions, type Parent, PathOrigins } from './path-origin.ts'

export class SelectionHistory {
  readonly #repo: Repo
  readonly #selection: PathSelection
  readonly #origins: PathOrigins
  readonly #options: ReadOptions

  constructor(repo: Repo, graph: CommitGraph, selection: PathSelection, options: OriginOptions) {
    this.#repo = repo
    this.#selection = selection
    this.#origins = new PathOrigins(repo.nodes, graph, options)
    this.#options = { signal: options.signal }
  }

  /** Whether the commit surely touches none of it, which is known without reading anything. */
  passesOver(slot: Slot): boolean {
    const { starts } = this.#selection
    return !starts.includes('') && starts.every((start) => this.#origins.twinsOf(slot, start) !== null)
  }

  /** Whether the commit holds of it what none of its parents holds. */
  async isTouchedBy(slot: Slot): Promise<boolean> {
    const parents = await this.#origins.parentsOf(slot)
    for (const parent of parents) if (!(await this.#differs(slot, parent))) return false
    return parents.length > 0 || this.#isAnyIn(slot)
  }

  async #differs(slot: Slot, parent: Parent): Promise<boolean> {
    if (!(await this.#mayDiffer(slot, parent))) return false
    const [before, after] = [await this.#treeOf(parent.slot), await this.#treeOf(slot)]
    return selectedDiffers(before, after, this.#selection, this.#options)
  }

  async #mayDiffer(slot: Slot, parent: Parent): Promise<boolean> {
    for (const start of this.#selection.starts)
      if (start === '' || (await this.#origins.mayDiffer(slot, parent, start))) return true
    return false
  }

  async #isAnyIn(slot: Slot): Promise<boolean> {
    for await (const entries of scanSelected(await this.#treeOf(slot), this.#selection, this.#options))
      if (entries.length > 0) return true
    return false
  }

  async #treeOf(slot: Slot): Promise<Tree> {
    return Tree.load(this.#repo.nodes, (await this.#origins.commitOf(slot)).tree)
  }
}

/** Answers for single commits whether they touched what the paths stand for. */
export function touching(
  repo: Repo,
  paths: readonly NamedPath[],
  options: ReadOptions = {},
): (commit: CommitCid) => Promise<boolean> {
  const graph = graphOf(repo.store, { whole: true })
  const history = new SelectionHistory(repo, graph, new PathSelection(paths), options)
  return async (commit) => {
    const slot = graph.slotOf(commit)
    await graph.learn(repo.store, [slot])
    return !history.passesOver(slot) && history.isTouchedBy(slot)
  }
}
