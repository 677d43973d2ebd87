// What a path of a commit was in the commit's parent: the same path, or the one that it was renamed from. A rename is
// guessed (files/renames.ts) where the parent has nothing at the path, and only then; the trees are compared then. Of most
// commits the filters of the commit graph say that they have left the path alone, and nothing of them is read.
import { throwIfAborted } from '../../base/errors.ts'
import type { Path, TreeDifference, TreeEntry } from '../../files/interface.ts'
import { findRenames } from '../../files/renames.ts'
import { diffTrees } from '../../files/tree-diff.ts'
import { pathToBytes } from '../../files/path.ts'
import { Tree } from '../../files/tree.ts'
import { type Probe, mayHold, probeOf } from '../../history/bloom.ts'
import { commitsOfEdge, isKnownOfAll, mayDiffer } from '../../history/changed-paths.ts'
import type { CommitGraph, Slot } from '../../history/commit-graph.ts'
import { readCommit } from '../../history/commit.ts'
import { commitsLeftOut } from '../../history/horizon.ts'
import type { Commit } from '../../history/interface.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import { type RowProbe, mayHoldRow, rowMayDiffer, rowProbeOf } from './changed-rows.ts'

export interface PathVersion {
  readonly path: Path
  /** null: nothing is there, or a folder. */
  readonly entry: TreeEntry | null
}

export interface OriginOptions {
  /** Default true. */
  readonly follow?: boolean | undefined
  readonly firstParent?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/** A parent of a commit: its number among them, and itself. */
export interface Parent {
  readonly number: number
  readonly slot: Slot
}

export class PathOrigins {
  readonly graph: CommitGraph
  readonly #nodes: NodeStore
  readonly #options: OriginOptions
  readonly #probes = new Map<Path, Probe | null>()
  #beyond: ReadonlySet<Slot> | null = null

  /** `graph` is the graph to which the callers' slots belong. */
  constructor(nodes: NodeStore, graph: CommitGraph, options: OriginOptions = {}) {
    this.graph = graph
    this.#nodes = nodes
    this.#options = options
  }

  /** The parents that are here. */
  async parentsOf(slot: Slot): Promise<Parent[]> {
    const { graph } = this
    this.#beyond ??= new Set([...(await commitsLeftOut(this.#nodes.reader))].map((cid) => graph.slotOf(cid)))
    await graph.learn(this.#nodes.reader, [slot])
    const all = [...graph.parentsOf(slot)].map((parent, number) => ({ number, slot: parent }))
    const here = (this.#options.firstParent === true ? all.slice(0, 1) : all).filter(
      (parent) => !this.#beyond!.has(parent.slot),
    )
    await graph.learn(
      this.#nodes.reader,
      here.map((parent) => parent.slot),
    )
    return here
  }

  async commitOf(slot: Slot): Promise<Commit> {
    return readCommit(this.#nodes.reader, this.graph.cidOf(slot))
  }

  /**
   * Its parents, where it is known without waiting for anything that the path, or with `row` that row of it, is in all of
   * them as it is here.
   */
  twinsOf(slot: Slot, path: Path, row: RowProbe | null = null): Uint32Array | null {
    const probe = this.#probeOf(path)
    if (probe === null) return null
    const isSame = (paths: Uint8Array, rows: Uint8Array | null): boolean =>
      !mayHold(paths, probe) || (row !== null && rows !== null && !mayHoldRow(rows, row))
    if (!isKnownOfAll(this.graph, slot, isSame)) return null
    const parents = this.graph.parentsOf(slot)
    return this.#options.firstParent === true ? parents.subarray(0, 1) : parents
  }

  /** false: the path, and all that is below it, is as it is in the parent. */
  async mayDiffer(slot: Slot, parent: Parent, path: Path): Promise<boolean> {
    const probe = this.#probeOf(path)
    // Where nothing is kept, a filter costs more than it saves.
    if (probe === null || this.#nodes.reader.cache === undefined) return true
    return mayDiffer(this.graph, this.#nodes, { slot, parent: parent.number }, probe, this.#options)
  }

  /** false: the row is as it is in the parent. Asked where the path may differ. */
  async rowMayDiffer(slot: Slot, parent: Parent, row: RowProbe): Promise<boolean> {
    if (this.#nodes.reader.cache === undefined) return true
    return rowMayDiffer(this.graph, this.#nodes, { slot, parent: parent.number }, row, this.#options)
  }

  /** false: all these rows of the table are as they are in the parent. */
  async anyRowMayDiffer(
    slot: Slot,
    parent: Parent,
    path: Path,
    keys: readonly Uint8Array[],
  ): Promise<boolean> {
    if (!(await this.mayDiffer(slot, parent, path))) return false
    for (const key of keys) if (await this.rowMayDiffer(slot, parent, rowProbeOf(path, key))) return true
    return false
  }

  /** What to ask the filters for; null when all paths are meant. */
  #probeOf(path: Path): Probe | null {
    let probe = this.#probes.get(path)
    if (probe === undefined) {
      const name = path.replace(/\/+$/, '')
      probe = name === '' ? null : probeOf(pathToBytes(name))
      this.#probes.set(path, probe)
    }
    return probe
  }

  async versionIn(slot: Slot, path: Path): Promise<PathVersion> {
    throwIfAborted(this.#options.signal)
    return this.#versionIn(await this.commitOf(slot), path)
  }

  /** The path's version in a parent of the commit that has this version. */
  async originIn(parent: Parent, slot: Slot, version: PathVersion): Promise<PathVersion> {
    throwIfAborted(this.#options.signal)
    if (!(await this.mayDiffer(slot, parent, version.path))) return version
    const [before, after] = await commitsOfEdge(this.graph, this.#nodes, { slot, parent: parent.number })
    if (before.tree === after.tree) return version
    const same = await this.#versionIn(before, version.path)
    if (same.entry !== null || version.entry === null || this.#options.follow === false) return same
    const differences: TreeDifference[] = []
    const [old, young] = [await this.#treeOf(before), await this.#treeOf(after)]
    for await (const batch of diffTrees(old, young, { signal: this.#options.signal })) {
      // Only what went and what came can be a rename.
      differences.push(...batch.filter((one) => one.before === null || one.after === null))
    }
    const { renames } = await findRenames(this.#nodes.reader, differences, { signal: this.#options.signal })
    const rename = renames.find(({ to }) => to === version.path)
    return rename === undefined ? same : { path: rename.from, entry: rename.before }
  }

  async #versionIn(commit: Commit, path: Path): Promise<PathVersion> {
    return { path, entry: await (await this.#treeOf(commit)).get(path) }
  }

  #treeOf(commit: Commit): Promise<Tree> {
    return Tree.load(this.#nodes, commit.tree)
  }
}

/** Whether a path is the same in every respect. */
export function isSameEntry(a: TreeEntry, b: TreeEntry): boolean {
  const isExecutable = (entry: TreeEntry): boolean => entry.kind !== 'symlink' && entry.executable
  return isSameContent(a, b) && isExecutable(a) === isExecutable(b)
}

/** Whether two versions of a path hold the same bytes or rows, whatever their permissions are. */
export function isSameContent(a: TreeEntry | null, b: TreeEntry | null): boolean {
  if (a === null || b === null) return a === b
  if (a.kind === 'file' && b.kind === 'file') return a.content === b.content
  if (a.kind === 'table' && b.kind === 'table') return a.table === b.table
  if (a.kind !== 'symlink' || b.kind !== 'symlink') return false
  return a.target.length === b.target.length && a.target.every((byte, i) => byte === b.target[i])
}
