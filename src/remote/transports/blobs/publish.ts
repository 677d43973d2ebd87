// One compare-and-set on a remote that is only files: run the change on the newest manifest, send everything it needs,
// then try to create the next manifest. Whoever loses the race reads what the winner wrote and tries again. The
// manifest that was read when the push began will do for the first try: if it is old, creating the next one fails.
import { fromHex } from '../../../base/bytes.ts'
import { isVarveError, throwIfAborted } from '../../../base/errors.ts'
import { randomHex } from '../../../base/platform.ts'
import { type Cid, codecOf } from '../../../encoding/cid.ts'
import { missingTarget, nextManifest, removedByGc, targetsOf } from '../../../store/change.ts'
import { cidDigest } from '../../../store/disk/digest.ts'
import type { IndexView } from '../../../store/disk/index-view.ts'
import { manifestName, segmentPath } from '../../../store/disk/layout.ts'
import type { Change, Manifest, ManifestChange, UpdateOptions } from '../../../store/interface.ts'
import { type LogEntry, type SegmentRef, encodeLogEntry, manifestRefs } from '../../../store/manifest-file.ts'
import { putAgain } from '../../../store/put-again.ts'
import { spillRefs } from '../../../store/ref-spill.ts'
import { filterRun, mergeRuns, segmentsToMerge } from '../../../store/run.ts'
import { type Run, encodeSegment, entryBytes, prefixBytes, segmentName } from '../../../store/segment.ts'
import { whileMoving } from '../../while-moving.ts'
import type { BlobHome } from './home.ts'
import type { ManifestFile, WritableBlobs } from './interface.ts'
import { LostFile } from './read.ts'
import type { BlobWriter } from './writer.ts'

export interface PublishOptions extends UpdateOptions {
  readonly home: BlobHome
  readonly writer: BlobWriter
}

/** How packs reach a remote, and how its refs are moved: by creating files here, by asking a server elsewhere. */
export interface Publisher {
  readonly upload: WritableBlobs['upload']
  /** Whoever gets a pack hashes every object in it, and names it anew: hashing it here as well would be for nothing. */
  readonly checksPacks: boolean
  /** As `Store.update`. */
  publish(change: Change, publishing: PublishOptions): Promise<Manifest>
}

export function blobsPublisher(blobs: WritableBlobs): Publisher {
  return {
    upload: (name, file, options) => blobs.upload(name, file, options),
    checksPacks: false,
    publish: (change, publishing) => publishToBlobs(change, { ...publishing, blobs }),
  }
}

interface BlobPublishing extends PublishOptions {
  readonly blobs: WritableBlobs
}

async function publishToBlobs(change: Change, publishing: BlobPublishing): Promise<Manifest> {
  const { home, writer, signal } = publishing
  for (let entry = await home.entry(); ; entry = await home.refresh()) {
    throwIfAborted(signal)
    const current = await home.manifestOf(entry)
    const wanted = await change(current)
    if (wanted === null) return current
    const next = nextManifest(current, wanted, Date.now())
    const refs = manifestRefs(next.refs, (all) => spillRefs(all, (codec, bytes) => writer.put(codec, bytes)))
    try {
      await checkWhole(home, writer, wanted)
      const run = await sent(writer, await home.view())
      // Sending may have taken longer than the next number is sure to be kept.
      if ((await home.entry()) !== entry) continue
      const head = { manifest: next, refs, oldest: entry.oldest, previous: entry.digest }
      if (!(await commit(publishing, head, entry.segments, run))) continue
    } catch (error) {
      // A gc took a segment that was to be merged: its manifest is newer.
      if (error instanceof LostFile) continue
      throw error
    }
    await writer.clear()
    return next
  }
}

/** Where the packs that were sent hold each object that the remote has not (store/disk/publish.ts); null: none. */
async function sent(writer: BlobWriter, view: IndexView): Promise<Run | null> {
  const spool = await writer.flush()
  const all = mergeRuns(spool?.segments() ?? [])
  const isNew = (at: number): boolean => {
    const codec = all.entries[at + entryBytes - 1]! & 1 ? 'dag-cbor' : 'raw'
    return view.find(all.entries.subarray(at, at + prefixBytes), codec) === null
  }
  const run = filterRun(all, isNew)
  return run.entries.length === 0 ? null : run
}

/** Writes a manifest; returns false when another process has taken its number. */
export async function createManifest(
  home: BlobHome,
  blobs: WritableBlobs,
  file: ManifestFile,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const isMade = await blobs.create(manifestName(file.sequence), file.bytes, { signal })
  if (!isMade && !(await isOurs(home, file))) return false
  home.learn(file)
  return true
}

/** The answer to a create may be lost, and its repetition then finds the file there. */
async function isOurs(home: BlobHome, { sequence, bytes }: ManifestFile): Promise<boolean> {
  const found = await home.readManifest(sequence)
  return found !== null && Buffer.compare(found.bytes, bytes) === 0
}

async function commit(
  { home, blobs, signal }: BlobPublishing,
  head: Omit<LogEntry, 'segments'>,
  before: readonly SegmentRef[],
  run: Run | null,
): Promise<boolean> {
  const segments = [...before]
  let made: SegmentRef | null = null
  if (run !== null) {
    const count = run.entries.length / entryBytes
    const taken = segments.splice(
      segments.length -
        segmentsToMerge(
          segments.map(({ objects }) => objects),
          count,
        ),
    )
    const merged = mergeRuns([...(await Promise.all(taken.map((ref) => home.segment(ref)))), run])
    made = await createSegment(home, blobs, merged, signal)
    segments.push(made)
  }
  const bytes = encodeLogEntry({ ...head, segments })
  const file = { sequence: head.manifest.sequence, bytes }
  const where = { location: home.location, signal }
  if (await whileMoving(where, () => createManifest(home, blobs, file, signal))) return true
  // Its name is random, so no other manifest can stand on it.
  if (made !== null) await blobs.remove([segmentPath(made.name)], { signal })
  return false
}

export async function createSegment(
  home: BlobHome,
  blobs: WritableBlobs,
  run: Run,
  signal: AbortSignal | undefined,
): Promise<SegmentRef> {
  const bytes = encodeSegment(run, fromHex(randomHex(8)))
  const name = segmentName(bytes)
  await blobs.create(segmentPath(name), bytes, { signal })
  home.remember(bytes, name)
  return { name, objects: run.entries.length / entryBytes, bytes: bytes.length }
}

/** What the change names is there, and after a gc everything that the writer took for present still is. */
async function checkWhole(home: BlobHome, writer: BlobWriter, change: ManifestChange): Promise<void> {
  const view = await home.view()
  const before = writer.view
  if (before !== null && before.entry.manifest.gcEpoch !== view.entry.manifest.gcEpoch) {
    await recheck(writer, before, view)
  }
  writer.view = view
  const lost = targetsOf(change).find((cid) => !writer.isPending(cid) && !isIn(view, cid))
  if (lost !== undefined) throw missingTarget(lost, home.location)
}

/** As on a disk (store/disk/recheck.ts). */
async function recheck(writer: BlobWriter, before: IndexView, view: IndexView): Promise<void> {
  writer.view = view
  try {
    await putAgain(writer, {
      wasHere: (cid) => isIn(before, cid),
      isHere: (cid) => isIn(view, cid),
      read: (cids) => writer.home.readFrom(before, cids),
    })
  } catch (cause) {
    if (!(cause instanceof LostFile) && !isVarveError(cause, 'VARVE_OBJECT_MISSING')) throw cause
    throw removedByGc(cause)
  }
}

function isIn(view: IndexView, cid: Cid): boolean {
  return view.find(cidDigest(cid), codecOf(cid)) !== null
}
