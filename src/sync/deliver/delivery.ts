// A delivery is the step from what a sink was last sent to a commit of the branch. It is a commit on a ref of the link:
// its tree holds the link's tables as they are afterwards, its parents are the delivery before and the branch's commit.
// It has no time of its own, so making it again gives the same commit, and with it the same message ids; and since the
// delivery before is a parent, a branch that goes back and forth makes a new one each time. Where the receiver refused
// rows, or a guard stopped tables, less was sent than planned: that is a second commit on top of the delivery, its
// outcome.
import type { CommitCid, TableCid } from '../../encoding/cid.ts'
import type { Path } from '../../files/interface.ts'
import { Tree } from '../../files/tree.ts'
import { firstParentsAfter } from '../../history/ancestry.ts'
import { nextGeneration, readCommit, writeCommit } from '../../history/commit.ts'
import type { Commit, Signature } from '../../history/interface.ts'
import type { Io } from '../../repo/interface.ts'
import type { Link } from '../interface.ts'

export interface Delivery {
  /** The delivery's own, or that of its outcome. */
  readonly commit: Commit
  /** The tables as the receiver was to get them. */
  readonly target: Tree
  /** The tables as the receiver has them when the delivery is done. */
  readonly told: Tree
  /** Whether rows that were refused before are sent again, although they are the same. */
  readonly isRetry: boolean
  /** What transformed tables were made of. */
  readonly made: TransformSources
}

/** By path: the table's CID in the dataset, and a digest of how its rows were made. */
export type TransformSources = ReadonlyMap<Path, { readonly source: TableCid; readonly how: string }>

const outcomeField = 'outcome'
const retryField = 'retry'
const madeField = 'made'

export async function readDelivery({ nodes }: Io, cid: CommitCid): Promise<Delivery> {
  const commit = await readCommit(nodes.reader, cid)
  const told = await Tree.load(nodes, commit.tree)
  const isOutcome = commit.extra[outcomeField] === true
  const announced = isOutcome ? await readCommit(nodes.reader, commit.parents[0]!) : commit
  return {
    commit,
    target: isOutcome ? await Tree.load(nodes, announced.tree) : told,
    told,
    isRetry: announced.extra[retryField] === true,
    made: new Map(
      ((announced.extra[madeField] ?? []) as [Path, TableCid, string][]).map(([path, source, how]) => [
        path,
        { source, how },
      ]),
    ),
  }
}

export async function makeDelivery(
  io: Io,
  link: Link,
  step: {
    readonly previous: Delivery | null
    readonly tree: Tree
    readonly branch: Commit
    readonly isRetry: boolean
    readonly made: TransformSources
  },
): Promise<Delivery> {
  const { previous, tree, branch, isRetry, made } = step
  const parents = [...(previous === null ? [] : [previous.commit.cid]), branch.cid]
  const extra = {
    ...(isRetry ? { [retryField]: true } : {}),
    ...(made.size === 0 ? {} : { [madeField]: [...made].map(([path, one]) => [path, one.source, one.how]) }),
  }
  const commit = await deliveryCommit(io, link, { tree, parents, like: branch, extra })
  return { commit, target: tree, told: tree, isRetry, made }
}

/** Makes the commit for a delivery that was sent only in part; `told` is what the receiver has now. */
export async function makeOutcome(io: Io, link: Link, delivery: Delivery, told: Tree): Promise<Delivery> {
  const { commit: done } = delivery
  const parents = [done.cid, deliveredCommit(delivery)]
  const extra = { [outcomeField]: true }
  const commit = await deliveryCommit(io, link, { tree: told, parents, like: done, extra })
  return { ...delivery, commit, told }
}

async function deliveryCommit(
  io: Io,
  link: Link,
  made: {
    readonly tree: Tree
    readonly parents: readonly CommitCid[]
    readonly like: Commit
    readonly extra: Readonly<Record<string, unknown>>
  },
): Promise<Commit> {
  const { tree, parents, like, extra } = made
  const { timeMs, zoneMinutes } = like.committer
  const signature: Signature = {
    name: `link ${link.name}`,
    email: `${link.name}@link.varve`,
    timeMs,
    zoneMinutes,
  }
  const commit = {
    tree: tree.cid,
    parents,
    author: signature,
    committer: signature,
    message: `Deliver to ${link.endpoint}`,
    generation: await nextGeneration(io.writer, parents),
    extra,
  }
  return { ...commit, cid: writeCommit(io.writer, commit) }
}

/** The commit of the branch to which a delivery brought its receiver. */
export function deliveredCommit({ commit }: Delivery): CommitCid {
  return commit.parents.at(-1)!
}

/**
 * The commits to deliver one by one: with `commits: each`, those between a delivery and the branch along first
 * parents, oldest first. Otherwise, for the first delivery, and when the branch does not descend from what was
 * delivered, only the tip.
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
