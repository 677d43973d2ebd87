// One round: join small packs, publish their new places and how far back the log goes, delete what the round before
// replaced. Whatever goes wrong, the store is as it was; a kill leaves files at most that a gc finds.
import path from 'node:path'
import { nextManifest } from '../../change.ts'
import { manifestsKeptMaxDefault } from '../../interface.ts'
import { type SegmentRef, encodeLogEntry } from '../../manifest-file.ts'
import { filterRun, mergeRuns, runOf } from '../../run.ts'
import { removeAbandoned } from '../abandoned.ts'
import { remove, syncDir } from '../files.ts'
import type { DiskHome } from '../home.ts'
import type { IndexView } from '../index-view.ts'
import { manifestName } from '../layout.ts'
import { removeSegment, writeSegment } from '../publish.ts'
import { packsToJoin } from './packs-to-join.ts'
import type { UpkeepOptions } from './interface.ts'
import { JoinedPacks } from './join-packs.ts'
import { retiredBefore } from './retired.ts'

/** A round deletes no more, to be short. */
const manifestsPerRound = 2000
const triesMax = 3

/**
 * False when nothing is due, or others were faster.
 * @throws ENOENT when another process removed a file meanwhile, VarveError VARVE_CORRUPT, VARVE_IO, VARVE_DISK_FULL
 */
export async function upkeep(home: DiskHome, { onStart }: UpkeepOptions = {}): Promise<boolean> {
  const view = home.refresh()
  const packs = packsToJoin(view)
  if (packs === null) return false
  onStart?.(`tidying the repository: ${packs.length} small packs are put together`)
  const joined = new JoinedPacks(home)
  let deleted: readonly string[] | null = null
  try {
    await joined.join(packs, view)
    for (const dir of new Set(joined.packs.map((pack) => path.dirname(pack.file)))) await syncDir(dir)
    for (let tries = 0; tries < triesMax && deleted === null; tries++)
      deleted = await publishRound(home, joined)
  } catch (error) {
    // Only files that nobody can know: whether a manifest that failed is there after all is not sure.
    if (!joined.isOffered) await joined.abort()
    throw error
  }
  if (deleted === null) {
    await joined.abort()
    return false
  }
  await home.log.sync()
  for (const name of deleted) remove(path.join(home.dir, name))
  removeAbandoned(home.dir, Date.now())
  return true
}

/** What can be deleted when the manifest is durable; null when another process was faster, or moved the same records. */
async function publishRound(home: DiskHome, joined: JoinedPacks): Promise<readonly string[] | null> {
  const view = home.refresh()
  const { entry } = view
  const retired = retiredBefore(home, view)
  const next = await movedSegments(home, view, joined)
  if (next === null) return null
  const { segments, written } = next
  const operation = { name: 'gc', message: 'auto', author: '' }
  const { refs: _, ...manifest } = nextManifest(home.manifestOf(entry), { operation }, Date.now())
  const kept = manifest.sequence + 1 - manifestsKeptMaxDefault
  const oldest = Math.max(entry.oldest, Math.min(kept, entry.oldest + manifestsPerRound))
  const head = { manifest, refs: entry.refs, segments, oldest, previous: entry.digest }
  joined.isOffered = true
  if (!(await home.log.append(manifest.sequence, encodeLogEntry(head)))) {
    joined.isOffered = false
    if (written !== null) removeSegment(home, written)
    return null
  }
  // Lowest first: the log never has a gap.
  const manifests = Array.from({ length: oldest - entry.oldest }, (__, i) => manifestName(entry.oldest + i))
  return [...retired, ...manifests]
}

/** The index with the records' new places; null when somebody else has moved some. */
async function movedSegments(
  home: DiskHome,
  view: IndexView,
  { moved }: JoinedPacks,
): Promise<{ segments: SegmentRef[]; written: SegmentRef | null } | null> {
  const known = view.entry.segments
  if (moved.length === 0) return { segments: [...known], written: null }
  const isStill = moved.every(({ digest, codec, from }) => {
    const found = view.find(digest, codec)
    return found !== null && found.pack.name === from.pack && found.offset === from.offset
  })
  if (!isStill) return null
  const left = new Set(moved.map(({ from }) => from.pack))
  const runs = view.segments()
  // All from the first that names one of them on: which of two places counts is a matter of order.
  const first = runs.findIndex((run) => run.packs.some(({ name }) => left.has(name)))
  const run = filterRun(mergeRuns([...runs.slice(first), runOf(moved)]), () => true)
  const written = await writeSegment(home, run)
  await syncDir(path.join(home.dir, 'idx'))
  return { segments: [...known.slice(0, first), written], written }
}
