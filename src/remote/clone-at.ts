// A clone of one revision, made for machines that need a dataset and not its history: the commit and no other (or as
// many as the depth says), all other branches left where they are. A branch's name gives that branch with its upstream;
// a tag, an id or 'main~3' gives a detached HEAD.
import { VarveError, isVarveError } from '../base/errors.ts'
import type { Cid, CommitCid } from '../encoding/cid.ts'
import { branchPrefix, remotePrefix, shortRefName, tagPrefix } from '../history/refs.ts'
import { type ResolvedRevision, resolveRevision } from '../history/revision.ts'
import type { Manifest, ManifestChange, Store } from '../store/interface.ts'
import { type Advertised, readAdvertised } from './advertised.ts'
import { CheckedReader } from './checked-reader.ts'
import type { CloneOptions, CloneReport } from './clone.ts'
import { horizonChange, named, receiveCommits } from './fetch.ts'
import { LocalFirstReader } from './local-first-reader.ts'
import type { Source } from './interface.ts'
import { withFreshEpoch, withReceiver } from './receive.ts'
import { partialSettings } from './selection.ts'
import { promisedRef } from '../repo/interface.ts'
import { checkRemoteName, checkRemoteUrl, upstreamKey, urlKey } from './remotes.ts'

/** So many names are listed. */
const namesMax = 20

export interface CloneAtOptions extends CloneOptions {
  /** A revision of the remote. */
  readonly at: string
}

/** `local` is a new store without refs. @throws what fetchRefs throws, and VarveError VARVE_REF_NOT_FOUND */
export async function cloneAt(local: Store, remote: Source, options: CloneAtOptions): Promise<CloneReport> {
  const remoteName = checkRemoteName(options.remoteName ?? 'origin')
  checkRemoteUrl(options.url)
  const theirs = await remote.manifest()
  const advertised = readAdvertised(theirs)
  try {
    const found = await findThere(local, remote, { theirs, advertised }, options.at)
    const want = found.ref === null ? found.commit : theirs.refs.get(found.ref)!
    return await withFreshEpoch(local, (before, sameState) =>
      withReceiver(local, 'clone', async (receiver) => {
        const depth = options.depth ?? 1
        const reception = { before, theirs, wants: [want] }
        const { copied, horizon } = await receiveCommits(local, remote, receiver, reception, {
          ...options,
          depth,
        })
        const ends = horizonChange(receiver.writer, before, horizon)
        const change = changeFor(found, want, { ...options, remoteName })
        await local.update(
          (current) => {
            sameState(current)
            return { ...change, refs: new Map([...change.refs!, ...ends]) }
          },
          { writer: receiver.writer, signal: options.signal },
        )
        const { objects, bytes } = copied
        return { updates: [], objects, bytes, ref: change.head ?? 'HEAD', head: found.commit }
      }),
    )
  } catch (error) {
    throw named(error, remoteName, theirs)
  }
}

/** Only names that were checked are looked at, and every object is hashed. */
async function findThere(
  local: Store,
  remote: Source,
  { theirs, advertised }: { readonly theirs: Manifest; readonly advertised: Advertised },
  revision: string,
): Promise<ResolvedRevision> {
  const { branches, tags, head } = advertised
  // What was read once is remembered: a name is looked at several times until it is a commit.
  const reader = new LocalFirstReader(local, new CheckedReader(remote))
  const visible = { ...theirs, head, refs: new Map([...branches, ...tags]) }
  const names = {
    get: reader.get.bind(reader),
    has: reader.has.bind(reader),
    getStored: reader.getStored.bind(reader),
    manifest: async () => visible,
    manifests: () => remote.manifests(),
    pastIsFar: true,
  }
  return resolveRevision(names, revision, visible).catch((error: unknown) => {
    throw isVarveError(error, 'VARVE_REF_NOT_FOUND') && error.data['near'] === undefined
      ? notThere(error, [...branches.keys(), ...tags.keys()].map(shortRefName))
      : error
  })
}

/** The same, with what there is: there is no repository yet in which somebody could look. */
function notThere({ message, data }: VarveError, names: readonly string[]): VarveError {
  const more = names.length > namesMax ? `, and ${names.length - namesMax} more` : ''
  return new VarveError('VARVE_REF_NOT_FOUND', `the remote has ${message}`, {
    data,
    hint:
      names.length === 0
        ? 'it has no branches and tags yet'
        : `there are: ${names.slice(0, namesMax).join(', ')}${more}`,
  })
}

function changeFor(
  { ref, commit }: ResolvedRevision,
  want: Cid,
  options: CloneAtOptions & { remoteName: string },
): ManifestChange {
  const { remoteName, url, partial = null } = options
  const settings = new Map<string, string>([
    [urlKey(remoteName), url],
    ...(partial === null ? [] : partialSettings(remoteName, partial)),
  ])
  const operation = { name: 'clone', message: `${url} at ${options.at}`, author: '' }
  if (ref?.startsWith(branchPrefix) === true) {
    const tracking = `${remotePrefix}${remoteName}/${shortRefName(ref)}`
    settings.set(upstreamKey(shortRefName(ref)), tracking)
    return { head: ref, refs: refsOf([ref, tracking], commit), config: settings, operation }
  }
  const refs = new Map<string, Cid>(refsOf(partial === null ? ['HEAD'] : ['HEAD', promisedRef], commit))
  if (ref?.startsWith(tagPrefix) === true) refs.set(ref, want)
  return { head: null, refs, config: settings, operation }
}

function refsOf(names: readonly string[], commit: CommitCid): Map<string, Cid> {
  return new Map(names.map((name) => [name, commit]))
}
