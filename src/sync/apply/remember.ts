// What a repository writes down of a write to the endpoint: before it, what the endpoint is going to be told, and after
// it, what both sides then have.
import type { Cid } from '../../encoding/cid.ts'
import type { Tree } from '../../files/tree.ts'
import { readCommit } from '../../history/commit.ts'
import { operatorOf } from '../../repo/context.ts'
import { linkCommit } from '../link-commit.ts'
import { linkRef, mergedLive, readLinkState } from '../state.ts'
import type { ApplyStep } from './interface.ts'

/**
 * What the endpoint is going to be told. Its parents are the branch and what was told before: so what a restored
 * endpoint may name is still here after any number of rounds, and is known to be ours.
 */
export function announced(step: ApplyStep, base: Tree): Promise<Cid> {
  const { round, io, branch, live, state, told } = step
  const parents = [...new Set([branch, state.written, told])].filter((cid) => cid !== null)
  const message = `Write to ${round.link.endpoint}`
  return linkCommit(round, io, { tree: base.cid, parents, message, extra: mergedLive(live) })
}

/** Before the endpoint is told of a base, it is here: a kill in between is then no question. */
export async function announce({ round, io }: ApplyStep, intent: Cid): Promise<void> {
  const { repo, link, options } = round
  await repo.store.update(
    (current) => ({
      refs: new Map([[linkRef(link.name, 'intent'), intent]]),
      operation: { name: 'sync', message: `${link.name}: write`, author: operatorOf(repo, current) },
    }),
    { writer: io.writer, signal: options.signal },
  )
}

export interface Outcome {
  readonly base: Tree
  /** The endpoint as it is now; null when nothing was written. */
  readonly after: Tree | null
  readonly written: Cid | null
}

export async function remember(step: ApplyStep, { base, after, written }: Outcome): Promise<void> {
  const { round, io, state, live } = step
  const { repo, link } = round
  // The merge may have moved it.
  const { base: last } = readLinkState(await repo.store.manifest(), link.name)
  const known = last === null ? null : (await readCommit(io.nodes.reader, last)).tree
  const refs = new Map<string, Cid | null>()
  if (written !== null) {
    refs.set(linkRef(link.name, 'written'), written)
    refs.set(linkRef(link.name, 'base'), written)
    refs.set(linkRef(link.name, 'intent'), null)
  } else {
    const parents = step.branch === null ? [] : [step.branch]
    const message = `In step with ${link.endpoint}`
    const common = { tree: base.cid, parents, message, extra: mergedLive(live) }
    if (known !== base.cid) refs.set(linkRef(link.name, 'base'), await linkCommit(round, io, common))
    // From here on our base counts again, whatever the endpoint was told in a round that we know nothing of.
    if (step.told !== state.written) refs.set(linkRef(link.name, 'written'), step.told)
  }
  if (after !== null) {
    const message = `Written to ${link.endpoint}`
    const now = await linkCommit(round, io, { tree: after.cid, parents: [live], message })
    refs.set(linkRef(link.name, 'live'), now)
  }
  if (refs.size === 0) return
  await repo.store.update(
    (current) => ({
      refs,
      operation: { name: 'sync', message: link.name, author: operatorOf(repo, current) },
    }),
    { writer: io.writer },
  )
}
