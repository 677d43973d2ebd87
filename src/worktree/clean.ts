// `clean`: removes files that are not versioned. There is no other copy of them, so it keeps what it is not sure about:
// everything that is ours or Git's, repositories of their own, what the ignore rules name (unless that is asked for), and
// varve.yaml. All is looked at first; a dry run ends there.
import * as fs from 'node:fs'
import ignore from 'ignore'
import { VarveError, throwIfAborted } from '../base/errors.ts'
import { configFileName } from '../dataset/interface.ts'
import type { Path } from '../files/interface.ts'
import { PathSelection } from '../files/path-selection.ts'
import type { NamedPath } from '../files/pathspec.ts'
import { awaitWholeFiles } from './checkout/turn.ts'
import { readIndex } from './index-state.ts'
import type { SkippedPath, Worktree, WorktreeOptions } from './interface.ts'
import { PathLookup, errnoOf, foldersAbove, fsFault, lstatAt, lstatOrNull, nativePath } from './native.ts'
import { isOwnName } from './ignore-rules.ts'
import { StatCache } from './stat-cache/stat-cache.ts'
import type { TrackedFiles } from './stat-cache/tracked-files.ts'
import { walkWorktree } from './walk.ts'
import { wantedPaths } from './partial-files.ts'

export interface CleanOptions extends WorktreeOptions {
  /** Of these alone, and all that is below them; default: everywhere, but only in folders that hold versioned files. */
  readonly paths?: readonly NamedPath[] | undefined
  /** Also folders that hold nothing versioned, and what is in them; default: where paths are given. */
  readonly folders?: boolean | undefined
  /** Files that the ignore rules name, too; 'only': those alone. */
  readonly ignored?: boolean | 'only' | undefined
  /** Patterns, as in .varveignore, of more that stays. */
  readonly exclude?: readonly string[] | undefined
  readonly dryRun?: boolean | undefined
  /** Paths that somebody else keeps, and who: 'is tracked by Git'. */
  readonly keeper?: ((path: Path) => string | null) | undefined
}

export interface CleanResult {
  /** Files, and as 'folder/' those folders that went whole. */
  readonly removed: readonly string[]
  /** What could have been meant, and why it stays. */
  readonly kept: readonly SkippedPath[]
}

const filesPerTurn = 500

/** @throws VarveError VARVE_PATH_NOT_FOUND, VARVE_NOT_POSSIBLE for a path in another repository, VARVE_IO */
export async function cleanFiles(worktree: Worktree, options: CleanOptions = {}): Promise<CleanResult> {
  const spec = options.paths === undefined ? null : new PathSelection(options.paths)
  await awaitWholeFiles(worktree, options)
  const { index } = await readIndex(worktree)
  for (const path of spec?.paths ?? []) requireThere(worktree, path)
  for (const path of spec?.starts ?? []) refuseOthers(worktree, path)
  const cache = await StatCache.open(worktree, { paths: index.count, bytes: 0 })
  try {
    const tracked = await cache.tracked(index, { signal: options.signal })
    const found = await look(worktree, tracked, spec ?? new PathSelection(['.']), options)
    const { folders = spec !== null } = options
    const chosen = folders ? found : withoutFolders(found, tracked, options)
    if (options.dryRun !== true) remove(worktree.root, chosen, options)
    return { removed: namesOf(chosen), kept: found.kept }
  } finally {
    await cache.close()
  }
}

interface Found {
  /** To be removed. */
  readonly files: readonly Path[]
  /** That hold nothing versioned and nothing that stays, each before those in it. */
  readonly folders: readonly Path[]
  readonly kept: readonly SkippedPath[]
  /** Where the look began. */
  readonly from: readonly Path[]
}

async function look(
  worktree: Worktree,
  tracked: TrackedFiles,
  spec: PathSelection,
  options: CleanOptions,
): Promise<Found> {
  const { starts } = spec
  const wanted = wantedPaths(worktree)
  const files: Path[] = []
  const folders: Path[] = []
  const kept: SkippedPath[] = []
  const holding = new Set<Path>()
  const hold = (path: Path): void => {
    for (const folder of foldersAbove(path)) holding.add(folder)
  }
  const keep = (path: Path, reason: string): void => {
    hold(path)
    kept.push({ path, reason })
  }
  const whyKept = (path: Path, stat: fs.Stats): string | null => {
    if (path === configFileName) return 'says what the tables are: add it, or remove it by hand'
    if (wanted?.(path) === false) return 'is outside of what this clone took'
    if (!stat.isFile() && !stat.isSymbolicLink()) return 'is not a file, folder or symlink'
    return options.keeper?.(path) ?? null
  }
  const excluded = excluder(options.exclude ?? [])
  const { signal } = options
  const from = options.ignored === 'only' ? await ignoredPaths(worktree.root, starts, signal) : starts
  await walkWorktree(
    worktree.root,
    from,
    {
      file: (folder, name, place) => {
        const path = folder === '' ? name : `${folder}/${name}`
        if (!spec.has(path)) return hold(path)
        const stat = lstatAt(place, name, folder)
        if (stat === null || tracked.get(path) !== null || excluded(path)) return hold(path)
        const reason = whyKept(path, stat)
        if (reason === null) files.push(path)
        else keep(path, reason)
      },
      repository: (folder) => keep(`${folder}/`, 'is a repository of its own'),
      folder: (folder) => void (tracked.hasFolder(folder) || folders.push(folder)),
      enters: (folder) => {
        if (!spec.excludes(folder)) return true
        hold(folder)
        holding.add(folder)
        return false
      },
      passedOver: hold,
    },
    signal,
    { ignored: options.ignored === true || options.ignored === 'only' },
  )
  return {
    files,
    folders: folders.filter((folder) => folder !== '' && spec.has(folder) && !holding.has(folder)),
    kept,
    from,
  }
}

/** What the ignore rules name: files and whole folders. */
async function ignoredPaths(
  root: string,
  starts: readonly Path[],
  signal: AbortSignal | undefined,
): Promise<Path[]> {
  const ignored: Path[] = []
  const passedOver = (path: Path): void => {
    if (!path.split('/').some(isOwnName)) ignored.push(path)
  }
  await walkWorktree(root, starts, { file: () => {}, repository: () => {}, passedOver }, signal)
  return ignored
}

function excluder(patterns: readonly string[]): (path: Path) => boolean {
  if (patterns.length === 0) return () => false
  const rules = ignore({ ignorecase: false, allowRelativePaths: true }).add([...patterns])
  return (path) => rules.ignores(path)
}

/** As git without -d: of ignored files, those that match a rule themselves, in any folder. */
function withoutFolders(found: Found, tracked: TrackedFiles, { ignored }: CleanOptions): Found {
  const named = new Set(found.from)
  const isNear = (path: Path): boolean =>
    ignored === 'only' ? named.has(path) : foldersAbove(path).every((folder) => tracked.hasFolder(folder))
  return { ...found, files: found.files.filter(isNear), folders: [] }
}

function requireThere({ root }: Worktree, path: Path): void {
  if (path !== '' && new PathLookup(root).look(path) === null)
    throw new VarveError('VARVE_PATH_NOT_FOUND', `path '${path}' does not exist`, {
      data: { path },
      hint: "'varve clean -n' lists what can be removed",
    })
}

/** What another repository has is its own, also where it is named from here. */
function refuseOthers({ root }: Worktree, path: Path): void {
  const folders = path === '' ? [] : [...foldersAbove(path), path]
  const other = folders.find((folder) =>
    ['.varve', '.git'].some((name) => lstatOrNull(root, `${folder}/${name}`) !== null),
  )
  if (other === undefined) return
  throw new VarveError('VARVE_NOT_POSSIBLE', `'${path}' is in a repository of its own, '${other}/'`, {
    data: { path, repository: other },
    hint: `run the command in '${other}', or remove that repository by hand`,
  })
}

function namesOf({ files, folders }: Found): string[] {
  const whole = new Set(folders)
  const names = new Set<string>()
  for (const path of [...files, ...folders]) {
    const folder = foldersAbove(path).find((above) => whole.has(above))
    names.add(folder === undefined ? (whole.has(path) ? `${path}/` : path) : `${folder}/`)
  }
  return [...names].sort()
}

function remove(root: string, { files, folders }: Found, { signal, onProgress }: CleanOptions): void {
  for (const [i, path] of files.entries()) {
    if (i % filesPerTurn === 0) {
      throwIfAborted(signal)
      onProgress?.({ phase: 'removing files', done: i, total: files.length, unit: 'files' })
    }
    unless(['ENOENT', 'ENOTDIR'], path, () => fs.unlinkSync(nativePath(root, path)))
  }
  // The deepest first. What has got something new meanwhile stays.
  for (const folder of folders.toSorted((a, b) => b.length - a.length))
    unless(['ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST'], folder, () => fs.rmdirSync(nativePath(root, folder)))
}

function unless(codes: readonly string[], path: Path, work: () => void): void {
  try {
    work()
  } catch (error) {
    if (!codes.includes(errnoOf(error) ?? '')) throw fsFault(error, path, 'removing')
  }
}
