// What differs between history, index and files. Files whose stat is as the cache knows it are not read; what was read
// is remembered for the next time. A table that no file carries is not missed.
import { takeTurn } from '../base/turns.ts'
import type { Cid } from '../encoding/cid.ts'
import { configFileName } from '../dataset/interface.ts'
import type { Path, TreeDifference, TreeEntry } from '../files/interface.ts'
import { PathSelection } from '../files/path-selection.ts'
import { diffTrees } from '../files/tree-diff.ts'
import { readHead } from '../repo/head.ts'
import { pairRenames } from '../repo/diff/renames.ts'
import type { ObjectReader } from '../store/interface.ts'
import { loadTable } from '../table/table-object.ts'
import { ContentCheck, type Match, isProven } from './content-check.ts'
import { changeOf, fileKindOf } from './entries.ts'
import { equalEntries } from '../files/entry.ts'
import { type FileModes, fileModesOf } from './file-modes.ts'
import { type FileStat, bytesOf } from './file-stat.ts'
import { type IndexState, readIndex } from './index-state.ts'
import type { PathChange, StatusOptions, Worktree, WorktreeOptions, WorktreeStatus } from './interface.ts'
import { foldersAbove } from './native.ts'
import { openSurvey } from './open-survey.ts'
import { StatCache } from './stat-cache/stat-cache.ts'
import { type KnownFile, knownFile } from './stat-cache/record.ts'
import { reshapedFiles } from './tables/shape.ts'
import type { Survey } from './survey.ts'
import type { TrackedFiles } from './stat-cache/tracked-files.ts'
import { skipUnwanted } from './partial-files.ts'

const filesPerTurn = 500

export async function worktreeStatus(
  worktree: Worktree,
  options: StatusOptions = {},
): Promise<WorktreeStatus> {
  const { signal, untracked: look = 'normal' } = options
  const spec = new PathSelection(options.paths ?? ['.'])
  const state = await readIndex(worktree)
  const { survey, tracked, cache } = await openSurvey(worktree, state.index, {
    from: look === 'no' && options.ignored !== true ? [] : spec.starts,
    spec,
    signal,
  })
  try {
    const compared = comparedOf(survey, tracked)
    const remember = (path: Path, known: KnownFile): void => tracked.see(path, known)
    const unstaged = await compare(worktree, compared, remember, options)
    skipUnwanted(worktree, survey, null)
    const isWhole = (folder: Path): boolean =>
      look !== 'all' && !tracked.hasFolder(folder) && spec.has(folder)
    const untracked = look === 'no' ? [] : untrackedPaths(survey, isWhole)
    let fault: string | null = null
    if (untracked.includes(configFileName) || (await isConfigChanged(state, unstaged))) {
      const changed = new Set(unstaged.map(({ path }) => path))
      const reshaped = await reshapedFiles(worktree, state.index, { survey, tracked }, options)
      fault = reshaped.fault
      unstaged.push(...reshaped.changes.filter(({ path }) => !changed.has(path)))
      unstaged.sort(byPath)
    }
    await tracked.follow(state.index, { signal })
    await cache.save(tracked)
    return {
      staged: await stagedChanges(state, spec, options),
      unstaged,
      untracked,
      ignored: options.ignored === true ? ignoredPaths(survey, isWhole) : [],
      skipped: survey.skipped,
      configFault: fault,
      behindBranch: await isBehind(worktree, state),
    }
  } finally {
    await cache.close()
  }
}

/** Whether varve.yaml is another than the one that was committed, staged or not. */
async function isConfigChanged(
  { base, index }: IndexState,
  unstaged: readonly PathChange[],
): Promise<boolean> {
  if (unstaged.some(({ path }) => path === configFileName)) return true
  const [before, staged] = await Promise.all([base.get(configFileName), index.get(configFileName)])
  return !equalEntries(before, staged)
}

/** What is staged. A file that one path lost and another gained unchanged counts as renamed. */
async function stagedChanges(
  state: IndexState,
  spec: PathSelection,
  options: WorktreeOptions = {},
): Promise<PathChange[]> {
  const differences: TreeDifference[] = []
  for await (const batch of diffTrees(state.base, state.index, { signal: options.signal })) {
    differences.push(...(spec.everything ? batch : batch.filter(({ path }) => spec.has(path))))
  }
  return pairRenames(differences)
    .map(({ path, state: how, from, before, after }): PathChange => {
      const kind = (after ?? before)!.kind
      return from === undefined ? { path, state: how, kind } : { path, state: how, from, kind }
    })
    .sort(byPath)
}

/** How the files of the worktree differ from `entries` (path -> entry). */
export async function unstagedChanges(
  worktree: Worktree,
  entries: ReadonlyMap<Path, TreeEntry>,
  files: ReadonlyMap<Path, FileStat>,
  options: WorktreeOptions = {},
): Promise<PathChange[]> {
  const cache = await StatCache.open(worktree, { paths: entries.size, bytes: bytesOf(files) })
  try {
    const known = await cache.load([...entries.keys()])
    const compared = [...entries].map(([path, entry]) => ({
      path,
      entry,
      stat: files.get(path) ?? null,
      known: known.get(path) ?? null,
    }))
    return await compare(worktree, compared, (path, record) => cache.set(path, record), options)
  } finally {
    await cache.close()
  }
}

interface Compared {
  readonly path: Path
  readonly entry: TreeEntry
  /** null: there is no file. */
  readonly stat: FileStat | null
  readonly known: KnownFile | null
}

/** The tracked files that may have changed. */
function comparedOf(survey: Survey, tracked: TrackedFiles): Compared[] {
  const compared: Compared[] = []
  for (const [path, stat] of [...survey.files, ...survey.missing.map((path) => [path, null] as const)]) {
    const known = survey.known(path) === null ? null : tracked.get(path)
    if (known !== null) compared.push({ path, entry: known.entry, stat, known })
  }
  return compared
}

async function compare(
  worktree: Worktree,
  files: readonly Compared[],
  remember: (path: Path, known: KnownFile) => void,
  options: WorktreeOptions,
): Promise<PathChange[]> {
  const check = new ContentCheck(worktree, options)
  const modes = fileModesOf(worktree)
  const changes: PathChange[] = []
  let done = 0
  for (const { path, entry, stat, known } of files) {
    done++
    if (done % filesPerTurn === 0) {
      await takeTurn(options.signal)
      options.onProgress?.({ phase: 'comparing files', done, total: files.length, unit: 'files' })
    }
    if (stat === null) {
      if (await isCarried(worktree.repo.nodes.reader, entry)) changes.push(changeOf(path, entry, null))
      continue
    }
    if (isProven(known, stat)) {
      if (equalEntries(known.entry, entry)) continue
      // Two tables, or a table and a file, may hold the same bytes under different names.
      if (known.entry.kind !== 'table' && entry.kind !== 'table' && modes.fileMode) {
        changes.push(changedFile(modes, path, entry, stat))
        continue
      }
    }
    const knownAtMs = Date.now()
    const match: Match = check.matchNow(path, stat, entry) ?? (await check.match(path, stat, entry, known))
    if (match.stat === null) changes.push(changedFile(modes, path, entry, stat))
    else remember(path, knownFile({ stat: match.stat, entry, knownAtMs, sha256: match.sha256 }))
  }
  return changes.sort(byPath)
}

/** Whether a file is to be there for the entry. */
export async function isCarried(reader: ObjectReader, entry: TreeEntry): Promise<boolean> {
  return entry.kind !== 'table' || (await loadTable(reader, entry.table)).layout !== null
}

function changedFile(modes: FileModes, path: Path, entry: TreeEntry, stat: FileStat): PathChange {
  const isOfKind = modes.isLinkFile(stat, entry) || stat.kind === fileKindOf(entry)
  const state = isOfKind ? 'modified' : 'typechange'
  return { path, state, kind: state === 'modified' ? entry.kind : stat.kind }
}

/** Untracked files; a folder that is one as a whole stands for all of its own. */
function untrackedPaths(survey: Survey, isWhole: (folder: Path) => boolean): string[] {
  const untracked = new Set<string>()
  for (const path of survey.files.keys()) {
    if (survey.known(path) !== null) continue
    const folder = foldersAbove(path).find(isWhole)
    untracked.add(folder === undefined ? path : `${folder}/`)
  }
  return [...untracked].sort()
}

/** What is ignored; a folder that holds nothing else stands for all of its own. */
function ignoredPaths(survey: Survey, isWhole: (folder: Path) => boolean): string[] {
  const holding = new Set<Path>()
  for (const path of survey.files.keys()) for (const folder of foldersAbove(path)) holding.add(folder)
  const ignored = new Set<string>()
  for (const path of survey.ignored) {
    const folder = foldersAbove(path.replace(/\/$/, '')).find(
      (above) => isWhole(above) && !holding.has(above),
    )
    ignored.add(folder === undefined ? path : `${folder}/`)
  }
  return [...ignored].sort()
}

async function isBehind(worktree: Worktree, state: IndexState): Promise<boolean> {
  const head = await readHead(worktree.repo.store, state.manifest)
  const tree: Cid = head.commit?.tree ?? state.base.cid
  return tree !== state.base.cid
}

function byPath(a: PathChange, b: PathChange): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0
}
