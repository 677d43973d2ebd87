// What the branch has to take in from the endpoint: all that was read at once, or, where the link keeps each
// transaction of its log by itself, one after the other. The transactions are commits in the history of what was read,
// so a round that was cut short before the branch had them loses nothing.
import type { Cid } from '../../encoding/cid.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import { Tree } from '../../files/tree.ts'
import { firstParentsAfter } from '../../history/ancestry.ts'
import { readCommit } from '../../history/commit.ts'
import type { Commit, Signature } from '../../history/interface.ts'
import type { Io } from '../../repo/interface.ts'
import { type Link, keepsTransactions } from '../interface.ts'
import { type Respelled, inKeysOf } from '../keys/respell.ts'
import type { Sides } from './interface.ts'

export interface CapturedStep {
  readonly captured: Tree
  readonly live: Pick<Commit, 'cid' | 'generation'>
  /** Who made the transaction, when, and its name; null for what is not a single transaction. */
  readonly transaction: { readonly id: string; readonly author: Signature } | null
}

/** Whether the branch may have to take in several. */
export function hasSteps(link: Link, { merged, live }: Sides): boolean {
  return keepsTransactions(link) && merged !== null && merged !== live
}

/** The states to be merged one by one, oldest first: at least one, and the last is that of `sides`. */
export async function capturedSteps(io: Io, link: Link, sides: Sides, ours: Tree): Promise<CapturedStep[]> {
  const { live, captured } = sides
  const commits = hasSteps(link, sides) ? await firstParentsAfter(io.nodes.reader, sides.merged!, live) : null
  if (commits === null || commits.length === 0)
    return [{ captured, live: await readCommit(io.nodes.reader, live), transaction: null }]
  const stopped = await stoppedEntries(io, sides)
  const steps: CapturedStep[] = []
  let { names } = sides
  for (const commit of commits) {
    const id = transactionOf(commit)
    const isLast = commit.cid === live
    // What was read otherwise comes with the next.
    if (id === null && !isLast) continue
    const keys = isLast ? null : await inKeysHere(io, link, { ...sides, names }, { commit, ours })
    const tree = keys?.tree ?? captured
    names = keys?.names ?? names
    steps.push({
      captured: isLast || stopped.size === 0 ? tree : await tree.update(io.writer, stopped),
      live: commit,
      transaction: id === null ? null : { id, author: commit.author },
    })
  }
  return steps
}

/** The endpoint as it was after a transaction, under the keys that the branch has. */
async function inKeysHere(
  io: Io,
  { mode }: Link,
  { tables, base, names }: Sides,
  { commit, ours }: { readonly commit: Commit; readonly ours: Tree },
): Promise<Respelled> {
  const stored = await Tree.load(io.nodes, commit.tree)
  if (mode === 'capture') return { tree: stored, names }
  return inKeysOf(io, tables, stored, [ours, base], names)
}

function transactionOf({ extra }: Commit): string | null {
  const { transaction } = extra
  return typeof transaction === 'string' ? transaction : null
}

/** The tables that a guard has stopped, as they were before: what became of them since is not taken in. */
async function stoppedEntries(
  io: Io,
  { tables, captured, live }: Sides,
): Promise<Map<Path, TreeEntry | null>> {
  const read = await Tree.load(io.nodes, (await readCommit(io.nodes.reader, live)).tree)
  const stopped = new Map<Path, TreeEntry | null>()
  if (read.cid === captured.cid) return stopped
  for (const { path } of tables) {
    const [now, merging] = [await read.get(path), await captured.get(path)]
    const tableOf = (entry: TreeEntry | null): Cid | null => (entry?.kind === 'table' ? entry.table : null)
    if (tableOf(now) !== tableOf(merging)) stopped.set(path, merging)
  }
  return stopped
}
