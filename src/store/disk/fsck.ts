// Reads every byte of a store: the format file, all manifests, all segments and packs, every record of each pack, and
// the closure of all refs. It goes on after a problem, so that one report names all of them.
import fs from 'node:fs'
import path from 'node:path'
import { toHex } from '../../base/bytes.ts'
import { VarveError, isVarveError } from '../../base/errors.ts'
import { sha256 } from '../../base/platform.ts'
import { isTurnOver, takeTurn } from '../../base/turns.ts'
import type { Cid } from '../../encoding/cid.ts'
import { fsckObjects } from '../closure.ts'
import type { FsckOptions, FsckProblem, FsckReport } from '../interface.ts'
import { packHeadBytes, packTrailerBytes, readPackKind, readPackTrailer } from '../pack.ts'
import { readRecord, readRecordHead } from '../record.ts'
import { checkedBytes } from '../stored-object.ts'
import { Segment, encodeSegment } from '../segment.ts'
import { cidDigest } from './digest.ts'
import { isMissing, readWhole } from './files.ts'
import { FoundRecords } from './found-records.ts'
import type { DiskHome } from './home.ts'
import { checkFormat, manifestName, packPath, segmentPath } from './layout.ts'
import { type LoggedEntry, ManifestLog } from './log.ts'
import { hintedNewest } from './newest-hint.ts'

const packBytesMax = 2 ** 30

interface Check {
  readonly home: DiskHome
  readonly options: FsckOptions
  readonly problems: FsckProblem[]
  /** By the pack's file, what was found in it. */
  readonly records: Map<string, FoundRecords>
  objects: number
  bytes: number
}

export async function fsckDisk(home: DiskHome, options: FsckOptions): Promise<FsckReport> {
  const check: Check = { home, options, problems: [], records: new Map(), objects: 0, bytes: 0 }
  await attempt(check, 'format', () => checkFormat(home.dir))
  const entries = await checkManifests(check)
  const packs = listed(check, 'packs')
  for (const [i, file] of packs.entries()) {
    await attempt(check, file, () => checkPack(check, file))
    options.onProgress?.(i + 1, packs.length)
  }
  for (const file of listed(check, 'idx')) await attempt(check, file, () => checkSegmentFile(check, file))
  const newest = entries.at(-1)
  if (newest !== undefined) await checkIndex(check, newest)
  await checkClosure(check, entries)
  return { objects: check.objects, bytes: check.bytes, problems: check.problems }
}

/** What `work` finds wrong becomes a problem; anything that is not about the store's bytes passes through. */
async function attempt(check: Check, where: string, work: () => void | Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    noteProblem(check, where, error)
  }
}

function noteProblem({ problems }: Check, where: string, error: unknown): void {
  if (isMissing(error)) problems.push({ where, what: 'the file is missing' })
  else if (isVarveError(error) && error.code !== 'VARVE_ABORTED')
    problems.push({ where, what: error.message })
  else throw error
}

/** Files below a folder, relative to the store, in a stable order. */
function listed(check: Check, folder: 'packs' | 'idx'): string[] {
  let names: string[] = []
  try {
    names = fs.readdirSync(path.join(check.home.dir, folder), { recursive: true }) as string[]
  } catch (error) {
    if (!isMissing(error)) throw error
    check.problems.push({ where: folder, what: 'the folder is missing' })
  }
  const suffix = folder === 'packs' ? '.pack' : '.idx'
  return names
    .filter((name) => name.endsWith(suffix))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .sort()
}

async function checkManifests(check: Check): Promise<LoggedEntry[]> {
  // Its own log: what is cached is not read again.
  const log = new ManifestLog(check.home.dir)
  const entries: LoggedEntry[] = []
  const sequences = log.sequences()
  if (sequences.length === 0) check.problems.push({ where: 'm', what: 'there is no manifest' })
  for (const sequence of sequences) {
    const where = manifestName(sequence)
    await attempt(check, where, () => {
      const entry = log.read(sequence)
      if (entry === null) return
      const before = entries.at(-1)
      if (
        before !== undefined &&
        before.manifest.sequence === sequence - 1 &&
        before.digest !== entry.previous
      ) {
        check.problems.push({ where, what: 'the manifest does not follow the one before it' })
      }
      entries.push(entry)
    })
  }
  const first = sequences[0] ?? 0
  if (sequences.some((sequence, i) => sequence !== first + i)) {
    check.problems.push({ where: 'm', what: 'the numbers of the manifests have a gap' })
  }
  const hinted = hintedNewest(check.home.dir)
  if (hinted !== null)
    check.problems.push({ where: manifestName(hinted), what: 'the newest manifest is gone' })
  return entries
}

async function checkPack(check: Check, file: string): Promise<void> {
  const bytes = readWhole(path.join(check.home.dir, file), packBytesMax)
  if (bytes.length < packHeadBytes + packTrailerBytes)
    throw new VarveError('VARVE_CORRUPT', 'the pack is cut short')
  const kind = readPackKind(bytes.subarray(0, packHeadBytes))
  const trailer = readPackTrailer(bytes.subarray(bytes.length - packTrailerBytes), bytes.length)
  const digest = toHex(sha256(bytes.subarray(0, bytes.length - 36)))
  if (digest !== trailer.name || packPath(digest) !== file) {
    check.problems.push({ where: file, what: 'the pack does not match its name' })
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const found = new FoundRecords(trailer.records)
  check.records.set(file, found)
  let at = packHeadBytes
  for (let i = 0; i < trailer.records; i++) {
    if (isTurnOver()) await takeTurn(check.options.signal)
    if (view.getUint32(trailer.footerAt + i * 4, true) !== at) {
      check.problems.push({ where: file, what: `the footer misses the record at ${at}` })
    }
    const head = readRecordHead(bytes.subarray(0, trailer.footerAt), at)
    const record = readRecord(bytes.subarray(0, trailer.footerAt), at)
    if ((head.codec === 'raw') !== (kind === 'data')) {
      check.problems.push({ where: file, what: `object '${record.cid}' is in a pack of the other kind` })
    }
    checkObject(check, file, record)
    found.add({ ...head, offset: at }, cidDigest(record.cid))
    check.objects++
    check.bytes += record.rawLength
    at += head.length
  }
  if (at !== trailer.footerAt)
    check.problems.push({ where: file, what: 'there are bytes between records and footer' })
}

function checkObject(check: Check, file: string, record: ReturnType<typeof readRecord>): void {
  try {
    const base = record.base === null ? null : baseBytes(check, record.base)
    // A delta of something that was collected is garbage itself: the index does not name it, or the closure check tells.
    if (record.base === null || base !== null) checkedBytes(record, base)
  } catch (error) {
    noteProblem(check, file, error)
  }
}

function baseBytes(check: Check, cid: Cid): Uint8Array | null {
  try {
    return check.home.read([cid])[0]!
  } catch (error) {
    if (isVarveError(error) || isMissing(error)) return null
    throw error
  }
}

function checkSegmentFile(check: Check, file: string): void {
  const name = path.posix.basename(file, '.idx')
  const bytes = readWhole(path.join(check.home.dir, file), 2 ** 31 - 1)
  const segment = new Segment(bytes, name)
  const rebuilt = encodeSegment(segment, bytes.subarray(16, 24))
  if (Buffer.compare(rebuilt, bytes) !== 0)
    throw new VarveError('VARVE_CORRUPT', 'the segment is not in canonical form')
  if (segmentPath(name) !== file) throw new VarveError('VARVE_CORRUPT', 'the segment has the wrong name')
}

/** Every entry of the live segments must be a record that was found. */
async function checkIndex(check: Check, newest: LoggedEntry): Promise<void> {
  for (const { name, objects } of newest.segments) {
    const where = segmentPath(name)
    await attempt(check, where, async () => {
      const segment = new Segment(readWhole(path.join(check.home.dir, where), 2 ** 31 - 1), name)
      if (segment.count !== objects)
        throw new VarveError('VARVE_CORRUPT', 'the segment has another number of objects')
      for (let i = 0; i < segment.count; i++) {
        if (isTurnOver()) await takeTurn(check.options.signal)
        const entry = segment.at(i)
        const pack = packPath(entry.pack.name)
        if (check.records.get(pack)?.has(entry, segment.prefix(i)) === true) continue
        const what = `'${segment.prefixHex(i)}' is not where the index says, in '${pack}'`
        check.problems.push({ where, what })
      }
    })
  }
}

async function checkClosure(check: Check, entries: readonly LoggedEntry[]): Promise<void> {
  const roots = new Set<Cid>()
  let newestRoots: readonly Cid[] = []
  const oldest = entries.at(-1)?.oldest ?? 1
  for (const entry of entries.filter(({ manifest }) => manifest.sequence >= oldest)) {
    const where = manifestName(entry.manifest.sequence)
    newestRoots = typeof entry.refs === 'string' ? [entry.refs] : []
    await attempt(check, where, () => {
      newestRoots = [...newestRoots, ...check.home.manifestOf(entry).refs.values()]
    })
    for (const cid of newestRoots) roots.add(cid)
  }
  const { home } = check
  const reader = {
    get: async (cids: readonly Cid[]) => home.read(cids),
    has: async (cids: readonly Cid[]) => home.has(cids),
    getStored: async (cids: readonly Cid[]) => home.readStored(cids),
  }
  try {
    const options = { signal: check.options.signal, absent: check.options.absent }
    const found = await fsckObjects(reader, roots, options)
    const now = found.length === 0 ? [] : await fsckObjects(reader, newestRoots, options)
    const isNeeded = new Set(now.map(({ where }) => where))
    for (const { where, what } of found)
      check.problems.push(
        isNeeded.has(where)
          ? { where, what }
          : { where, what: `${what} in the past alone, for undo and the reflog` },
      )
  } catch (error) {
    if (!isVarveError(error) || error.code === 'VARVE_ABORTED') throw error
    check.problems.push({ where: 'idx', what: `what the refs reach could not be checked: ${error.message}` })
  }
}
