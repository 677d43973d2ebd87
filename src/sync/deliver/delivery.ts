// A delivery: the step from what a sink was told last to a commit of the branch. It is a commit itself, of the link: its
// tree holds the link's tables as they are afterwards, its parents are the delivery before and the branch's commit. It
// has no time of its own, so whoever makes it again makes the same one, and with it the same ids; and since the delivery
// before is in it, a branch that goes back and forth makes a new one each time.
import type { CommitCid } from '../../encoding/cid.ts'
import { Tree } from '../../files/tree.ts'
import { firstParentsAfter } from '../../history/ancestry.ts'
import { nextGeneration, readCommit, writeCommit } from '../../history/commit.ts'
import type { Commit, Signature } from '../../history/interface.ts'
import type { Io } from '../../repo/interface.ts'
import type { Link } from '../interface.ts'

export interface Delivery {
  readonly commit: Commit
  readonly tree: Tree
}

export async function readDelivery({ nodes }: Io, cid: CommitCid): Promise<Delivery> {
  const commit = await readCommit(nodes.reader, cid)
  return { commit, tree: await Tree.load(nodes, commit.tree) }
}

export async function makeDelivery(
  io: Io,
  link: Link,
  step: { readonly previous: Delivery | null; readonly tree: Tree; readonly branch: Commit },
): Promise<Delivery> {
  const { previous, tree, branch } = step
  const { timeMs, zoneMinutes } = branch.committer
  const signature: Signature = {
    name: `link ${link.name}`,
    email: `${link.name}@link.varve`,
    timeMs,
    zoneMinutes,
  }
  const parents = [...(previous === null ? [] : [previous.commit.cid]), branch.cid]
  const commit = {
    tree: tree.cid,
    parents,
    author: signature,
    committer: signature,
    message: `Deliver to ${link.endpoint}`,
    generation: await nextGeneration(io.writer, parents),
    extra: {},
  }
  return { commit: { ...commit, cid: writeCommit(io.writer, commit) }, tree }
}

/** The branch's commit that a delivery brought its receiver to. */
export function deliveredCommit({ commit }: Delivery): CommitCid {
  return commit.parents.at(-1)!
}

/**
 * The commits between a delivery and the branch, oldest first, along first parents: where the link asks for each. One
 * step to the tip otherwise, for the first delivery, and where the branch does not come from what was delivered.
 */
export async function commitsSince(
  io: Io,
  link: Link,
  last: Delivery | null,
  tip: Commit,
): Promise<Commit[]> {
  if (link.commits !== 'each' || last === null) return [tip]
  const since = await firstParentsAfter(io.nodes.reader, deliveredCommit(last), tip.cid)
  return since ?? [tip]
}
