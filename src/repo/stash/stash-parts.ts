// Which part of the changes a stash takes, and what was staged of it: that stands in the commit's `extra` as a link to a
// tree, so that gc keeps it.
import { CID } from 'multiformats/cid'
import { type Cid, cidFromLink, cidToLink } from '../../encoding/cid.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import { Tree } from '../../files/tree.ts'
import { diffTrees } from '../../files/tree-diff.ts'
import type { Commit } from '../../history/interface.ts'
import type { Io } from '../interface.ts'
import { parentTree } from '../merging/pick-change.ts'

/** Whether a path is meant; null: all are. */
export type PathChoice = ((path: Path) => boolean) | null

export interface PutAsideTrees {
  readonly head: Cid
  /** What had been staged before all of it was. */
  readonly staged: Cid
  /** Everything that has changed. */
  readonly changed: Cid
}

export interface StashParts {
  /** HEAD with the changes that are put aside. */
  readonly tree: Cid
  /** HEAD with those of them that had been staged. */
  readonly staged: Cid
  /** What the files are to be. */
  readonly left: Cid
  /** And what is staged. */
  readonly index: Cid
}

/** With `keepIndex`, what is staged stays staged. */
export async function stashParts(
  io: Io,
  trees: PutAsideTrees,
  { has, keepIndex }: { readonly has: PathChoice; readonly keepIndex: boolean },
): Promise<StashParts> {
  const { head, staged, changed } = trees
  const left = await withPaths(io, changed, keepIndex ? staged : head, has)
  return {
    tree: await withPaths(io, head, changed, has),
    staged: await withPaths(io, head, staged, has),
    left,
    index: left,
  }
}

/** `tree`, with the chosen paths as `source` has them. */
async function withPaths(io: Io, tree: Cid, source: Cid, has: PathChoice): Promise<Cid> {
  if (has === null || tree === source) return source
  const [into, from] = [await Tree.load(io.nodes, tree), await Tree.load(io.nodes, source)]
  const edits = new Map<Path, TreeEntry | null>()
  for await (const batch of diffTrees(into, from))
    for (const { path, after } of batch) if (has(path)) edits.set(path, after)
  return (await into.update(io.writer, edits)).cid
}

/** What the files were when `commit` was put aside: `left`, with the paths that it or what had been staged has changed. */
export async function beforeStash(io: Io, left: Cid, commit: Commit): Promise<Cid> {
  const head = await parentTree(io, commit, { kind: 'bring back' })
  const [changed, into] = [await Tree.load(io.nodes, commit.tree), await Tree.load(io.nodes, left)]
  const edits = new Map<Path, TreeEntry | null>()
  for (const tree of [commit.tree, stagedOf(commit) ?? head])
    for await (const batch of diffTrees(await Tree.load(io.nodes, head), await Tree.load(io.nodes, tree)))
      for (const { path } of batch) edits.set(path, await changed.get(path))
  return (await into.update(io.writer, edits)).cid
}

export function stagedExtra({ staged }: Pick<StashParts, 'staged'>, head: Cid): Commit['extra'] {
  return staged === head ? {} : { staged: cidToLink(staged) }
}

/** The tree of what was staged; null when nothing was. */
export function stagedOf({ extra }: Commit): Cid | null {
  return extra['staged'] instanceof CID ? cidFromLink(extra['staged']) : null
}
