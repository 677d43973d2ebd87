// Fetch: brings what a remote's branches reach into the local store and moves the remote-tracking refs, in one
// compare-and-set that comes last. Everything received is bounded, hashed and walked to its leaves before it counts;
// a remote that lies, breaks off or names its refs badly leaves no trace here. A fetch that finds nothing new has
// read one manifest of the remote and nothing else.
import { VarveError, isVarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import { type Horizon, horizonRef, readHorizon, upToHorizon, writeHorizon } from '../history/horizon.ts'
import { branchPrefix, tagPrefix } from '../history/refs.ts'
import type { Commit } from '../history/interface.ts'
import type { Manifest, ObjectReader, ObjectWriter, Store } from '../store/interface.ts'
import { type Advertised, readAdvertised } from './advertised.ts'
import { CheckedReader, damagedRemoteHint } from './checked-reader.ts'
import type { RefUpdate, Source, TransferOptions, TransferReport } from './interface.ts'
import { knownHistory } from './known-history.ts'
import { descends, peelAll } from './peel.ts'
import type { HistoryBounds } from './negotiate.ts'
import { type Receiver, committedRefs, withFreshEpoch, withReceiver } from './receive.ts'
import { promisorOf } from './promised.ts'
import { verifyReceived } from './received-trees.ts'
import { checkRemoteName } from './remotes.ts'
import { changedTracking, onlyForward } from './tracking-refs.ts'
import { type PartialClone, contentLinks, partialOf } from './selection.ts'
import { type CopyResult, copyClosure } from './transfer.ts'

export interface FetchOptions extends TransferOptions {
  readonly remoteName: string
  /** Removes remote-tracking refs whose branch the remote no longer has. */
  readonly prune?: boolean
  /** Only these branches of the remote ('main'), with the tags on what they bring; default: all. */
  readonly branches?: readonly string[]
  /** Commits in a row from each branch; with it what is older is left out (horizon.ts). */
  readonly depth?: number | undefined
  /** How the receiving clone is to be partial; by default as its settings say. */
  readonly partial?: PartialClone | null
}

export interface FetchReport extends TransferReport {
  readonly advertised: Advertised
}

/** @throws VarveError VARVE_CORRUPT, VARVE_OBJECT_MISSING, VARVE_REFUSED when the remote is not to be trusted */
export async function fetchRefs(local: Store, remote: Source, options: FetchOptions): Promise<FetchReport> {
  checkRemoteName(options.remoteName)
  const theirs = await remote.manifest()
  const advertised = onlyNamed(readAdvertised(theirs), options)
  try {
    const report = await withFreshEpoch(local, (before, sameState) =>
      fetchAdvertised(local, remote, { before, theirs, advertised }, sameState, options),
    )
    return { ...report, advertised }
  } catch (error) {
    throw named(error, options.remoteName, theirs)
  }
}

/** @throws VarveError VARVE_REF_NOT_FOUND for a branch that is not there */
function onlyNamed(advertised: Advertised, { branches, remoteName }: FetchOptions): Advertised {
  if (branches === undefined || branches.length === 0) return advertised
  const named = new Map<string, Cid>()
  for (const name of branches) {
    const ref = name.startsWith(branchPrefix) ? name : branchPrefix + name
    const target = advertised.branches.get(ref)
    if (target === undefined) throw noSuchBranch(name, remoteName, advertised.tags.has(tagPrefix + name))
    named.set(ref, target)
  }
  return { ...advertised, branches: named }
}

function noSuchBranch(name: string, remoteName: string, isTag: boolean): VarveError {
  return new VarveError('VARVE_REF_NOT_FOUND', `the remote '${remoteName}' has no branch '${name}'`, {
    data: { branch: name, remote: remoteName },
    hint: isTag
      ? 'it is a tag: tags are fetched with a branch that has their commit'
      : `'varve fetch ${remoteName}' brings all that it has`,
  })
}

interface Manifests {
  readonly before: Manifest
  readonly theirs: Manifest
  readonly advertised: Advertised
}

async function fetchAdvertised(
  local: Store,
  remote: Source,
  { before, theirs, advertised }: Manifests,
  sameState: (current: Manifest) => void,
  options: FetchOptions,
): Promise<TransferReport> {
  const changed = changedTracking(
    before,
    advertised,
    remote.mayLag === true ? { ...options, prune: false } : options,
  )
  const branches = remote.mayLag === true ? await onlyForward(local, before, changed) : changed
  const newTags = [...advertised.tags].filter(([ref]) => !before.refs.has(ref))
  if (branches.size + newTags.length === 0) return { updates: [], objects: 0, bytes: 0 }
  return withReceiver(local, 'fetch', async (receiver) => {
    const { writer } = receiver
    const wants = [...branches.values()].filter((target) => target !== null)
    const { copied, horizon } = await receiveCommits(
      local,
      remote,
      receiver,
      { before, theirs, wants },
      options,
    )
    const tags = await followTags({ local, remote, writer }, { before, horizon }, copied.commits, newTags)
    const refs = new Map<string, Cid | null>([...branches, ...tags])
    if (refs.size === 0) return { updates: [], objects: copied.objects, bytes: copied.bytes }
    const updates = await describe(upToHorizon(writer, horizon.commits), before, refs)
    const ends = horizonChange(writer, before, horizon)
    await local.update(
      (current) => {
        sameState(current)
        // A tag made here meanwhile stays ours.
        const moving = [...refs].filter(([ref]) => !ref.startsWith(tagPrefix) || !current.refs.has(ref))
        return {
          refs: new Map([...moving, ...ends]),
          operation: { name: 'fetch', message: options.remoteName, author: '' },
        }
      },
      { writer, signal: options.signal },
    )
    return { updates, objects: copied.objects, bytes: copied.bytes }
  })
}

export interface ReceiveInput {
  readonly before: Manifest
  readonly theirs: Manifest
  readonly wants: readonly Cid[]
  readonly bounds?: HistoryBounds
  readonly neighbours?: readonly Commit[]
}

/** Copies and checks commits, and returns where history ends afterwards. Nothing is published. */
export async function receiveCommits(
  local: Store,
  remote: ObjectReader,
  receiver: Receiver,
  { before, theirs, wants, bounds, neighbours }: ReceiveInput,
  options: TransferOptions & Pick<FetchOptions, 'depth' | 'partial'>,
): Promise<{ copied: CopyResult; horizon: Horizon }> {
  const ended = await readHorizon(local, before)
  const lacked = (await readHorizon(new CheckedReader(remote), theirs)).commits
  const left = ended.commits.size === 0 ? undefined : ended
  const here = upToHorizon(local, ended.commits)
  const copied = await copyClosure(
    { from: remote, to: here },
    receiver,
    { wants, haves: committedRefs(before) },
    {
      local: 'receiver',
      phase: 'fetching',
      signal: options.signal,
      onProgress: options.onProgress,
      bounds: bounds ?? { left, lacked, depth: options.depth },
      neighbours,
      contents: contentLinks(options.partial ?? partialOf(before)),
    },
  )
  const horizon = movedHorizon(ended, copied)
  await verifyReceived(receiver.writer, copied.commits, horizon.commits, options.signal)
  return { copied, horizon }
}

function movedHorizon(before: Horizon, { commits: fresh, cut }: CopyResult): Horizon {
  const commits = [...before.commits, ...cut.commits].filter((cid) => !fresh.has(cid))
  const floors = [before, cut].filter((side) => side.commits.size > 0).map((side) => side.floor)
  return { commits: new Set(commits), floor: commits.length === 0 ? 0 : Math.min(...floors) }
}

/** The new value of the ref that says where history ends, if it changes. */
export function horizonChange(
  writer: ObjectWriter,
  before: Manifest,
  horizon: Horizon,
): [string, Cid | null][] {
  const after = writeHorizon(writer, horizon)
  return after === (before.refs.get(horizonRef) ?? null) ? [] : [[horizonRef, after]]
}

interface TagPlaces {
  readonly local: ObjectReader
  readonly remote: ObjectReader
  /** Takes the tags in. */
  readonly writer: ObjectWriter
}

/** Tags come along when their commit is here; their own objects are small and read at once. */
export async function followTags(
  { local, remote, writer }: TagPlaces,
  { before, horizon }: { readonly before: Manifest; readonly horizon: Horizon },
  fetched: ReadonlySet<Cid>,
  tags: readonly (readonly [string, Cid])[],
): Promise<[string, Cid][]> {
  if (tags.length === 0) return []
  const source = new CheckedReader(remote)
  const peeled = await peelAll(
    source,
    tags.map(([, target]) => target),
  )
  const history = await knownHistory(local, committedRefs(before), horizon.commits)
  const followed: [string, Cid][] = []
  for (const [ref, target] of tags) {
    const chain = peeled.get(target)!
    if (!fetched.has(chain.commit) && !(await history.holds(chain.commit))) continue
    for (const bytes of await source.get(chain.tags)) writer.put('dag-cbor', bytes)
    followed.push([ref, target])
  }
  return followed
}

async function describe(
  reader: ObjectReader,
  before: Manifest,
  refs: ReadonlyMap<string, Cid | null>,
): Promise<RefUpdate[]> {
  const updates: RefUpdate[] = []
  for (const [ref, after] of refs) {
    const old = before.refs.get(ref) ?? null
    const forced = old !== null && after !== null && !(await descends(reader, old, after))
    updates.push({ ref, before: old, after, forced })
  }
  return updates
}

/** Adds to errors about bytes whose bytes they were. */
export function named(error: unknown, remoteName: string, theirs: Manifest): unknown {
  if (!isVarveError(error, 'VARVE_CORRUPT') && !isVarveError(error, 'VARVE_OBJECT_MISSING')) return error
  if (error.code === 'VARVE_OBJECT_MISSING' && promisorOf(theirs) !== null) {
    return new VarveError(
      'VARVE_REFUSED',
      `'${remoteName}' is a partial clone itself, and lacks what is asked for`,
      {
        data: { ...error.data, remote: remoteName },
        cause: error,
        hint: "fetch from where it comes from, or run 'varve fetch --paths .' there",
      },
    )
  }
  return new VarveError(error.code, `cannot fetch from '${remoteName}': ${error.message}`, {
    data: { ...error.data, remote: remoteName },
    cause: error,
    hint: damagedRemoteHint,
  })
}
