// Garbage collection of a remote that is only files. It marks what the kept manifests reach, puts small packs together
// (repack.ts), publishes an index of the living under a new gcEpoch, and only then removes files that nobody names. Large
// packs are not packed anew: that would send everything over the network twice, so one stays as long as one object in it
// lives. After any error, or where the listing is empty, nothing is removed; files go only when the gc before this one lies
// longer back than the grace.
import path from 'node:path'
import { throwIfAborted } from '../../../base/errors.ts'
import { type Cid, codecOf } from '../../../encoding/cid.ts'
import { nextManifest } from '../../../store/change.ts'
import { cidDigest } from '../../../store/disk/digest.ts'
import { entryNameAt, entryNameOf, packsAfter } from '../../../store/disk/gc-plan.ts'
import { manifestName, packPath, segmentPath } from '../../../store/disk/layout.ts'
import type { LoggedEntry } from '../../../store/disk/log.ts'
import type { IndexView } from '../../../store/disk/index-view.ts'
import { packBytesOf } from '../../../store/index-stats.ts'
import { type GcOptions, type GcReport, manifestsKeptMaxDefault } from '../../../store/interface.ts'
import { type SegmentRef, encodeLogEntry } from '../../../store/manifest-file.ts'
import { mark } from '../../../store/mark.ts'
import { filterRun, mergeRuns } from '../../../store/run.ts'
import { type Run, entryBytes } from '../../../store/segment.ts'
import { type BlobHome, entryOf } from './home.ts'
import type { WritableBlobs } from './interface.ts'
import { createManifest, createSegment } from './publish.ts'
import { Repack, smallPacksOf } from './repack.ts'

const graceMsDefault = 24 * 3_600_000
/** Files that were never published may be somebody's who is still sending them. */
const orphanMsMin = 3_600_000
const recordsMax = 512

/** What the turns of one gc know. */
interface Work {
  readonly home: BlobHome
  readonly blobs: WritableBlobs
  readonly options: GcOptions
  /** All that was found to live, by any turn. */
  readonly marked: Set<Cid>
  /** null: not decided yet; 'none': there are few small packs. */
  repack: Repack | 'none' | null
}

export async function gcBlobs(home: BlobHome, blobs: WritableBlobs, options: GcOptions): Promise<GcReport> {
  const work: Work = { home, blobs, options, marked: new Set(), repack: null }
  try {
    for (;;) {
      throwIfAborted(options.signal)
      await home.refresh()
      const report = await turn(work, await home.view())
      if (report !== null) return report
    }
  } finally {
    if (work.repack instanceof Repack) await work.repack.end()
  }
}

/** One try; null when somebody else published meanwhile. */
async function turn(work: Work, view: IndexView): Promise<GcReport | null> {
  const { home, blobs, options, marked } = work
  const { entry } = view
  const newest = entry.manifest.sequence
  const oldest = Math.max(
    entry.oldest,
    newest + 1 - Math.max(1, options.manifestsKeptMax ?? manifestsKeptMaxDefault),
  )
  const kept = await keptEntries(home, entry, oldest)
  await markKept(home, kept, marked, options)
  const all = mergeRuns(view.segments())
  const names = new Set([...marked].map((cid) => entryNameOf(cid)))
  const living = filterRun(all, (at) => names.has(entryNameAt(all, at)))
  const report = {
    objectsKept: living.entries.length / entryBytes,
    objectsDropped: (all.entries.length - living.entries.length) / entryBytes,
    bytesBefore: packBytesOf([all]),
    bytesAfter: packBytesOf([living]),
    packsBefore: all.packs.length,
    packsAfter: packsAfter(living, smallPacksOf(living)),
    filesRemoved: 0,
  }
  if (options.dryRun === true) return report
  const placed = await repacked(work, living)
  // Marking and sending may have taken longer than the next number is sure to be kept.
  if ((await home.entry()) !== entry) return null
  const changed = report.objectsDropped > 0 || placed !== living || oldest > entry.oldest
  const segments = changed
    ? await publishLiving(work, { entry, living: placed, oldest }, options)
    : entry.segments
  if (segments === null) return null
  const live = new Set([
    ...placed.packs.map(({ name }) => packPath(name)),
    ...segments.map(({ name }) => segmentPath(name)),
  ])
  const removable = await deadFiles(blobs, view, kept, live, options)
  for (let sequence = entry.oldest; sequence < oldest; sequence++) removable.unshift(manifestName(sequence))
  await blobs.remove(removable, { signal: options.signal })
  const uploads = (await blobs.removeUploads?.({ signal: options.signal })) ?? 0
  const filesRemoved = removable.length + uploads
  return { ...report, bytesAfter: packBytesOf([placed]), packsAfter: placed.packs.length, filesRemoved }
}

/** `living` itself where there is nothing to put together. Which packs are, the first turn says. */
async function repacked(work: Work, living: Run): Promise<Run> {
  const { home, blobs, options, marked } = work
  if (work.repack === null) {
    const victims = smallPacksOf(living)
    const dir = path.join(home.cache.dir, 'repack')
    const { signal } = options
    work.repack = victims.size === 0 ? 'none' : await Repack.begin(home, blobs, { victims, dir, signal })
  }
  if (work.repack === 'none') return living
  await work.repack.send(living, marked)
  return work.repack.placed(living)
}

async function keptEntries(home: BlobHome, newest: LoggedEntry, oldest: number): Promise<LoggedEntry[]> {
  const kept = [newest]
  for (let sequence = newest.manifest.sequence - 1; sequence >= oldest; sequence--) {
    const file = await home.readManifest(sequence)
    if (file === null) break
    kept.push(entryOf(file))
  }
  return kept
}

/** Marks all that the kept manifests reach, and the bases of its deltas. */
async function markKept(
  home: BlobHome,
  kept: readonly LoggedEntry[],
  marked: Set<Cid>,
  options: GcOptions,
): Promise<void> {
  const roots = kept.flatMap(({ refs }) => (typeof refs === 'string' ? [refs] : [...refs.values()]))
  const reader = {
    get: (cids: readonly Cid[]) => home.read(cids),
    has: (cids: readonly Cid[]) => home.has(cids),
  }
  await mark(reader, roots, marked, { ...options, absent: await options.absent?.() })
  const view = await home.view()
  let deltas = [...marked].filter((cid) => isDelta(view, cid))
  while (deltas.length > 0) {
    throwIfAborted(options.signal)
    const bases = new Set<Cid>()
    for (let at = 0; at < deltas.length; at += recordsMax) {
      for (const { base } of await home.readStored(deltas.slice(at, at + recordsMax)))
        if (base !== null && !marked.has(base)) bases.add(base)
    }
    for (const base of bases) marked.add(base)
    deltas = [...bases].filter((cid) => isDelta(view, cid))
  }
}

function isDelta(view: IndexView, cid: Cid): boolean {
  return (view.find(cidDigest(cid), codecOf(cid))?.depth ?? 0) > 0
}

/** The segments of the new manifest; null when somebody else has published one. */
async function publishLiving(
  { home, blobs }: Work,
  { entry, living, oldest }: { readonly entry: LoggedEntry; readonly living: Run; readonly oldest: number },
  { signal }: GcOptions,
): Promise<readonly SegmentRef[] | null> {
  const current = await home.manifestOf(entry)
  const operation = { name: 'gc', message: '', author: '' }
  const { refs: _, ...next } = nextManifest(current, { operation }, Date.now())
  const segments: SegmentRef[] =
    living.entries.length === 0 ? [] : [await createSegment(home, blobs, living, signal)]
  const manifest = { ...next, gcEpoch: current.gcEpoch + 1 }
  const bytes = encodeLogEntry({ manifest, refs: entry.refs, segments, oldest, previous: entry.digest })
  const won = await createManifest(home, blobs, { sequence: next.sequence, bytes }, signal)
  if (!won) for (const { name } of segments) await blobs.remove([segmentPath(name)], { signal })
  return won ? segments : null
}

async function deadFiles(
  blobs: WritableBlobs,
  before: IndexView,
  kept: readonly LoggedEntry[],
  live: ReadonlySet<string>,
  options: GcOptions,
): Promise<string[]> {
  const graceMs = options.graceMs ?? graceMsDefault
  const lastGc = kept.find(({ manifest }) => manifest.operation.name === 'gc')
  if (graceMs > 0 && Date.now() - (lastGc?.manifest.timeMs ?? 0) < graceMs) return []
  const retired = new Set([
    ...before.entry.segments.map(({ name }) => segmentPath(name)),
    ...before.segments().flatMap((segment) => segment.packs.map(({ name }) => packPath(name))),
  ])
  const dead: string[] = []
  for (const prefix of ['packs/', 'idx/']) {
    for await (const { name, ageMs } of blobs.list(prefix, { signal: options.signal })) {
      const isRetired = retired.has(name)
      // What has just been retired may still be read by somebody: it goes with the next gc.
      const isOld = isRetired ? graceMs <= 0 : ageMs >= Math.max(graceMs, orphanMsMin)
      if (!live.has(name) && isOld) dead.push(name)
    }
  }
  return dead
}
