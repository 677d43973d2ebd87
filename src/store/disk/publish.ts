// One compare-and-set: run the change on the newest manifest, make everything it needs durable, then try to create
// the next manifest. Order on disk: packs, segment, directories, manifest. Losing the race costs only another turn.
import path from 'node:path'
import { fromHex } from '../../base/bytes.ts'
import { VarveError, isVarveError, throwIfAborted } from '../../base/errors.ts'
import { randomHex } from '../../base/platform.ts'
import { missingTarget, nextManifest, targetsOf } from '../change.ts'
import type { Change, Manifest, ManifestChange, UpdateOptions } from '../interface.ts'
import { type LogEntry, type SegmentRef, encodeLogEntry, manifestRefs } from '../manifest-file.ts'
import { spillRefs } from '../ref-spill.ts'
import { mergeRuns, runOf, segmentsToMerge } from '../run.ts'
import { type Run, encodeSegment, entryBytes } from '../segment.ts'
import { isMissing, remove, rename, syncDir, writeTmp } from './files.ts'
import type { DiskHome } from './home.ts'
import { type IndexView, remember } from './index-view.ts'
import { segmentPath } from './layout.ts'
import { recheck } from './recheck.ts'
import { DiskWriter } from './writer.ts'

export type Flushed = Awaited<ReturnType<DiskWriter['flush']>>

export async function publish(home: DiskHome, change: Change, options: UpdateOptions): Promise<Manifest> {
  if (
    options.writer !== undefined &&
    !(options.writer instanceof DiskWriter && options.writer.home === home)
  ) {
    throw new TypeError('a writer publishes through the store that made it')
  }
  const writer = options.writer ?? new DiskWriter(home)
  for (;;) {
    throwIfAborted(options.signal)
    const view = home.refresh()
    const current = home.manifestOf(view.entry)
    const wanted = await change(current)
    if (wanted === null) return current
    const next = nextManifest(current, wanted, Date.now())
    let flushed: Flushed = { packs: [], objects: [] }
    const offer = { isOpen: false }
    try {
      const refs = manifestRefs(next.refs, (all) =>
        spillRefs(all, (codec, bytes) => writer.put(codec, bytes)),
      )
      await recheck(writer, view)
      checkTargets(writer, view, wanted)
      const head = { manifest: next, refs, oldest: view.entry.oldest, previous: view.entry.digest }
      flushed = firstPlaces(await writer.flush(), writer, view)
      // A race that is lost already need not be run.
      if (home.log.newest() !== view.entry) continue
      if (!(await commit(home, view, { head, flushed, offer }))) continue
    } catch (error) {
      if (!offer.isOpen && isMissing(error) && home.refresh() !== view) continue
      // After a failed write nothing of it stays behind, and the writer takes no further part.
      if (offer.isOpen) writer.published(home.view(), flushed.packs)
      if (!isVarveError(error) || failures.has(error.code)) await writer.fail(error)
      throw offer.isOpen ? inDoubt(error) : error
    }
    writer.published(home.latest(), flushed.packs)
    await home.log.sync().catch((error: unknown) => {
      throw inDoubt(error)
    })
    return next
  }
}

/**
 * An object that somebody published meanwhile stays where they put it: what they made stands on it there, and if ours took
 * its place, as a delta of something of theirs even, the two could stand on each other.
 */
function firstPlaces({ packs, objects }: Flushed, writer: DiskWriter, view: IndexView): Flushed {
  if (writer.since === view) return { packs, objects }
  return { packs, objects: objects.filter(({ digest, codec }) => view.find(digest, codec) === null) }
}

const failures: ReadonlySet<string> = new Set(['VARVE_IO', 'VARVE_DISK_FULL', 'VARVE_CORRUPT'])

interface Turn {
  readonly head: Omit<LogEntry, 'segments'>
  readonly flushed: Flushed
  /** Open where it failed and the manifest may be there all the same: what it names must stay then. */
  readonly offer: { isOpen: boolean }
}

/** Writes the segment and the manifest of a turn; false when another process took the number. */
async function commit(home: DiskHome, view: IndexView, { head, flushed, offer }: Turn): Promise<boolean> {
  const dirs = new Set(flushed.packs.map((pack) => path.dirname(pack.file)))
  const segments = [...view.entry.segments]
  let segment: SegmentRef | null = null
  let won = false
  try {
    if (flushed.objects.length > 0) {
      const counts = segments.map(({ objects }) => objects)
      const loaded = view.segments()
      const taken = segmentsToMerge(counts, flushed.objects.length)
      segments.splice(segments.length - taken)
      segment = await writeSegment(
        home,
        mergeRuns([...loaded.slice(loaded.length - taken), runOf(flushed.objects)]),
      )
      segments.push(segment)
      dirs.add(path.join(home.dir, 'idx'))
    }
    await Promise.all([...dirs].map((dir) => syncDir(dir)))
    won = await home.log.append(head.manifest.sequence, encodeLogEntry({ ...head, segments }))
    return won
  } catch (error) {
    offer.isOpen = mayBeThere(home, head.manifest.sequence)
    throw error
  } finally {
    // Its name is random, so no other manifest can stand on it.
    if (!won && !offer.isOpen && segment !== null) removeSegment(home, segment)
  }
}

/** The manifest may stand, though not flushed: nobody may be told that nothing has changed. */
function inDoubt(error: unknown): unknown {
  if (!isVarveError(error)) return error
  return new VarveError(error.code, error.message, {
    data: error.data,
    cause: error,
    hint: "it may be done all the same, though not safe from a power cut: see 'varve reflog' before you run it again",
  })
}

/** Whether a manifest whose creation failed is there all the same: then what it names must stay. */
export function mayBeThere(home: DiskHome, sequence: number): boolean {
  try {
    return home.log.read(sequence) !== null
  } catch {
    return true
  }
}

/** Writes a segment. It is durable once its directory is synced. */
export async function writeSegment(home: DiskHome, run: Run): Promise<SegmentRef> {
  const bytes = encodeSegment(run, fromHex(randomHex(8)))
  const name = remember(home.segments, bytes)
  const tmp = await writeTmp(home.dir, bytes)
  try {
    rename(tmp, path.join(home.dir, segmentPath(name)))
  } catch (error) {
    remove(tmp)
    throw error
  }
  return { name, objects: run.entries.length / entryBytes, bytes: bytes.length }
}

export function removeSegment(home: DiskHome, segment: SegmentRef): void {
  home.segments.delete(segment.name)
  remove(path.join(home.dir, segmentPath(segment.name)))
}

function checkTargets(writer: DiskWriter, view: IndexView, change: ManifestChange): void {
  const lost = targetsOf(change).find(
    (cid) => !writer.isPending(cid) && writer.home.locate(cid, view) === null,
  )
  if (lost !== undefined) throw missingTarget(lost, writer.home.dir)
}
