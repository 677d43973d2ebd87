// Fetch: brings what a remote's branches reach into the local store and moves the remote-tracking refs, in one
// compare-and-set that comes last. Everything received is bounded, hashed and walked to its leaves before it counts;
// a remote that lies, breaks off or names its refs badly leaves no trace here. A fetch that finds nothing new has
// read one manifest of the remote and nothing else.
import { VarveError, isVarveError } from '../base/errors.ts'
import { type Cid, isCid } from '../encoding/cid.ts'
import { branchPrefix, checkRefName, remotePrefix, tagPrefix } from '../history/refs.ts'
import type { Manifest, ObjectReader, ObjectWriter, Store } from '../store/interface.ts'
import { CheckedReader } from './checked-reader.ts'
import type { RefUpdate, TransferOptions, TransferReport } from './interface.ts'
import { descends, knownHistory, peelAll } from './negotiate.ts'
import { type Receiver, committedRefs, withFreshEpoch, withReceiver } from './receive.ts'
import { verifyReceived } from './received-trees.ts'
import { checkRemoteName } from './remotes.ts'
import { type Copied, copyClosure } from './transfer.ts'

/** More refs than this no store of ours holds gladly, and none should make us read. */
const refsMax = 1_000_000

export interface FetchOptions extends TransferOptions {
  readonly remoteName: string
  /** Removes remote-tracking refs whose branch the remote no longer has. */
  readonly prune?: boolean
}

/** The remote's names that count: branches and tags. All are checked before any is used. */
export interface Advertised {
  readonly branches: ReadonlyMap<string, Cid>
  readonly tags: ReadonlyMap<string, Cid>
  /** Full name of its current branch, or null. */
  readonly head: string | null
}

export interface FetchReport extends TransferReport {
  readonly advertised: Advertised
}

/** @throws VarveError VARVE_CORRUPT, VARVE_OBJECT_MISSING, VARVE_REFUSED when the remote is not to be trusted */
export async function fetchRefs(local: Store, remote: Store, options: FetchOptions): Promise<FetchReport> {
  checkRemoteName(options.remoteName)
  const advertised = readAdvertised(await remote.manifest())
  try {
    const report = await withFreshEpoch(local, (before, sameEpoch) =>
      fetchAdvertised(local, remote, before, sameEpoch, advertised, options),
    )
    return { ...report, advertised }
  } catch (error) {
    throw named(error, options.remoteName)
  }
}

async function fetchAdvertised(
  local: Store,
  remote: Store,
  before: Manifest,
  sameEpoch: (current: Manifest) => void,
  advertised: Advertised,
  options: FetchOptions,
): Promise<TransferReport> {
  const branches = changedBranches(before, advertised, options)
  const newTags = [...advertised.tags].filter(([ref]) => !before.refs.has(ref))
  if (branches.size + newTags.length === 0) return { updates: [], objects: 0, bytes: 0 }
  return withReceiver(local, 'fetch', async (receiver) => {
    const { writer } = receiver
    const copied = await copyBranches(local, remote, receiver, before, [...branches.values()], options)
    await verifyReceived(writer, copied.commits, options.signal)
    const tags = await followTags(local, remote, writer, before, copied.commits, newTags)
    const refs = new Map<string, Cid | null>([...branches, ...tags])
    if (refs.size === 0) return { updates: [], objects: copied.objects, bytes: copied.bytes }
    const updates = await describe(writer, before, refs)
    await local.update(
      (current) => {
        sameEpoch(current)
        // A tag made here meanwhile stays ours.
        const moving = [...refs].filter(([ref]) => !ref.startsWith(tagPrefix) || !current.refs.has(ref))
        return {
          refs: new Map(moving),
          operation: { name: 'fetch', message: options.remoteName, author: '' },
        }
      },
      { writer, signal: options.signal },
    )
    return { updates, objects: copied.objects, bytes: copied.bytes }
  })
}

async function copyBranches(
  local: Store,
  remote: Store,
  receiver: Receiver,
  before: Manifest,
  targets: readonly (Cid | null)[],
  options: FetchOptions,
): Promise<Copied> {
  const wants = targets.filter((target) => target !== null)
  return copyClosure(remote, local, receiver, wants, committedRefs(before), {
    local: 'receiver',
    phase: 'fetching',
    signal: options.signal,
    onProgress: options.onProgress,
  })
}

/** Tracking ref -> what it becomes; null where it is pruned. */
function changedBranches(
  before: Manifest,
  advertised: Advertised,
  options: FetchOptions,
): Map<string, Cid | null> {
  const prefix = `${remotePrefix}${options.remoteName}/`
  const changed = new Map<string, Cid | null>()
  for (const [ref, target] of advertised.branches) {
    const tracking = prefix + ref.slice(branchPrefix.length)
    if (before.refs.get(tracking) !== target) changed.set(tracking, target)
  }
  if (options.prune !== true) return changed
  for (const ref of before.refs.keys()) {
    if (ref.startsWith(prefix) && !advertised.branches.has(branchPrefix + ref.slice(prefix.length)))
      changed.set(ref, null)
  }
  return changed
}

/** Tags come along when their commit is here; their own objects are small and read at once. */
async function followTags(
  local: ObjectReader,
  remote: ObjectReader,
  writer: ObjectWriter,
  before: Manifest,
  fetched: ReadonlySet<Cid>,
  tags: readonly (readonly [string, Cid])[],
): Promise<[string, Cid][]> {
  if (tags.length === 0) return []
  const source = new CheckedReader(remote)
  const peeled = await peelAll(
    source,
    tags.map(([, target]) => target),
  )
  const history = await knownHistory(local, committedRefs(before))
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

/** @throws VarveError VARVE_REFUSED for a name that could do harm here */
export function readAdvertised(manifest: Manifest): Advertised {
  if (manifest.refs.size > refsMax) throw refused('it has absurdly many refs', {})
  const branches = new Map<string, Cid>()
  const tags = new Map<string, Cid>()
  for (const [ref, target] of manifest.refs) {
    const kind = ref.startsWith(branchPrefix) ? 'branch' : ref.startsWith(tagPrefix) ? 'tag' : null
    if (kind === null) continue
    checkAdvertised(ref, kind, target)
    ;(kind === 'branch' ? branches : tags).set(ref, target)
  }
  if (manifest.head?.startsWith(branchPrefix) === true) checkAdvertised(manifest.head, 'branch', null)
  const head = manifest.head?.startsWith(branchPrefix) === true ? manifest.head : null
  return { branches, tags, head }
}

function checkAdvertised(ref: string, kind: 'branch' | 'tag', target: Cid | null): void {
  try {
    checkRefName(ref.slice((kind === 'branch' ? branchPrefix : tagPrefix).length), kind)
  } catch (cause) {
    throw refused(`it has a ${kind} with an unsafe name`, { ref }, cause)
  }
  if (target !== null && !isCid(target)) throw refused(`its ${kind} '${ref}' names no object`, { ref })
}

function refused(why: string, data: Record<string, unknown>, cause?: unknown): VarveError {
  return new VarveError('VARVE_REFUSED', `the remote is not accepted: ${why}`, {
    data,
    cause,
    hint: 'nothing was changed here; ask whoever keeps the remote to repair it',
  })
}

/** Errors about bytes say whose bytes they were. */
function named(error: unknown, remoteName: string): unknown {
  if (!isVarveError(error, 'VARVE_CORRUPT') && !isVarveError(error, 'VARVE_OBJECT_MISSING')) return error
  return new VarveError(error.code, `cannot fetch from '${remoteName}': ${error.message}`, {
    data: { ...error.data, remote: remoteName },
    cause: error,
    hint: "nothing was changed here; run 'varve fsck' in the remote repository",
  })
}
