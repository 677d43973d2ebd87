// Commits of ours as commits of Git, parents first. The same commit gives the same object each time; one that was
// imported and has not changed gets the name that it had, also where that has more to it (a signature) and is there.
import { isDeepStrictEqual } from 'node:util'
import { VarveError, throwIfAborted } from '../base/errors.ts'
import type { CommitCid } from '../encoding/cid.ts'
import { readCommit } from '../history/commit.ts'
import { commitsLeftOut } from '../history/horizon.ts'
import type { Commit } from '../history/interface.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import type { ObjectReader } from '../store/interface.ts'
import { type ExportMap, hasSameAuthorAndMessage } from './export-map.ts'
import { TreeExporter } from './export-tree.ts'
import { encodeGitCommit, endedMessage } from './git-encode.ts'
import type { GitObjectIds } from './git-object-ids.ts'
import type { GitCommit, Oid } from './git-objects.ts'
import type { GitPackWriter } from './git-pack.ts'
import type { GitSource } from './git-source.ts'

export interface ExportPlaces {
  readonly reader: ObjectReader
  readonly nodes: NodeStore
  readonly source: GitSource
  readonly ids: GitObjectIds
  readonly pack: GitPackWriter
  /** What is there already; what is added to it. */
  readonly map: ExportMap
}

export class CommitExporter {
  readonly trees: TreeExporter
  /** Put into the repository by this export. */
  commits = 0
  readonly #places: ExportPlaces
  readonly #treeOids = new Map<CommitCid, Oid>()

  constructor(places: ExportPlaces) {
    this.#places = places
    this.trees = new TreeExporter(places.nodes, places.pack, places.source)
  }

  /** The commits that `tips` reach and that are still to be exported, parents first. */
  async toCome(tips: readonly CommitCid[], signal?: AbortSignal): Promise<CommitCid[]> {
    const { reader, map } = this.#places
    const beyond = await commitsLeftOut(reader)
    const order: CommitCid[] = []
    const placed = new Set<CommitCid>()
    const opened = new Set<CommitCid>()
    const stack = [...tips]
    for (let cid = stack.at(-1); cid !== undefined; cid = stack.at(-1)) {
      throwIfAborted(signal)
      if (!placed.has(cid) && map.has(cid) && !(await this.#isThere(cid))) map.delete(cid)
      if (placed.has(cid) || map.has(cid)) {
        stack.pop()
        continue
      }
      if (beyond.has(cid)) throw cutOff()
      if (!opened.has(cid)) {
        opened.add(cid)
        const { parents } = await readCommit(reader, cid)
        stack.push(...parents.toReversed().filter((parent) => !placed.has(parent)))
        continue
      }
      stack.pop()
      placed.add(cid)
      order.push(cid)
    }
    return order
  }

  /** Whether what is known from earlier exports holds: the commit is there, and says what ours says. */
  async #isThere(cid: CommitCid): Promise<boolean> {
    const { reader, source, ids, map } = this.#places
    const oid = map.get(cid)!
    return ids.has(oid) && hasSameAuthorAndMessage(await readCommit(reader, cid), await source.commit(oid))
  }

  /** Exports a commit whose parents are there already. */
  async add(cid: CommitCid, signal?: AbortSignal): Promise<void> {
    const { reader, map, pack } = this.#places
    const commit = await readCommit(reader, cid)
    const tree = await this.trees.treeOf(await this.#firstTree(commit), commit.tree, signal)
    const isImported = typeof commit.extra['git'] === 'string'
    const fields = {
      tree,
      parents: [...new Set(commit.parents.map((parent) => map.get(parent)!))],
      author: commit.author,
      committer: commit.committer,
      message: isImported ? commit.message : endedMessage(commit.message),
    }
    const before = pack.count
    const oid = (await this.#oldName(commit, fields)) ?? pack.put('commit', encodeGitCommit(fields))
    if (pack.count > before) this.commits++
    this.#treeOids.set(cid, tree)
    map.set(cid, oid)
  }

  async #firstTree({ parents }: Commit): Promise<Parameters<TreeExporter['treeOf']>[0]> {
    const first = parents[0]
    if (first === undefined) return null
    const { reader, source, map } = this.#places
    const oid = this.#treeOids.get(first) ?? (await source.commit(map.get(first)!)).tree
    return { ours: (await readCommit(reader, first)).tree, oid }
  }

  /** What it was imported from, where that is there and says the same. */
  async #oldName({ extra }: Commit, fields: Omit<GitCommit, 'oid'>): Promise<Oid | null> {
    const { source, ids } = this.#places
    const old = extra['git']
    if (typeof old !== 'string' || !ids.has(old)) return null
    const { oid, ...theirs } = await source.commit(old)
    return isDeepStrictEqual(theirs, fields) ? oid : null
  }
}

function cutOff(): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', 'the history is cut off in this shallow clone', {
    hint: "fetch it all first: 'varve fetch --unshallow'",
  })
}
