// Keeps what the guards of a round stopped, as a commit whose parent has the tables as they are: the difference is the
// change that waits. The same stop again gives the same commit; a round in which nothing is stopped removes it.
import type { Cid } from '../../encoding/cid.ts'
import { Tree } from '../../files/tree.ts'
import { readCommit } from '../../history/commit.ts'
import { operatorOf } from '../../repo/context.ts'
import type { Io } from '../../repo/interface.ts'
import { linkCommit } from '../link-commit.ts'
import type { Round } from '../round.ts'
import type { Manifest } from '../../store/interface.ts'
import { linkObject, linkRef } from '../state.ts'
import { type PendingFacts, pendingExtra, pendingFacts } from './approval.ts'
import type { Stops } from './stops.ts'

export type KeepRound = Pick<Round, 'repo' | 'link' | 'options'>

export interface KeepInput {
  readonly stops: Stops
  /** What has waited so far. */
  readonly pending: Cid | null
  readonly facts: Omit<PendingFacts, 'stops'>
  /** When the round began: an approval that was left for it is used up. */
  readonly manifest?: Manifest
}

/** Stores what was stopped; returns the pending commit, or null when nothing was. */
export async function keepPending(round: KeepRound, io: Io, keeping: KeepInput): Promise<Cid | null> {
  const { pending, stops } = keeping
  const wanted = stops.list.length === 0 ? null : await pendingOf(round, io, keeping)
  const { repo, link } = round
  const approved = linkObject(link.name, 'approved')
  const isLeft = keeping.manifest?.refs.has(approved) === true
  if ((wanted === pending && !isLeft) || round.options.dryRun === true) return pending
  const message =
    wanted === null ? `${link.name}: nothing waits` : `${link.name}: ${stops.list[0]!.guard} wait`
  await repo.store.update(
    (current) => ({
      refs: new Map([
        [linkRef(link.name, 'pending'), wanted],
        ...(isLeft ? [[approved, null] as const] : []),
      ]),
      operation: { name: 'sync', message, author: operatorOf(repo, current) },
    }),
    { writer: io.writer },
  )
  return wanted
}

function sameFacts(a: PendingFacts, b: PendingFacts): boolean {
  const text = ({ stops, identity, restored }: PendingFacts): string =>
    JSON.stringify([
      stops.map((one) => [one.guard, one.side, one.path, one.message, one.namespace]),
      identity,
      restored,
    ])
  return text(a) === text(b)
}

async function pendingOf(round: KeepRound, io: Io, { stops, pending, facts }: KeepInput): Promise<Cid> {
  const empty = Tree.empty(io.nodes, io.writer)
  const tree = (await empty.update(io.writer, stops.after)).cid
  const all: PendingFacts = { ...facts, stops: stops.list }
  if (pending !== null) {
    const known = await readCommit(io.nodes.reader, pending)
    if (known.tree === tree && sameFacts(pendingFacts(known), all)) return pending
  }
  const message = stops.list.map((stop) => stop.message).join('\n')
  const before = (await empty.update(io.writer, stops.before)).cid
  const parent = await linkCommit(round, io, { tree: before, parents: [], message: `Before: ${message}` })
  return linkCommit(round, io, { tree, parents: [parent], message, extra: pendingExtra(all) })
}
