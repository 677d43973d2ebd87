// Repair of a whole repository, from the bottom up: the store's own files first, so that it can be opened; then objects
// that are lost, from wherever they are whole; then a check of everything, and what is still lost in the user's words.
import fs from 'node:fs'
import path from 'node:path'
import { isVarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import { type RefillSource, refill, storeSource } from '../remote/refill.ts'
import { listRemotes } from '../remote/remotes.ts'
import { environmentFor } from '../remote/remote-settings.ts'
import { PartialStore } from '../remote/partial-store.ts'
import { promisorOf } from '../remote/promised.ts'
import { absoluteUrl, openRemote } from '../remote/transports/open.ts'
import { createContext } from '../repo/context.ts'
import { emptyTreeOf } from '../repo/empty.ts'
import type { Repo } from '../repo/interface.ts'
import { type Loss, lossesOf } from '../repo/fsck/losses.ts'
import { rescueCommits } from '../repo/fsck/rescue.ts'
import { ownerName } from '../store/disk/owner.ts'
import { DiskStore } from '../store/disk/store.ts'
import type { FsckProblem, FsckReport, Manifest, Store } from '../store/interface.ts'
import { MemoryStore } from '../store/memory.ts'
import { taintedBy } from '../store/taint.ts'
import { DataRepository } from './data-repository.ts'
import type { OpenOptions, OperationOptions } from './interface.ts'
import { type StorePlace, findStore } from './place.ts'
import { filesSource } from './repair-files.ts'

export interface RepairOptions extends OpenOptions, OperationOptions {
  /** Paths and URLs of repositories, or bundles, to look into before the remotes. */
  readonly from?: readonly string[]
  /** Does all of it in a copy that is thrown away. */
  readonly dryRun?: boolean
}

/** A cache of history/commit-graph.ts. */
const keptHistory = 'cache/history'

/** As of fsck, made afterwards; and what was done. */
export interface RepairReport extends FsckReport {
  readonly done: readonly FsckProblem[]
  readonly lost: readonly Loss[]
  /** Sources of which something was wanted and that could not be used, and why. */
  readonly unusable: readonly { readonly name: string; readonly message: string }[]
  /** The folder that damaged files were moved to; null: none were, or nothing is to be changed. */
  readonly quarantine: string | null
}

export async function repairPlace(dir: string, options: RepairOptions = {}): Promise<RepairReport> {
  const place = findStore(dir)
  if (options.dryRun !== true) return repairAt(place, options)
  const scratch = linkedCopy(place.dotDir)
  try {
    return { ...(await repairAt({ ...place, dotDir: scratch }, options)), quarantine: null }
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true })
  }
}

async function repairAt(place: StorePlace, options: RepairOptions): Promise<RepairReport> {
  const { signal, onProgress } = options
  const counted =
    (phase: string) =>
    (done: number, total: number): void =>
      onProgress?.({ phase, done, total, unit: 'objects' })
  const mended = await DiskStore.repair(place.dotDir, {
    rescue: rescueCommits,
    signal,
    onProgress: (done, total) => onProgress?.({ phase: 'reading packs', done, total, unit: 'files' }),
  })
  const disk = await DiskStore.open(place.dotDir)
  // What a partial clone may lack is not brought: nothing is fetched but what is asked for here.
  const store = new PartialStore(disk, () => Promise.reject(new Error('a repair does not fetch by itself')))
  try {
    const manifest = await disk.manifest()
    const sources = sourcesOf(place, manifest, disk, options)
    try {
      const absent = await absentOf(store, disk, sources, options)
      const filled = await refill(disk, await rootsOf(disk, manifest), sources, {
        signal,
        absent: async () => absent,
        onProgress: counted('looking for what is lost'),
      })
      const lost = await lossesIn(disk, await disk.manifest(), filled.missing, options)
      const report = await DataRepository.over(store, options).fsck({ signal, onProgress })
      const { problems, done } = withoutWrongCache(place.dotDir, report.problems)
      return {
        ...report,
        problems,
        done: [...mended.done, ...broughtBack(filled.brought), ...done],
        lost: [...mended.lost.map(({ where, what }) => lossOf(`${what} [${where}]`)), ...lost],
        unusable: filled.failed.map(({ name, error }) => ({ name, message: error.message })),
        quarantine: mended.quarantine,
      }
    } finally {
      for (const source of sources) await source.close?.()
    }
  } finally {
    await disk.close()
  }
}

/** What was kept of commits and is not so: it is made anew. */
function withoutWrongCache(
  dotDir: string,
  problems: readonly FsckProblem[],
): { readonly problems: readonly FsckProblem[]; readonly done: readonly FsckProblem[] } {
  const isWrong = ({ where }: FsckProblem): boolean => where === keptHistory
  if (!problems.some(isWrong)) return { problems, done: [] }
  fs.rmSync(path.join(dotDir, keptHistory), { force: true })
  return {
    problems: problems.filter((one) => !isWrong(one)),
    done: [{ where: keptHistory, what: 'removed, for it said of a commit what is not so' }],
  }
}

/** What the caller names first, then the files that are here, then the remotes, each of their addresses by itself. */
function sourcesOf(
  place: StorePlace,
  manifest: Manifest,
  disk: Store,
  { from = [], environment, signal, ...options }: RepairOptions,
): RefillSource[] {
  const base = place.root ?? place.dotDir
  const opening = { base, cacheDir: path.join(place.dotDir, 'cache'), environment, signal }
  const named = from.map((url) =>
    storeSource(`'${url}'`, () => openRemote(absoluteUrl(url, process.cwd()), opening)),
  )
  const repo = createContext(disk, options)
  const files = place.root === null ? [] : [filesSource({ repo, root: place.root, dotDir: place.dotDir })]
  const remotes = listRemotes(manifest).flatMap(({ name, url, pushUrls = [], fallbacks = [] }) => {
    const places = new Set([url, ...fallbacks, ...pushUrls])
    const how = { ...opening, environment: environmentFor(manifest, name, environment) }
    return [...places].map((address) =>
      storeSource(`remote '${name}' (${address})`, () => openRemote(address, how)),
    )
  })
  return [knownSource(repo), ...named, ...files, ...remotes]
}

/** Gives the empty tree, with which every history begins: the program can make it without any copy. */
function knownSource(repo: Repo): RefillSource {
  return {
    name: 'the program itself',
    fill: async (missing, writer) => {
      if (!missing.includes(emptyTreeOf({ writer: MemoryStore.create().writer(), nodes: repo.nodes })))
        return 0
      emptyTreeOf({ writer, nodes: repo.nodes })
      return 1
    },
  }
}

/** The roots that any readable manifest names. */
async function rootsOf(disk: Store, newest: Manifest): Promise<Set<Cid>> {
  const roots = new Set(newest.refs.values())
  try {
    for await (const { refs } of disk.manifests()) for (const cid of refs.values()) roots.add(cid)
  } catch (error) {
    if (!isVarveError(error) || error.code === 'VARVE_ABORTED') throw error
  }
  return roots
}

/**
 * What a partial clone may lack. To know that, its commits and path trees must be there, so they are brought first.
 */
async function absentOf(
  store: PartialStore,
  disk: Store,
  sources: readonly RefillSource[],
  options: RepairOptions,
): Promise<ReadonlySet<Cid>> {
  const manifest = await disk.manifest()
  if (promisorOf(manifest) !== null) {
    const tips = [...manifest.refs.values()]
    const isHere = await disk.has(tips)
    for (const [i, tip] of tips.entries()) if (!isHere[i]!) await bring(disk, tip, sources, options)
  }
  for (;;) {
    try {
      return await store.absent()
    } catch (error) {
      const cid = isVarveError(error, 'VARVE_OBJECT_MISSING') ? error.data['cid'] : undefined
      if (typeof cid !== 'string') throw error
      if (!(await bring(disk, cid as Cid, sources, options))) return new Set()
    }
  }
}

async function bring(
  disk: Store,
  cid: Cid,
  sources: readonly RefillSource[],
  { signal }: RepairOptions,
): Promise<boolean> {
  const writer = disk.writer()
  try {
    for (const source of sources) {
      try {
        if ((await source.fill([cid], writer, { signal })) === 0) continue
      } catch (error) {
        if (!isVarveError(error) || error.code === 'VARVE_ABORTED') throw error
        continue
      }
      const operation = { name: 'fsck', message: `repair: an object from ${source.name}`, author: '' }
      await disk.update(() => ({ operation }), { writer })
      return true
    }
    return false
  } finally {
    await writer.abort()
  }
}

async function lossesIn(
  disk: Store,
  manifest: Manifest,
  missing: ReadonlySet<Cid>,
  { signal, ...options }: RepairOptions,
): Promise<Loss[]> {
  if (missing.size === 0) return []
  const taint = await taintedBy(disk, manifest.refs.values(), missing, { signal })
  const losses = await lossesOf(createContext(disk, options), manifest, taint)
  if ([...missing].every((cid) => taint.tainted.has(cid))) return losses
  const past = await pastLoss(disk, manifest, missing, signal)
  return [...losses, past]
}

async function pastLoss(
  disk: Store,
  newest: Manifest,
  missing: ReadonlySet<Cid>,
  signal: AbortSignal | undefined,
): Promise<Loss> {
  const { tainted } = await taintedBy(disk, await rootsOf(disk, newest), missing, { signal })
  const isBroken = ({ refs }: Manifest): boolean => [...refs.values()].some((cid) => tainted.has(cid))
  let whole = 0
  if (!isBroken(newest)) {
    whole = 1
    for await (const manifest of disk.manifests()) {
      if (isBroken(manifest)) break
      whole++
    }
  }
  const hint = whole === 0 ? '' : `: 'varve gc --keep ${whole}' forgets them`
  return lossOf(`states of the past, which only undo and the reflog need${hint}`)
}

function lossOf(what: string): Loss {
  return { path: null, what, commits: [], commitCount: 0, refs: [] }
}

function broughtBack(brought: ReadonlyMap<string, number>): FsckProblem[] {
  return [...brought].map(([name, count]) => ({
    where: 'packs',
    what: `${count} ${count === 1 ? 'object' : 'objects'} brought back from ${name}`,
  }))
}

/** The store's files under other names: all are immutable, so a second name is as good as a copy. */
function linkedCopy(dotDir: string): string {
  const scratch = fs.mkdtempSync(path.join(dotDir, 'tmp', `${ownerName()}-repair-`))
  fs.mkdirSync(path.join(scratch, path.dirname(keptHistory)))
  for (const name of ['format', 'newest', 'm', 'packs', 'idx', keptHistory]) {
    const from = path.join(dotDir, name)
    if (!fs.existsSync(from)) continue
    if (!fs.statSync(from).isDirectory()) fs.copyFileSync(from, path.join(scratch, name))
    else linkAll(from, path.join(scratch, name))
  }
  return scratch
}

function linkAll(from: string, to: string): void {
  fs.mkdirSync(to)
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)]
    if (entry.isDirectory()) linkAll(source, target)
    else if (entry.isFile()) linkOrCopy(source, target)
  }
}

function linkOrCopy(source: string, target: string): void {
  try {
    fs.linkSync(source, target)
  } catch {
    fs.copyFileSync(source, target)
  }
}
