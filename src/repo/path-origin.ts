// What a path of a commit was in the commit's parent: the same path, or the one that it was renamed from. A rename is
// guessed (files/renames.ts) where the parent has nothing at the path, and only then; the trees are compared then.
import { throwIfAborted } from '../base/errors.ts'
import type { Path, TreeDifference, TreeEntry } from '../files/interface.ts'
import { findRenames } from '../files/renames.ts'
import { diffTrees } from '../files/tree-diff.ts'
import { Tree } from '../files/tree.ts'
import type { Commit } from '../history/interface.ts'
import type { NodeStore } from '../prolly/node-store.ts'

export interface PathVersion {
  readonly path: Path
  /** null: nothing is there, or a folder. */
  readonly entry: TreeEntry | null
}

export interface OriginOptions {
  /** Default true. */
  readonly follow?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

export class PathOrigins {
  readonly #nodes: NodeStore
  readonly #options: OriginOptions

  constructor(nodes: NodeStore, options: OriginOptions = {}) {
    this.#nodes = nodes
    this.#options = options
  }

  async versionIn(commit: Commit, path: Path): Promise<PathVersion> {
    throwIfAborted(this.#options.signal)
    return { path, entry: await (await this.#treeOf(commit)).get(path) }
  }

  /** In `parent`, a parent of `commit`. */
  async originIn(parent: Commit, commit: Commit, version: PathVersion): Promise<PathVersion> {
    if (parent.tree === commit.tree) return version
    const same = await this.versionIn(parent, version.path)
    if (same.entry !== null || version.entry === null || this.#options.follow === false) return same
    const [before, after] = await Promise.all([this.#treeOf(parent), this.#treeOf(commit)])
    const differences: TreeDifference[] = []
    for await (const batch of diffTrees(before, after, { signal: this.#options.signal })) {
      // Only what went and what came can be a rename.
      differences.push(...batch.filter((one) => one.before === null || one.after === null))
    }
    const { renames } = await findRenames(this.#nodes.reader, differences, { signal: this.#options.signal })
    const rename = renames.find(({ to }) => to === version.path)
    return rename === undefined ? same : { path: rename.from, entry: rename.before }
  }

  #treeOf(commit: Commit): Promise<Tree> {
    return Tree.load(this.#nodes, commit.tree)
  }
}

/** Whether two versions of a path hold the same bytes or rows, whatever their permissions are. */
export function isSameContent(a: TreeEntry | null, b: TreeEntry | null): boolean {
  if (a === null || b === null) return a === b
  if (a.kind === 'file' && b.kind === 'file') return a.content === b.content
  if (a.kind === 'table' && b.kind === 'table') return a.table === b.table
  if (a.kind !== 'symlink' || b.kind !== 'symlink') return false
  return a.target.length === b.target.length && a.target.every((byte, i) => byte === b.target[i])
}
