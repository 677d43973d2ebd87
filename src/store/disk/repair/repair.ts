// Mends a store's own files, as far as what is needed lies in the store itself. Order, so that a kill anywhere leaves it
// no worse: what is right is copied out of damaged packs; a new index is written; one manifest makes both the store's
// and takes damaged files out of use; only then are those moved aside. A damaged newest manifest is replaced in one step.
import path from 'node:path'
import { VarveError, throwIfAborted } from '../../../base/errors.ts'
import type { Cid } from '../../../encoding/cid.ts'
import { fsckObjects } from '../../closure.ts'
import type { FsckProblem } from '../../interface.ts'
import { makeDir, writeTmp } from '../files.ts'
import { DiskHome } from '../home.ts'
import { manifestName } from '../layout.ts'
import { type LoggedEntry, ManifestLog } from '../log.ts'
import { repairFormat } from './format-file.ts'
import { damagedSegments, indexFault, livePacks } from './index-check.ts'
import type { DiskRepair, DiskRepairOptions } from './interface.ts'
import { type LogSurvey, refsOf, surveyLog } from './log-survey.ts'
import { Quarantine } from './quarantine.ts'
import { reindex } from './reindex.ts'
import { Salvage } from './salvage.ts'

const turnsMax = 5

interface Means {
  readonly aside: Quarantine
  readonly done: FsckProblem[]
  readonly lost: FsckProblem[]
  readonly options: DiskRepairOptions
}

/**
 * @throws VarveError VARVE_CORRUPT when no manifest can be read, VARVE_UNSUPPORTED_FORMAT, VARVE_NOT_POSSIBLE, VARVE_IO,
 * VARVE_DISK_FULL
 */
export async function repairDisk(dir: string, options: DiskRepairOptions = {}): Promise<DiskRepair> {
  for (const name of ['packs', 'idx', 'tmp']) makeDir(path.join(dir, name))
  const means: Means = { aside: new Quarantine(dir), done: [], lost: [], options }
  // Where another process publishes meanwhile, all is looked at again.
  for (let turns = 0; turns < turnsMax; turns++) {
    throwIfAborted(options.signal)
    if (await turn(dir, means)) return { done: means.done, lost: means.lost, quarantine: means.aside.folder }
  }
  throw new VarveError('VARVE_NOT_POSSIBLE', `others write to '${dir}' all the time`, {
    data: { path: dir },
    hint: 'run the repair when nobody else works there',
  })
}

/** One attempt; returns false when another process was faster. */
async function turn(dir: string, means: Means): Promise<boolean> {
  const { aside, done, options } = means
  await repairFormat(dir, aside, done)
  const log = surveyLog(dir)
  for (const [sequence, bytes] of log.mended) {
    await aside.replace(manifestName(sequence), await writeTmp(dir, bytes))
    done.push({ where: manifestName(sequence), what: 'one bit was wrong: turned back, as its digest says' })
  }
  const newestFirst = [...log.whole.values()].toReversed()
  const salvage = await Salvage.of(dir, livePacks(dir, newestFirst[0]!), options)
  const entry = newestFirst.find((candidate) => refsOf(candidate, salvage) !== null) ?? newestFirst[0]!
  const reason =
    logFault(log, entry) ?? indexFault(dir, entry, salvage) ?? (await unindexed(dir, log, salvage))
  if (reason !== null) {
    const rescued = await reindex(dir, { log, entry, salvage, aside, options, message: `repair: ${reason}` })
    if (rescued === null) return false
    done.push({
      where: 'idx',
      what: `${reason}: written again, with all ${salvage.whole.size} objects that are whole`,
    })
    tellOfLog(log, entry, rescued, means)
  }
  for (const [file, what] of [...salvage.damaged, ...damagedSegments(dir)]) {
    await aside.take(file)
    done.push({ where: file, what: `${what}: moved aside, what is whole in it is kept` })
  }
  await dropManifests(dir, log, means)
  return true
}

/** Why the newest manifest cannot stay as it is; null when it can. */
function logFault(log: LogSurvey, entry: LoggedEntry): string | null {
  if (entry.manifest.sequence !== log.newest) return 'the newest manifest cannot be read'
  return log.damaged.some((sequence) => sequence >= entry.oldest) ? 'a manifest cannot be read' : null
}

/** An object that refs reach and a pack holds, but that no index names. */
async function unindexed(dir: string, log: LogSurvey, salvage: Salvage): Promise<string | null> {
  const home = new DiskHome(dir)
  const roots = [...log.whole.values()].flatMap((entry) => [...(refsOf(entry, salvage)?.values() ?? [])])
  const reader = {
    get: async (cids: readonly Cid[]) => home.read(cids),
    has: async (cids: readonly Cid[]) => home.has(cids),
    getStored: async (cids: readonly Cid[]) => home.readStored(cids),
  }
  const missing = await fsckObjects(reader, roots)
  await home.pool.close()
  return missing.some(({ where }) => salvage.whole.has(where as Cid)) ? 'the index lacks objects' : null
}

function tellOfLog(log: LogSurvey, entry: LoggedEntry, rescued: readonly string[], { lost }: Means): void {
  if (entry.manifest.sequence !== log.newest) {
    const { name, message } = entry.manifest.operation
    const when = new Date(entry.manifest.timeMs).toISOString()
    const kept =
      rescued.length === 0 ? '' : `; commits that it may have made are kept as ${rescued.join(', ')}`
    lost.push({
      where: manifestName(log.newest),
      what: `what the last operation did: branches, staged changes and settings are as they were after '${name}${message === '' ? '' : `: ${message}`}' (${when})${kept}`,
    })
  }
  const unread = log.damaged.filter(
    (sequence) => sequence >= entry.oldest && sequence < entry.manifest.sequence,
  )
  if (unread.length > 0)
    lost.push({
      where: unread.map((sequence) => manifestName(sequence)).join(', '),
      what: 'a state of the past: operations up to it cannot be undone any more, nor seen in the reflog',
    })
}

/** Those that count no more and cannot be read go, with all below them: the log never has a gap. Lowest first, as in gc. */
async function dropManifests(dir: string, log: LogSurvey, { aside, done }: Means): Promise<void> {
  const current = new ManifestLog(dir)
  const { oldest } = current.newest()
  const last = log.damaged.findLast((sequence) => sequence < oldest)
  if (last === undefined) return
  for (const sequence of current.sequences()) {
    if (sequence > last) break
    await aside.take(manifestName(sequence))
    const what = log.damaged.includes(sequence) ? 'cannot be read' : 'lies before one that cannot be read'
    done.push({ where: manifestName(sequence), what: `${what}: moved aside` })
  }
}
