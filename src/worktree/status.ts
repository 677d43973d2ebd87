// What differs between history, index and files. Files whose stat is as the cache knows it are not read; what was read
// is remembered for the next time. A table that no file carries is not missed.
import { throwIfAborted } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import type { Path, TreeDifference, TreeEntry } from '../files/interface.ts'
import { diffTrees } from '../files/tree-diff.ts'
import { readHead } from '../repo/head.ts'
import { pairRenames } from '../repo/renames.ts'
import type { ObjectReader } from '../store/interface.ts'
import { loadTable } from '../table/table-object.ts'
import { ContentCheck, type Match, isProven } from './content-check.ts'
import { changeOf, equalEntries, fileKindOf } from './entries.ts'
import { type IndexState, entriesOf, readIndex } from './index-state.ts'
import type { PathChange, Worktree, WorktreeOptions, WorktreeStatus } from './interface.ts'
import { foldersAbove, parentOf } from './native.ts'
import { type FileStat, type Scan, scanWorktree } from './scan.ts'
import { StatCache } from './stat-cache.ts'
import { wantedPaths } from './wanted.ts'

const filesPerTurn = 500

export async function worktreeStatus(
  worktree: Worktree,
  options: WorktreeOptions = {},
): Promise<WorktreeStatus> {
  const state = await readIndex(worktree)
  const tracked = await entriesOf(state.index, wantedPaths(worktree), options)
  const scan = scanWorktree(worktree.root, { tracked: tracked.keys(), signal: options.signal })
  return {
    staged: await stagedChanges(state, options),
    unstaged: await unstagedChanges(worktree, tracked, scan.files, options),
    untracked: untrackedPaths(scan, tracked),
    skipped: scan.skipped,
    behindBranch: await isBehind(worktree, state),
  }
}

/** A file that one path lost and another gained unchanged is renamed. */
export async function stagedChanges(state: IndexState, options: WorktreeOptions = {}): Promise<PathChange[]> {
  const differences: TreeDifference[] = []
  for await (const batch of diffTrees(state.base, state.index, { signal: options.signal })) {
    differences.push(...batch)
  }
  return pairRenames(differences)
    .map(({ path, state: how, from, before, after }): PathChange => {
      const kind = (after ?? before)!.kind
      return from === undefined ? { path, state: how, kind } : { path, state: how, from, kind }
    })
    .sort(byPath)
}

/** How the files of the worktree differ from `tracked` (path -> entry of the index). */
export async function unstagedChanges(
  worktree: Worktree,
  tracked: ReadonlyMap<Path, TreeEntry>,
  files: ReadonlyMap<Path, FileStat>,
  options: WorktreeOptions = {},
): Promise<PathChange[]> {
  const cache = await StatCache.open(worktree, { paths: tracked.size, bytes: bytesOf(files) })
  try {
    return await compare(worktree, cache, { tracked, files }, options)
  } finally {
    await cache.close()
  }
}

async function compare(
  worktree: Worktree,
  cache: StatCache,
  sides: { tracked: ReadonlyMap<Path, TreeEntry>; files: ReadonlyMap<Path, FileStat> },
  options: WorktreeOptions,
): Promise<PathChange[]> {
  const known = await cache.load([...sides.tracked.keys()])
  const check = new ContentCheck(worktree, options)
  const changes: PathChange[] = []
  let done = 0
  for (const [path, entry] of sides.tracked) {
    done++
    if (done % filesPerTurn === 0) {
      throwIfAborted(options.signal)
      options.onProgress?.({ phase: 'comparing files', done, total: sides.tracked.size, unit: 'files' })
    }
    const stat = sides.files.get(path)
    if (stat === undefined) {
      if (await isCarried(worktree.repo.nodes.reader, entry)) changes.push(changeOf(path, entry, null))
      continue
    }
    const record = known.get(path)
    if (isProven(record, stat)) {
      if (equalEntries(record.entry, entry)) continue
      // Two tables, or a table and a file, may hold the same bytes under different names.
      if (record.entry.kind !== 'table' && entry.kind !== 'table') {
        changes.push(changedFile(path, entry, stat))
        continue
      }
    }
    const knownAtMs = Date.now()
    const match: Match = check.matchNow(path, stat, entry) ?? (await check.match(path, stat, entry, record))
    if (match.stat === null) changes.push(changedFile(path, entry, stat))
    else cache.set(path, { stat: match.stat, entry, knownAtMs, sha256: match.sha256 })
  }
  return changes.sort(byPath)
}

/** Whether a file is to be there for the entry. */
export async function isCarried(reader: ObjectReader, entry: TreeEntry): Promise<boolean> {
  return entry.kind !== 'table' || (await loadTable(reader, entry.table)).layout !== null
}

function changedFile(path: Path, entry: TreeEntry, stat: FileStat): PathChange {
  const state = stat.kind === fileKindOf(entry) ? 'modified' : 'typechange'
  return { path, state, kind: state === 'modified' ? entry.kind : stat.kind }
}

export function bytesOf(files: ReadonlyMap<Path, FileStat>): number {
  let bytes = 0
  for (const stat of files.values()) bytes += stat.size
  return bytes
}

/** Untracked files; a folder that holds nothing tracked stands for all of its own. */
function untrackedPaths(scan: Scan, tracked: ReadonlyMap<Path, TreeEntry>): string[] {
  const folders = new Set<Path>()
  for (const path of tracked.keys()) {
    for (let folder = parentOf(path); folder !== '' && !folders.has(folder); folder = parentOf(folder))
      folders.add(folder)
  }
  const untracked = new Set<string>()
  for (const path of scan.files.keys()) {
    if (tracked.has(path)) continue
    const folder = foldersAbove(path).find((above) => !folders.has(above))
    untracked.add(folder === undefined ? path : `${folder}/`)
  }
  return [...untracked].sort()
}

async function isBehind(worktree: Worktree, state: IndexState): Promise<boolean> {
  const head = await readHead(worktree.repo.store, state.manifest)
  const tree: Cid = head.commit?.tree ?? state.base.cid
  return tree !== state.base.cid
}

function byPath(a: PathChange, b: PathChange): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0
}
