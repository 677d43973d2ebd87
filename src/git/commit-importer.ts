// One commit of Git into one of ours: the first parent's tree with what Git says has changed since. Under a path
// filter a commit that changes nothing of it is left out, and its children hang on to what it stood for.
import type { CommitCid } from '../encoding/cid.ts'
import { pathFault, pathFromBytes } from '../files/path.ts'
import { Tree } from '../files/tree.ts'
import type { TreeEntry } from '../files/interface.ts'
import { isAncestor } from '../history/ancestry.ts'
import { writeCommit } from '../history/commit.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import type { ObjectWriter } from '../store/interface.ts'
import { parseConfig } from '../dataset/config.ts'
import { type DatasetConfig, configFileName } from '../dataset/interface.ts'
import { isVarveError } from '../base/errors.ts'
import { EntryWriter } from './entry-writer.ts'
import type { GitContents } from './contents/git-contents.ts'
import { type ImportChoice, type Imported, type ImportedMap, extraOf } from './git-order.ts'
import type { GitCommit, Oid } from './git-objects.ts'
import type { GitSource } from './git-source.ts'
import { type GitChange, TreeChanges } from './tree-changes.ts'

export interface ImportMeans {
  readonly git: GitSource
  readonly writer: ObjectWriter
  readonly nodes: NodeStore
  readonly choice: ImportChoice
  readonly contents: GitContents
}

export class CommitImporter {
  readonly entries: EntryWriter
  /** Written so far. */
  commits = 0
  readonly #git: GitSource
  readonly #writer: ObjectWriter
  readonly #nodes: NodeStore
  readonly #choice: ImportChoice
  readonly #contents: GitContents
  readonly #imported: ImportedMap
  readonly #changes: TreeChanges
  readonly #trees = new Map<Oid, Oid>()
  readonly #configs = new Map<Oid, DatasetConfig | null>()

  constructor({ git, writer, nodes, choice, contents }: ImportMeans, imported: ImportedMap) {
    this.#git = git
    this.#writer = writer
    this.#nodes = nodes
    this.#choice = choice
    this.#contents = contents
    this.#imported = imported
    this.#changes = new TreeChanges(git, choice.paths)
    this.entries = new EntryWriter(git, contents, writer, nodes)
  }

  /** Imports a commit whose parents were imported before. */
  async add(commit: GitCommit, signal?: AbortSignal): Promise<void> {
    this.#trees.set(commit.oid, commit.tree)
    const parents = await this.#parentsOf(commit)
    const first = this.#imported.get(commit.parents[0] ?? '') ?? null
    const tree = await this.#treeOf(commit, first, signal)
    const isFiltered = this.#choice.paths.length > 0
    if (isFiltered && parents.length === 0 && tree.count === 0) {
      this.#imported.set(commit.oid, null)
      return
    }
    if (isFiltered && parents.length === 1 && parents[0]!.tree === tree.cid) {
      this.#imported.set(commit.oid, parents[0]!)
      return
    }
    const generation = 1 + Math.max(0, ...parents.map((parent) => parent.generation))
    const cid = writeCommit(this.#writer, {
      tree: tree.cid,
      parents: parents.map((parent) => parent.cid),
      author: commit.author,
      committer: commit.committer,
      message: commit.message,
      generation,
      extra: extraOf(commit.oid, this.#choice),
    })
    this.commits++
    this.#imported.set(commit.oid, { cid, tree: tree.cid, generation })
    await this.#writer.drained()
  }

  async #treeOf(commit: GitCommit, first: Imported | null, signal: AbortSignal | undefined): Promise<Tree> {
    const before =
      first === null ? Tree.empty(this.#nodes, this.#writer) : await Tree.load(this.#nodes, first.tree)
    const gitBefore = first === null ? null : await this.#treeOid(commit.parents[0]!)
    const config = await this.#configOf(commit.tree)
    const changes = await this.#changes.between(gitBefore, commit.tree, signal)
    const oldConfig = gitBefore === null ? null : await this.#configOf(gitBefore)
    if (gitBefore !== null && config !== oldConfig)
      await this.#addRetracked(changes, commit.tree, oldConfig, config)
    const previous = async (path: string): Promise<TreeEntry | null> => before.get(path)
    const at = (root: Oid) => async (name: string) => this.#changes.entryAt(root, name)
    const atBefore = gitBefore === null ? null : at(gitBefore)
    const wanted = await this.#contents.changes(changes, atBefore, at(commit.tree))
    return before.update(this.#writer, await this.entries.entries(wanted, config, previous), { signal })
  }

  /** Files that did not change, but become tables, or stop being tables, because varve.yaml changed. */
  async #addRetracked(
    changes: GitChange[],
    tree: Oid,
    before: DatasetConfig | null,
    after: DatasetConfig | null,
  ): Promise<void> {
    const changed = new Set(changes.map((change) => change.pathBytes))
    for (const change of await this.#changes.between(null, tree)) {
      const path = pathFromBytes(Buffer.from(change.pathBytes, 'latin1'))
      if (changed.has(change.pathBytes) || pathFault(path) !== null) continue
      const settings = [before, after].map((config) => JSON.stringify(config?.tableAt(path) ?? null))
      if (settings[0] !== settings[1]) changes.push(change)
    }
  }

  async #treeOid(commit: Oid): Promise<Oid> {
    return this.#trees.get(commit) ?? (await this.#git.commit(commit)).tree
  }

  /** The settings in a commit's varve.yaml. One that cannot be read declares nothing. */
  async #configOf(tree: Oid): Promise<DatasetConfig | null> {
    const entry = this.#changes.takes(configFileName)
      ? await this.#changes.entryAt(tree, configFileName)
      : null
    if (entry === null || (entry.mode !== 'file' && entry.mode !== 'executable')) return null
    const known = this.#configs.get(entry.oid)
    if (known !== undefined) return known
    const config = parsedOrNull(Buffer.from(await this.#git.blob(entry.oid)).toString('utf8'))
    this.#configs.set(entry.oid, config)
    return config
  }

  /** Each once, and under a filter none that another one descends from already. */
  async #parentsOf(commit: GitCommit): Promise<Imported[]> {
    const byCid = new Map<CommitCid, Imported>()
    for (const oid of commit.parents) {
      const parent = this.#imported.get(oid)
      if (parent !== undefined && parent !== null) byCid.set(parent.cid, parent)
    }
    const parents = [...byCid.values()]
    if (this.#choice.paths.length === 0 || parents.length < 2) return parents
    const kept: Imported[] = []
    for (const parent of parents) {
      const others = parents.filter((other) => other !== parent)
      const isPassed = await Promise.all(
        others.map((other) => isAncestor(this.#writer, parent.cid, other.cid)),
      )
      if (!isPassed.includes(true)) kept.push(parent)
    }
    return kept
  }
}

function parsedOrNull(text: string): DatasetConfig | null {
  try {
    return parseConfig(text)
  } catch (error) {
    if (isVarveError(error, 'VARVE_RULE_VIOLATED')) return null
    throw error
  }
}
