// More history for a shallow repository: what lies behind its horizon is fetched, all of it or some commits further. The
// new commits are the parents of commits that are here, so their trees are compared with those, and little travels.
// Branches stay where they are; tags whose commits are here now come along.
import { VarveError, corrupt, throwIfAborted } from '../base/errors.ts'
import { type CommitCid, shortCid } from '../encoding/cid.ts'
import { readCommits } from '../history/commit.ts'
import { type Horizon, readHorizon, upToHorizon } from '../history/horizon.ts'
import type { Commit } from '../history/interface.ts'
import type { Manifest, ObjectReader, Store } from '../store/interface.ts'
import { type Advertised, readAdvertised } from './advertised.ts'
import { CheckedReader } from './checked-reader.ts'
import { followTags, horizonChange, named, receiveCommits } from './fetch.ts'
import type { Source, TransferOptions, TransferReport } from './interface.ts'
import { peelAll } from './peel.ts'
import { committedRefs, withFreshEpoch, withReceiver } from './receive.ts'

export interface DeepenOptions extends TransferOptions {
  readonly remoteName: string
  /** 'all': to the beginning; `depth`: so many commits from each branch; `by`: so many more than there are. */
  readonly to: 'all' | { readonly depth: number } | { readonly by: number }
}

/** Fetches older history; does nothing when history is whole. @throws what fetchRefs throws */
export async function deepen(local: Store, remote: Source, options: DeepenOptions): Promise<TransferReport> {
  const theirs = await remote.manifest()
  const advertised = readAdvertised(theirs)
  try {
    return await withFreshEpoch(local, (before, sameState) =>
      fetchBehind(local, remote, { before, theirs, advertised }, sameState, options),
    )
  } catch (error) {
    throw named(error, options.remoteName, theirs)
  }
}

async function fetchBehind(
  local: Store,
  remote: Source,
  { before, theirs, advertised }: { before: Manifest; theirs: Manifest; advertised: Advertised },
  sameState: (current: Manifest) => void,
  options: DeepenOptions,
): Promise<TransferReport> {
  const ended = await readHorizon(local, before)
  const edge = await edgeOf(upToHorizon(local, ended.commits), before, ended, options)
  const { depth, places } = wantedBehind(edge.places, options.to)
  if (places.size === 0) return { updates: [], objects: 0, bytes: 0 }
  const rest = [...ended.commits].filter((cid) => !places.has(cid))
  const lacked = (await readHorizon(new CheckedReader(remote), theirs)).commits
  const bounds = { depth, places, lacked, left: { commits: new Set(rest), floor: 0 } }
  return withReceiver(local, 'fetch', async (receiver) => {
    const { writer } = receiver
    const wants = [...places.keys()]
    const reception = { before, theirs, wants, bounds, neighbours: edge.children }
    const { copied, horizon } = await receiveCommits(local, remote, receiver, reception, options)
    await checkChildren(writer, edge.children, copied.commits)
    const open = [...advertised.tags].filter(([ref]) => !before.refs.has(ref))
    const tags = await followTags({ local, remote, writer }, { before, horizon }, copied.commits, open)
    const ends = horizonChange(writer, before, horizon)
    await local.update(
      (current) => {
        sameState(current)
        const operation = { name: 'fetch', message: `${options.remoteName}, older history`, author: '' }
        return { refs: new Map([...tags.filter(([ref]) => !current.refs.has(ref)), ...ends]), operation }
      },
      { writer, signal: options.signal },
    )
    const updates = tags.map(([ref, after]) => ({ ref, before: null, after, forced: false }))
    return { updates, objects: copied.objects, bytes: copied.bytes }
  })
}

interface Edge {
  /** Commits left out, with their distance from the nearest ref: 2 for the parents of a tip. */
  readonly places: ReadonlyMap<CommitCid, number>
  /** The commits here that have them as parents. */
  readonly children: readonly Commit[]
}

async function edgeOf(
  reader: ObjectReader,
  before: Manifest,
  ended: Horizon,
  options: TransferOptions,
): Promise<Edge> {
  const places = new Map<CommitCid, number>()
  const children: Commit[] = []
  const tips = await peelAll(reader, committedRefs(before))
  const seen = new Set([...tips.values()].map(({ commit }) => commit))
  let level = [...seen]
  for (let place = 2; level.length > 0; place++) {
    throwIfAborted(options.signal)
    const next: CommitCid[] = []
    for (const commit of await readCommits(reader, level)) {
      if (commit.parents.some((parent) => ended.commits.has(parent))) children.push(commit)
      for (const parent of commit.parents) {
        if (ended.commits.has(parent)) places.set(parent, Math.min(place, places.get(parent) ?? place))
        else if (!seen.has(parent)) next.push(parent)
        seen.add(parent)
      }
    }
    level = next
  }
  return { places, children }
}

function wantedBehind(
  known: ReadonlyMap<CommitCid, number>,
  to: DeepenOptions['to'],
): { depth: number | undefined; places: ReadonlyMap<CommitCid, number> } {
  if (to === 'all') return { depth: undefined, places: known }
  if ('by' in to) return { depth: to.by, places: new Map([...known.keys()].map((cid) => [cid, 1])) }
  return { depth: to.depth, places: new Map([...known].filter(([, place]) => place <= to.depth)) }
}

/** They were believed when they came; now that their parents are here, their generations can be judged. */
async function checkChildren(
  reader: ObjectReader,
  children: readonly Commit[],
  fresh: ReadonlySet<CommitCid>,
): Promise<void> {
  for (const child of children) {
    const parents = child.parents.filter((parent) => fresh.has(parent))
    for (const parent of await readCommits(reader, parents)) {
      if (parent.generation < child.generation) continue
      throw corrupt(`commit '${shortCid(child.cid)}' claims a false generation`, { commit: child.cid })
    }
  }
}

export function checkDepth(depth: number): number {
  if (Number.isSafeInteger(depth) && depth > 0) return depth
  throw new VarveError('VARVE_USAGE', `history cannot be ${depth} commits deep`, {
    hint: 'the smallest depth is 1: the newest commit of each branch',
  })
}
