// Writes the index anew, of all that is whole in any pack, and publishes it: with the refs of the newest manifest that
// can be read, under the number that comes next; or in the place of a newest manifest that cannot be read.
import path from 'node:path'
import { type Cid, cidOf } from '../../../encoding/cid.ts'
import { encodeLogEntry, manifestRefs } from '../../manifest-file.ts'
import { spillRefs } from '../../ref-spill.ts'
import { mergeRuns, runOf } from '../../run.ts'
import type { Run } from '../../segment.ts'
import { syncDir, writeTmp } from '../files.ts'
import { DiskHome } from '../home.ts'
import { manifestName } from '../layout.ts'
import { type Log, type LoggedEntry, ManifestLog } from '../log.ts'
import { removeSegment, writeSegment } from '../publish.ts'
import { DiskWriter } from '../writer.ts'
import { readSegment } from './index-check.ts'
import type { DiskRepairOptions } from './interface.ts'
import { type LogSurvey, refsOf } from './log-survey.ts'
import type { FoundRecord } from './pack-records.ts'
import type { Quarantine } from './quarantine.ts'
import type { Salvage } from './salvage.ts'

export interface ReindexInput {
  readonly log: LogSurvey
  /** The newest manifest whose refs can be had. */
  readonly entry: LoggedEntry
  readonly salvage: Salvage
  readonly aside: Quarantine
  readonly message: string
  readonly options: DiskRepairOptions
}

const batchObjects = 256

/** The names of refs that were added; null when another process published first. */
export async function reindex(dir: string, work: ReindexInput): Promise<readonly string[] | null> {
  const { log, entry } = work
  const known = new ManifestLog(dir)
  const home = new DiskHome(dir, { log: logAt(entry, known) })
  const writer = new DiskWriter(home)
  // Once a manifest that names them was tried, files stay where they are: whether one that failed is there is not sure.
  let isOffered = false
  try {
    const rescued = await rescuedRefs(dir, work)
    const refs = refsWith(entry, rescued, work.salvage, writer)
    const run = await salvagedRun(dir, work.salvage, writer)
    const segments = run.entries.length === 0 ? [] : [await writeSegment(home, run)]
    try {
      await syncDir(path.join(dir, 'idx'))
      const sequence = log.isNewestLost ? log.newest : log.newest + 1
      const manifest = {
        ...entry.manifest,
        sequence,
        timeMs: Math.max(entry.manifest.timeMs, Date.now()),
        operation: { name: 'fsck', message: work.message, author: '' },
        // Whoever began on the manifest that is lost saw one more, perhaps.
        gcEpoch: entry.manifest.gcEpoch + 2,
      }
      const oldest = oldestAfter(log, entry, sequence)
      const bytes = encodeLogEntry({ manifest, refs, segments, oldest, previous: entry.digest })
      const tmp = log.damaged.includes(sequence) ? await writeTmp(dir, bytes) : null
      isOffered = true
      if (tmp !== null) await work.aside.replace(manifestName(sequence), tmp)
      else isOffered = await known.append(sequence, bytes)
      await known.sync()
      return isOffered ? [...rescued.keys()] : null
    } finally {
      if (!isOffered) for (const segment of segments) removeSegment(home, segment)
    }
  } finally {
    if (!isOffered) await writer.abort()
    await home.pool.close()
  }
}

/** Operations that cannot be read, and those before them, cannot be undone any more: the log has no gap. */
function oldestAfter(log: LogSurvey, entry: LoggedEntry, sequence: number): number {
  const unusable = [...log.damaged, ...log.whole.keys()].filter((number) => {
    const isBehind = number > entry.manifest.sequence || log.damaged.includes(number)
    return number < sequence && isBehind
  })
  return Math.max(entry.oldest, ...unusable.map((number) => number + 1))
}

/** All that is whole: where it lies, or copied out of a pack that is damaged. */
async function salvagedRun(dir: string, salvage: Salvage, writer: DiskWriter): Promise<Run> {
  const kept: FoundRecord[] = []
  let copied = 0
  for (const record of salvage.whole.values()) {
    if (!salvage.damaged.has(record.file)) {
      kept.push(record)
      continue
    }
    writer.appendStored(salvage.stored(record))
    if (++copied % batchObjects === 0) await writer.drained()
  }
  const { packs, objects } = await writer.flush()
  for (const folder of new Set(packs.map((pack) => path.dirname(pack.file)))) await syncDir(folder)
  await syncDir(path.join(dir, 'packs'))
  return mergeRuns([runOf(kept), runOf(objects)])
}

/** Refs that keep alive what only a lost manifest knew. */
async function rescuedRefs(
  dir: string,
  { log, entry, salvage, options }: ReindexInput,
): Promise<ReadonlyMap<string, Cid>> {
  if (log.newest === entry.manifest.sequence || options.rescue === undefined) return new Map()
  const segments = entry.segments.flatMap(({ name }) => {
    const segment = readSegment(dir, name)
    return typeof segment === 'string' ? [] : [segment]
  })
  const isFresh = ({ digest, codec }: FoundRecord): boolean =>
    codec !== 'raw' && segments.every((segment) => segment.find(digest, codec) < 0)
  const fresh = [...salvage.whole.values()].filter(isFresh).map(({ cid }) => cid)
  const rescued = await options.rescue({ get: async (cids) => salvage.get(cids) }, fresh)
  const known = new Set(refsOf(entry, salvage)!.values())
  return new Map([...rescued].filter(([, cid]) => !known.has(cid)))
}

function refsWith(
  entry: LoggedEntry,
  rescued: ReadonlyMap<string, Cid>,
  salvage: Salvage,
  writer: DiskWriter,
): ReadonlyMap<string, Cid> | Cid {
  if (rescued.size === 0) return entry.refs
  const all = new Map([...rescued, ...refsOf(entry, salvage)!])
  return manifestRefs(all, (refs) =>
    spillRefs(refs, (codec, bytes) => {
      writer.putAnew(codec, bytes)
      return cidOf(codec, bytes)
    }),
  )
}

/** The log as it is, except for its newest entry. */
function logAt(entry: LoggedEntry, log: ManifestLog): Log {
  return {
    newest: () => entry,
    read: (sequence) => log.read(sequence),
    sequences: () => log.sequences(),
    append: (sequence, bytes) => log.append(sequence, bytes),
    sync: () => log.sync(),
  }
}
