// Tables that were taken out of a link: as the endpoint had them when they were last read, and what both sides had in
// common of them. One that is added again goes on from there. Else a row that one side had deleted meanwhile would come
// back from the other, and each row that one of them had changed would be a clash.
//
//   refs/links/NAME/left ── what was in common ──> as read      a commit and its parent, each with the tables that are out
//
// A table moves there with the reading that is the first without it, and back with the first that has it again, each time
// by one update of all refs. So a kill leaves it on one side.
import type { Cid } from '../../encoding/cid.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import { Tree } from '../../files/tree.ts'
import { readCommit } from '../../history/commit.ts'
import type { Io } from '../../repo/interface.ts'
import { commitTree } from '../branch-change.ts'
import type { CommonBase } from '../common-base.ts'
import type { Link } from '../interface.ts'
import { linkCommit } from '../link-commit.ts'
import type { Round } from '../round.ts'
import { type LinkState, linkRef } from '../state.ts'
import { tablePath } from './link-tables.ts'

type Entries = ReadonlyMap<Path, TreeEntry>

export interface LeftFrom {
  readonly link: Link
  /** null: nothing is known, or only of another endpoint. */
  readonly left: Cid | null
  /** The endpoint as it was last read. */
  readonly live: Tree
}

export class LeftTables {
  readonly #kept: Cid | null
  /** As read, and in common. */
  readonly #there: Tree
  readonly #common: Tree
  /** As read, of those that are in the link again, and of those that are in it no more. */
  readonly #back: Entries
  readonly #gone: Entries

  private constructor(kept: Cid | null, trees: { there: Tree; common: Tree }, back: Entries, gone: Entries) {
    this.#kept = kept
    this.#there = trees.there
    this.#common = trees.common
    this.#back = back
    this.#gone = gone
  }

  static async load(io: Io, { link, left, live }: LeftFrom): Promise<LeftTables> {
    const paths = link.tables.map((name) => tablePath(link, name))
    const parent = left === null ? null : (await readCommit(io.nodes.reader, left)).parents[0]!
    const trees = { there: await commitTree(io, parent), common: await commitTree(io, left) }
    const read = await entriesOf(live)
    const out = await entriesOf(trees.there)
    const back = [...out].filter(([path]) => paths.includes(path) && !read.has(path))
    const gone = [...read].filter(([path]) => !paths.includes(path))
    return new LeftTables(left, trees, new Map(back), new Map(gone))
  }

  get areBack(): boolean {
    return this.#back.size > 0
  }

  isBack(path: Path): boolean {
    return this.#back.has(path)
  }

  /** What was last read, with the tables that are back. */
  asRead(io: Io, live: Tree): Promise<Tree> {
    return live.update(io.writer, this.#back)
  }

  /** What both sides have in common, with the tables that are back, where the endpoint is as it was told. */
  async inCommon(io: Io, base: CommonBase): Promise<Tree | null> {
    if (base.commit === null) return null
    const tree = await Tree.load(io.nodes, base.commit.tree)
    if (!base.isTold) return tree
    const entries = new Map<Path, TreeEntry>()
    for (const path of this.#back.keys()) {
      const entry = await this.#common.get(path)
      if (entry !== null && (await tree.get(path)) === null) entries.set(path, entry)
    }
    return tree.update(io.writer, entries)
  }

  /** The refs that move together with a reading; `base` with the tables that are back. */
  async refs(
    round: Round,
    io: Io,
    {
      state,
      base,
      tree,
    }: { readonly state: LinkState; readonly base: CommonBase; readonly tree: Tree | null },
  ): Promise<(readonly [string, Cid | null])[]> {
    const { name } = round.link
    const left = await this.#left(round, io, state, base.isMoved ? null : tree)
    const refs: (readonly [string, Cid | null])[] = left === state.left ? [] : [[linkRef(name, 'left'), left]]
    const { commit } = base
    if (!base.isTold || commit === null || tree === null || commit.tree === tree.cid) return refs
    const { stored: _, ...extra } = commit.extra
    const message = `In common with ${round.link.endpoint}`
    const common = await linkCommit(round, io, { tree: tree.cid, parents: [commit.cid], message, extra })
    return [...refs, [linkRef(name, 'base'), common]]
  }

  async #left(round: Round, io: Io, { live }: LinkState, base: Tree | null): Promise<Cid | null> {
    if (this.#back.size === 0 && this.#gone.size === 0) return this.#kept
    const there = new Map<Path, TreeEntry | null>()
    const common = new Map<Path, TreeEntry | null>()
    for (const path of this.#back.keys()) for (const entries of [there, common]) entries.set(path, null)
    for (const [path, entry] of this.#gone) {
      const both = base === null ? null : await base.get(path)
      if (both === null) continue
      there.set(path, entry)
      common.set(path, both)
    }
    const now = {
      there: await this.#there.update(io.writer, there),
      common: await this.#common.update(io.writer, common),
    }
    if (now.common.count === 0) return null
    const commit = (tree: Tree, parents: readonly Cid[], message: string): Promise<Cid> =>
      linkCommit(round, io, { tree: tree.cid, parents, message })
    const read = await commit(now.there, live === null ? [] : [live], `Left, as read`)
    return commit(now.common, [read], `Left, as in common`)
  }
}

async function entriesOf(tree: Tree): Promise<Entries> {
  const found = new Map<Path, TreeEntry>()
  for await (const entries of tree.scan()) for (const { path, entry } of entries) found.set(path, entry)
  return found
}
