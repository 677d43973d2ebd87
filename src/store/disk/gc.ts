// Garbage collection without locks and without trusting a clock. It marks what the kept manifests reach, copies what
// lives in packs worth rewriting, writes one segment of the living, and publishes that with a new gcEpoch by the same
// compare-and-set as a commit; if a commit was faster, it looks again. Only then are files deleted: a writer that
// began before sees the epoch and re-checks all it stands on (recheck.ts). After any error nothing is deleted.
import path from 'node:path'
import { assert } from '../../base/assert.ts'
import { corrupt, throwIfAborted } from '../../base/errors.ts'
import type { Cid } from '../../encoding/cid.ts'
import { nextManifest } from '../change.ts'
import { packBytesOf, packCount } from '../index-stats.ts'
import { type GcOptions, type GcReport, manifestsKeptMaxDefault } from '../interface.ts'
import { type LogEntry, type SegmentRef, encodeLogEntry } from '../manifest-file.ts'
import { mark } from '../mark.ts'
import { filterRun, mergeRuns, runOf } from '../run.ts'
import { type Run, entryBytes } from '../segment.ts'
import { removeAbandoned } from './abandoned.ts'
import { isMissing, remove, syncDir } from './files.ts'
import { copyLiving } from './gc-copy.ts'
import { type StoreFile, deadFiles, deleteFiles, fileSystemNow, filesOf, listFiles } from './gc-files.ts'
import { type GcPlan, packsAfter, planGc } from './gc-plan.ts'
import type { DiskHome } from './home.ts'
import type { IndexView } from './index-view.ts'
import { manifestName } from './layout.ts'
import type { LoggedEntry } from './log.ts'
import { type Flushed, mayBeThere, removeSegment, writeSegment } from './publish.ts'
import { DiskWriter } from './writer.ts'

const graceMsDefault = 24 * 3_600_000

/** What one turn sees, before it changes anything. */
interface Survey {
  readonly view: IndexView
  readonly segments: readonly Run[]
  readonly kept: readonly LoggedEntry[]
  /** Lowest sequence to keep, and the manifests that lie below it. */
  readonly oldest: number
  readonly dropped: readonly number[]
  readonly files: readonly StoreFile[]
}

export async function gcDisk(home: DiskHome, options: GcOptions): Promise<GcReport> {
  const marked = new Set<Cid>()
  const writer = new DiskWriter(home, options.aggressive)
  try {
    for (;;) {
      throwIfAborted(options.signal)
      const survey = surveyOf(home, options.manifestsKeptMax ?? manifestsKeptMaxDefault)
      const report = survey === null ? null : await turn(home, survey, marked, writer, options)
      if (report !== null) return report
    }
  } finally {
    await writer.abort()
  }
}

/** One try; null when a commit was faster. What is marked and copied already is not done again in the next. */
async function turn(
  home: DiskHome,
  survey: Survey,
  marked: Set<Cid>,
  writer: DiskWriter,
  options: GcOptions,
): Promise<GcReport | null> {
  const reader = {
    get: async (cids: readonly Cid[]) => home.read(cids),
    has: async (cids: readonly Cid[]) => home.has(cids),
  }
  // Another gc has dropped what copies of an earlier turn may stand on; what was put again since may stand on those.
  if (writer.view.entry.manifest.gcEpoch !== survey.view.entry.manifest.gcEpoch) await writer.abort()
  const absent = await options.absent?.()
  await mark(reader, rootsOf(survey), marked, { ...options, absent })
  const plan = await planGc(survey.segments, marked, {
    repacks: options.aggressive === true,
    signal: options.signal,
  })
  const planned = reportOf(plan, survey)
  if (options.dryRun === true) return planned
  const copied = await copyLiving(home, writer, marked, plan)
  const live = filesOf(survey.view.entry, survey.segments)
  const nowMs = await fileSystemNow(home.dir)
  const abandoned = removeAbandoned(home.dir, nowMs)
  const ages = { nowMs, graceMs: options.graceMs ?? graceMsDefault }
  const known = survey.kept.flatMap((entry) => [...filesOf(entry, [])])
  const dead = deadFiles(survey.files, live, new Set(known), ages)
  if (planned.objectsDropped === 0 && copied === 0 && dead.length === 0) {
    dropManifests(home, survey.dropped)
    return { ...planned, filesRemoved: abandoned }
  }
  const flushed = await writer.flush()
  const run = await livingRun(home, plan, flushed)
  const offer = { isOpen: false }
  const entry = await publishLiving(home, survey, run, offer).finally(() => {
    if (offer.isOpen) writer.published(home.latest(), flushed.packs)
  })
  if (entry === null) return null
  // Nothing is deleted before the manifest that no longer needs it is durable.
  await home.log.sync()
  const still = filesOf(entry, [run])
  const retired = [...live].filter((name) => !still.has(name))
  dropManifests(home, survey.dropped)
  return {
    ...planned,
    bytesAfter: packBytesOf([run]),
    packsAfter: run.packs.length,
    filesRemoved: abandoned + deleteFiles(home.dir, dead, retired, ages.graceMs),
  }
}

/** null when another gc removed a file while we looked: then there is a newer manifest to begin with. */
function surveyOf(home: DiskHome, manifestsKeptMax: number): Survey | null {
  const view = home.refresh()
  try {
    const newest = view.entry.manifest.sequence
    const oldest = Math.max(view.entry.oldest, newest + 1 - Math.max(1, manifestsKeptMax))
    const sequences = home.log.sequences()
    const dropped = sequences.filter((sequence) => sequence < oldest)
    const older = sequences.filter((sequence) => sequence >= oldest && sequence < newest)
    const kept = older.map((sequence) => home.log.read(sequence)).filter((entry) => entry !== null)
    // Listed before anything is published: whoever writes a file later than this began on the new epoch.
    const files = listFiles(home.dir)
    const segments = view.segments()
    const names = new Set(files.map((file) => file.name))
    const lost = [...filesOf(view.entry, segments)].find((name) => !names.has(name))
    if (lost === undefined) return { view, segments, kept: [...kept, view.entry], oldest, dropped, files }
    if (home.refresh() !== view) return null
    throw corrupt(`a file that the newest manifest needs is gone: '${lost}'`, { path: lost })
  } catch (error) {
    if (isMissing(error) && home.refresh() !== view) return null
    throw error
  }
}

function* rootsOf({ kept, view }: Survey): Generator<Cid> {
  for (const entry of kept) {
    // Spilled refs are objects too, and link to what they name.
    if (typeof entry.refs === 'string') yield entry.refs
    else yield* entry.refs.values()
  }
  // Not the newest that the home knows by now: a read may have shown it one of a faster commit, and then this turn fails.
  assert(kept.at(-1) === view.entry, 'the manifest that is built upon is a root')
}

/** The living, each in its newest place, and the packs that are still needed. */
async function livingRun(home: DiskHome, plan: GcPlan, { packs, objects }: Flushed): Promise<Run> {
  for (const dir of new Set(packs.map((pack) => path.dirname(pack.file)))) await syncDir(dir)
  await syncDir(path.join(home.dir, 'packs'))
  return filterRun(mergeRuns([plan.living, runOf(objects)]), () => true)
}

async function publishLiving(
  home: DiskHome,
  { view, oldest }: Survey,
  run: Run,
  offer: { isOpen: boolean },
): Promise<Pick<LogEntry, 'segments'> | null> {
  const current = home.manifestOf(view.entry)
  const { refs: _, ...next } = nextManifest(
    current,
    { operation: { name: 'gc', message: '', author: '' } },
    Date.now(),
  )
  const segments: SegmentRef[] = run.entries.length === 0 ? [] : [await writeSegment(home, run)]
  let won = false
  try {
    await syncDir(path.join(home.dir, 'idx'))
    const manifest = { ...next, gcEpoch: current.gcEpoch + 1 }
    const bytes = encodeLogEntry({
      manifest,
      refs: view.entry.refs,
      segments,
      oldest,
      previous: view.entry.digest,
    })
    won = await home.log.append(next.sequence, bytes)
    offer.isOpen = won
  } catch (error) {
    offer.isOpen = mayBeThere(home, next.sequence)
    throw error
  } finally {
    if (!offer.isOpen) for (const segment of segments) removeSegment(home, segment)
  }
  if (!won) return null
  return { segments }
}

/** Removes manifests, lowest first, so that the log never has a gap. */
function dropManifests(home: DiskHome, sequences: readonly number[]): void {
  for (const sequence of sequences) remove(path.join(home.dir, manifestName(sequence)))
}

function reportOf(plan: GcPlan, survey: Survey): GcReport {
  const objectsKept = plan.living.entries.length / entryBytes
  const before = packBytesOf(survey.segments)
  return {
    objectsKept,
    objectsDropped: plan.total - objectsKept,
    bytesBefore: before,
    bytesAfter: Math.min(before, plan.livingBytes),
    packsBefore: packCount(survey.segments),
    packsAfter: packsAfter(plan.living, plan.victims),
    filesRemoved: 0,
  }
}
