// What a repository records about a write to the endpoint: before it, the base that the endpoint is going to be told;
// after it, the base that both sides then have. The second record may be delayed until the next one is written: until
// then the repository is in the same state as after a kill, and the endpoint's own record says that it has the base.
import { digestHex, type Cid } from '../../encoding/cid.ts'
import type { Tree } from '../../files/tree.ts'
import { readCommit } from '../../history/commit.ts'
import { operatorOf } from '../../repo/context.ts'
import { linkCommit, writtenMessage } from '../link-commit.ts'
import { baseExtra, storedTree, toldRefs } from '../common-base.ts'
import { keyRefs } from '../keys/key-names.ts'
import { linkObject, linkRef, readLinkState, recordKey } from '../state.ts'
import type { ApplyStep, PlannedStep } from './interface.ts'

/**
 * Makes the commit of the base that the endpoint is going to be told. Its parents are the branch and the base that
 * it was told before: so a base that a restored endpoint names is still here after any number of rounds, and is
 * known to be ours. `after` is the base that is announced together with this one and told first; what was read then
 * is known to nobody else, so it is a parent too.
 */
export function writeAnnouncement(
  step: ApplyStep,
  { base, after: captured, stored }: Pick<PlannedStep, 'base' | 'after' | 'stored'>,
  after: Cid | null = null,
): Promise<Cid> {
  const { round, io, branch, live, state, told } = step
  const last = after === null ? null : live
  const parents = [...new Set([branch, state.written, told, last])].filter((cid) => cid !== null)
  const message = `Write to ${round.link.endpoint}`
  const extra = baseExtra({ merged: live, brought: branch, after, ...storedTree(base, { captured, stored }) })
  return linkCommit(round, io, { tree: base.cid, parents, message, extra })
}

/**
 * Stores a base here before the endpoint is told of it, so that a kill in between raises no question. When several
 * are announced, the last is stored, which names the others.
 */
export async function announce(step: ApplyStep, intent: Cid): Promise<ApplyStep> {
  const { link } = step.round
  const refs = new Map([...step.due, [linkRef(link.name, 'intent'), intent] as const])
  await moveRefs(step, refs, `${link.name}: write`, step.round.options.signal)
  return { ...step, due: new Map() }
}

/** Records a write that the endpoint has done, or is assumed to have done. */
export async function afterWrite(
  step: ApplyStep,
  { base, after, stored, names }: Pick<PlannedStep, 'base' | 'after' | 'stored' | 'names'>,
  written: Cid,
): Promise<ApplyStep> {
  const { round, io, live, state } = step
  const { name, endpoint } = round.link
  const message = writtenMessage(endpoint)
  const now = await linkCommit(round, io, { tree: stored.cid, parents: [live], message })
  const due = new Map<string, Cid | null>([
    ...step.due,
    [linkRef(name, 'written'), written],
    [linkRef(name, 'base'), written],
    [linkRef(name, 'intent'), null],
    [linkObject(name, 'stranger'), null],
    [linkRef(name, 'live'), now],
  ])
  const known = { ...state, written, base: written, intent: null, stranger: null, live: now }
  return {
    ...step,
    captured: after,
    stored,
    names,
    live: now,
    base,
    told: written,
    stranger: null,
    state: known,
    due,
  }
}

/** Records a step in which there was nothing to write. */
export async function afterNoWrite(step: ApplyStep, base: Tree): Promise<ApplyStep> {
  const { round, io, branch, state, told, stranger } = step
  const { link } = round
  const due = new Map(step.due)
  // Once taken over, the endpoint takes nothing more that was announced before.
  if (step.fence !== null) due.set(linkRef(link.name, 'intent'), null)
  if (!(await isKnown(step, base))) {
    const parents = branch === null ? [] : [branch]
    const message = `In step with ${link.endpoint}`
    const extra = baseExtra({ merged: step.live, brought: branch, ...storedTree(base, step) })
    const common = await linkCommit(round, io, { tree: base.cid, parents, message, extra })
    due.set(linkRef(link.name, 'base'), common)
  }
  // From here on our base counts again, whatever the endpoint was told in a round that we know nothing of.
  const noted = toldRefs(io.writer, link.name, { told, stranger })
  const before = [state.written, state.stranger]
  for (const [i, [ref, cid]] of noted.entries()) if (cid !== before[i]) due.set(ref, cid)
  const known = { ...state, written: told, stranger: noted[1]![1] }
  return { ...step, base, state: known, due }
}

/** The base that the endpoint names (hex). */
export function toldBy({ told, stranger }: Pick<ApplyStep, 'told' | 'stranger'>): string | null {
  return told === null ? stranger : digestHex(told)
}

/** Stores the refs that are still to be stored. */
export async function writeDueRefs(step: ApplyStep): Promise<void> {
  if (step.due.size > 0) await moveRefs(step, step.due, step.round.link.name)
}

/** Whether this is the base that is stored, and of this commit when each commit is written by itself. */
async function isKnown({ round, io, due, branch }: ApplyStep, { cid }: Tree): Promise<boolean> {
  const { name, commits } = round.link
  // The merge may have moved it.
  const last = due.get(linkRef(name, 'base')) ?? readLinkState(await round.repo.store.manifest(), name).base
  if (last === null) return false
  const { tree, extra } = await readCommit(io.nodes.reader, last)
  return tree === cid && (commits !== 'each' || branch === null || extra['branch'] === digestHex(branch))
}

async function moveRefs(
  { round, io, refs: known, digests, identity, place, kept, names }: ApplyStep,
  due: ReadonlyMap<string, Cid | null>,
  message: string,
  signal?: AbortSignal,
): Promise<void> {
  const { repo, link } = round
  const noted = digests?.write(io.writer) ?? null
  const refs = new Map([
    ...due,
    ...(noted === null ? [] : [[linkObject(link.name, 'digests'), noted] as const]),
    ...keyRefs(io.writer, link.name, { kept, now: names }),
  ])
  const config = new Map(place === null ? [] : [[recordKey(link.name), JSON.stringify([identity, place])]])
  await repo.store.update(
    (current) => {
      known.check(current)
      return { refs, config, operation: { name: 'sync', message, author: operatorOf(repo, current) } }
    },
    { writer: io.writer, signal },
  )
  known.moved(refs)
}
