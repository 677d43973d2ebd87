// Records the state of the endpoint as it was read: commits on a ref of the link.
import type { Cid } from '../../encoding/cid.ts'
import type { Tree } from '../../files/tree.ts'
import { nextGeneration } from '../../history/commit.ts'
import { operatorOf } from '../../repo/context.ts'
import type { Io } from '../../repo/interface.ts'
import { type LinkCommit, linkCommit } from '../link-commit.ts'
import { storedMark } from '../log/mark.ts'
import { type KeyNames, keyRefs } from '../keys/key-names.ts'
import type { Reading } from './reading.ts'
import type { UnfitTables } from './unfit-tables.ts'
import type { LinkRefs } from '../link-refs.ts'
import type { Round } from '../round.ts'
import type { LeftTables } from '../tables/left-tables.ts'
import type { CommonBase } from '../common-base.ts'
import type { KeptPosition } from '../write-position.ts'
import { type LinkState, identityKey, linkObject, linkRef, positionKey } from '../state.ts'

export interface PublishInput {
  readonly state: LinkState
  readonly before: Tree
  readonly identity: string
  readonly reading: Reading
  readonly unfit: UnfitTables
  readonly base: CommonBase
  /** Its tree, with the tables that are back. */
  readonly baseTree: Tree | null
  readonly left: LeftTables
  readonly refs: LinkRefs
  /** To be stored of the tables' schemas; null when that is as it was. */
  readonly namespaces: Cid | null
  readonly keys: { readonly kept: KeyNames; readonly now: KeyNames }
  readonly position: KeptPosition
}

/** Stores what was captured; returns its commit, or the one before when nothing has changed. It is durable then. */
export async function publishLive(round: Round, io: Io, input: PublishInput): Promise<Cid> {
  const { repo, link, options } = round
  const { state, before, identity, reading, namespaces, position, left } = input
  const { captured, mark, transactions } = reading
  const isSame =
    state.live !== null &&
    captured.cid === before.cid &&
    state.identity === identity &&
    !left.areBack &&
    transactions.length === 0
  const digests = reading.digests?.write(io.writer) ?? null
  const unfit = input.unfit.write(io.writer)
  const keys = keyRefs(io.writer, link.name, input.keys)
  const leftRefs = await left.refs(round, io, { state, base: input.base, tree: input.baseTree })
  const isAsNoted = [digests, unfit, namespaces].every((one) => one === null) && keys.length === 0
  const isUnchanged = isSame && isAsNoted && leftRefs.length === 0 && mark === undefined
  if (isUnchanged && !input.base.isCut && !position.isDue) return state.live
  const live = isSame ? state.live : await liveCommit(round, io, input)
  if (options.dryRun === true) return live
  const place = mark === undefined ? null : storedMark(io.writer, link.name, mark)
  const refs = new Map<string, Cid | null>([
    [linkRef(link.name, 'live'), live],
    ...(input.base.isCut ? toldTo(link.name, input.base) : []),
    ...(input.base.isMoved ? baseOf(link.name, input.base) : []),
    ...leftRefs,
    ...(digests === null ? [] : [[linkObject(link.name, 'digests'), digests] as const]),
    ...(unfit === null ? [] : [[linkObject(link.name, 'unfit'), unfit] as const]),
    ...(namespaces === null ? [] : [[linkObject(link.name, 'namespaces'), namespaces] as const]),
    ...keys,
    ...(place === null ? [] : [place.ref]),
  ])
  const config = new Map([
    [identityKey(link.name), identity],
    [positionKey(link.name), position.setting],
    ...(place === null ? [] : [place.setting]),
  ])
  await repo.store.update(
    (current) => {
      input.refs.check(current)
      const operation = { name: 'sync', message: `${link.name}: read`, author: operatorOf(repo, current) }
      return { refs, config, operation }
    },
    { writer: io.writer, signal: options.signal },
  )
  input.refs.moved(refs, identity)
  return live
}

/** Makes a commit for each transaction that is kept by itself, and one for whatever was read otherwise. */
async function liveCommit(round: Round, io: Io, { state, reading }: PublishInput): Promise<Cid> {
  const { captured, transactions } = reading
  const { endpoint } = round.link
  let live = state.live
  let generation = await nextGeneration(io.writer, live === null ? [] : [live])
  const commit = async (tree: Cid, message: string, rest: Partial<LinkCommit>): Promise<Cid> => {
    const parents = live === null ? [] : [live]
    return (live = await linkCommit(round, io, { tree, parents, message, generation: generation++, ...rest }))
  }
  for (const { tree, id, committedMs } of transactions) {
    const extra = { transaction: id }
    await commit(tree, `Transaction ${id} of ${endpoint}`, { authoredMs: committedMs, extra })
    await io.writer.drained()
  }
  if (live !== null && transactions.at(-1)?.tree === captured.cid) return live
  return commit(captured.cid, `Read ${endpoint}`, {})
}

/**
 * The refs that say what the endpoint was told. Without them, once more is announced, the announcement before would
 * be all that is known.
 */
function toldTo(link: string, { told }: CommonBase): (readonly [string, Cid | null])[] {
  return [
    [linkRef(link, 'base'), told],
    [linkRef(link, 'written'), told],
  ]
}

/** The refs of another base. What was in common with another database is forgotten, and that it was another one. */
function baseOf(link: string, base: CommonBase): (readonly [string, Cid | null])[] {
  return [...toldTo(link, base), [linkRef(link, 'intent'), null], [linkObject(link, 'stranger'), null]]
}
