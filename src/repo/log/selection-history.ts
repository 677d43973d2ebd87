// Which commits of a walk touched what a selection of paths stands for. Unlike of one path (path-history.ts) no older names
// are followed: as in Git a pattern has none.
import type { PathSelection } from '../../files/path-selection.ts'
import { selectedDiffers } from '../../files/tree-diff.ts'
import { scanSelected } from '../../files/scan-selected.ts'
import { Tree } from '../../files/tree.ts'
import type { CommitGraph, Slot } from '../../history/commit-graph.ts'
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
