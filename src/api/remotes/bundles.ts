// Bundles through the public API: which refs go in, and what is in one, in plain words.
import { VarveError } from '../../base/errors.ts'
import type { Cid, CommitCid } from '../../encoding/cid.ts'
import { branchPrefix, noCommitsYet, notesRef, shortRefName, tagPrefix } from '../../history/refs.ts'
import { resolveRevision, splitRange } from '../../history/revision.ts'
import { readHorizon } from '../../history/horizon.ts'
import { knownHistory } from '../../remote/known-history.ts'
import { committedRefs } from '../../remote/receive.ts'
import type { Manifest, Store } from '../../store/interface.ts'
import { idOf } from '../info.ts'
import type { OperationOptions } from '../interface.ts'
import { refuseInStore } from '../place.ts'

export interface CreateBundleOptions extends OperationOptions {
  /** Branches, tags and 'refs/notes/commits'; 'A..B' is branch or tag B without what A reaches, as is '^A' beside B. None: the current branch. */
  readonly revisions?: readonly string[]
  /** All branches and tags, and the notes. */
  readonly all?: boolean
  /** Revisions: what they reach is left out, and must be had by whoever fetches from the bundle. */
  readonly since?: readonly string[]
}

export interface BundleInfo {
  readonly file: string
  /** Length of the file. */
  readonly bytes: number
  /** The branch that a clone begins with. */
  readonly head: string | null
  /** Full names, and ids of what they name. */
  readonly refs: readonly { readonly ref: string; readonly target: string }[]
  /** Ids of the commits that it continues from. */
  readonly needs: readonly string[]
  readonly objects: number
}

export interface BundleVerdict extends BundleInfo {
  readonly problems: readonly { readonly where: string; readonly what: string }[]
  /** The commits it continues from that the repository asked does not have; null when none was asked. */
  readonly lacking: readonly string[] | null
}

export async function createBundleOf(
  store: Store,
  file: string,
  options: CreateBundleOptions,
): Promise<BundleInfo> {
  refuseInStore(file)
  const manifest = await store.manifest()
  const { refs, since } = await chosen(store, manifest, options)
  const head = manifest.head !== null && refs.has(manifest.head) ? manifest.head : null
  const { createBundle } = await import('../../remote/transports/bundle/create.ts')
  await createBundle(store, file, { ...options, refs, head, since })
  return readBundle(file)
}

/** What a bundle says of itself. @throws VarveError VARVE_PATH_NOT_FOUND, VARVE_CORRUPT, VARVE_UNSUPPORTED_FORMAT, VARVE_IO */
export async function readBundle(file: string): Promise<BundleInfo> {
  const { BundleStore } = await import('../../remote/transports/bundle/store.ts')
  const { header, segment, bytes } = await BundleStore.open(file)
  return {
    file,
    bytes,
    head: header.head === null ? null : shortRefName(header.head),
    refs: [...header.refs].map(([ref, cid]) => ({ ref, target: idOf(cid) })),
    needs: header.needs.map((cid) => idOf(cid)),
    objects: segment.count,
  }
}

/** Reads every byte of a bundle. */
export async function verifyBundle(file: string, options: OperationOptions = {}): Promise<BundleVerdict> {
  return verifyAgainst(null, file, options)
}

export async function verifyAgainst(
  store: Store | null,
  file: string,
  options: OperationOptions,
): Promise<BundleVerdict> {
  const { BundleStore } = await import('../../remote/transports/bundle/store.ts')
  const { checkBundle } = await import('../../remote/transports/bundle/verify.ts')
  const info = await readBundle(file)
  const bundle = await BundleStore.open(file)
  const { problems } = await checkBundle(bundle, options)
  const lacking = store === null ? null : await lackingIn(store, bundle.header.needs)
  return { ...info, problems, lacking: lacking?.map((cid) => idOf(cid)) ?? null }
}

async function lackingIn(store: Store, needs: readonly CommitCid[]): Promise<CommitCid[]> {
  const manifest = await store.manifest()
  const { commits } = await readHorizon(store, manifest)
  const history = await knownHistory(store, committedRefs(manifest), commits)
  const lacking: CommitCid[] = []
  for (const cid of needs) if ((await history.find(cid)) === null) lacking.push(cid)
  return lacking
}

async function chosen(
  store: Store,
  manifest: Manifest,
  { revisions = [], all, since = [] }: CreateBundleOptions,
): Promise<{ refs: Map<string, Cid>; since: CommitCid[] }> {
  const refs = new Map<string, Cid>()
  const without = [...since]
  if (all === true) {
    for (const [ref, cid] of manifest.refs) if (isBundled(ref)) refs.set(ref, cid)
  }
  for (const revision of revisions.length === 0 && all !== true ? ['HEAD'] : revisions) {
    const range = splitRange(revision)
    if (range?.symmetric === true) throw notARef(revision)
    if (range !== null) without.push(range.from)
    if (revision.startsWith('^')) without.push(revision.slice(1))
    else {
      const ref = refOf(manifest, range?.to ?? revision)
      refs.set(ref, manifest.refs.get(ref)!)
    }
  }
  const commits: CommitCid[] = []
  for (const revision of without) commits.push((await resolveRevision(store, revision, manifest)).commit)
  return { refs, since: commits }
}

function refOf(manifest: Manifest, name: string): string {
  const named = name === 'HEAD' || name === '@' ? (manifest.head ?? 'HEAD') : name
  const ref = [named, branchPrefix + named, tagPrefix + named].find(
    (one) => isBundled(one) && manifest.refs.has(one),
  )
  if (ref !== undefined) return ref
  if (named === manifest.head) throw noCommitsYet(named)
  throw notARef(name)
}

function isBundled(ref: string): boolean {
  return ref.startsWith(branchPrefix) || ref.startsWith(tagPrefix) || ref === notesRef
}

function notARef(name: string): VarveError {
  return new VarveError('VARVE_REF_NOT_FOUND', `'${name}' is neither a branch nor a tag`, {
    data: { name },
    hint: "what a bundle holds needs a name: make one with 'varve branch NAME REV' or 'varve tag NAME REV'",
  })
}
