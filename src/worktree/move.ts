// `mv`: renames files and folders in the worktree and in the index alike; the entries that tables have in varve.yaml
// follow them. An existing folder as destination takes them in, as with mv and git.
import * as fs from 'node:fs'
import { VarveError } from '../base/errors.ts'
import { didYouMean } from '../base/nearest.ts'
import type { Path, TreeEntry } from '../files/interface.ts'
import { nearPath } from '../files/near-path.ts'
import { PathSelection, normalPath } from '../files/path-selection.ts'
import type { Tree } from '../files/tree.ts'
import { withWriter } from '../repo/context.ts'
import { stage } from './add.ts'
import { configFileName } from '../dataset/interface.ts'
import { folded } from './case-folding.ts'
import { configText } from './config-file.ts'
import { fileModesOf } from './file-modes.ts'
import { entriesOf, readIndex, updateIndex } from './index-state.ts'
import type { Worktree, WorktreeOptions } from './interface.ts'
import { PathLookup, foldersAbove, lstatOrNull, nativePath, withPathErrors } from './native.ts'
import { unwanted, wantedPaths } from './partial-files.ts'

export interface Moved {
  readonly from: Path
  readonly to: Path
}

/**
 * Moves each of `sources`: one of them to `toNamed` or into that folder, several into the folder `toNamed`. All are checked
 * first, and the index follows in one operation.
 * @throws VarveError VARVE_PATH_NOT_FOUND, VARVE_NOT_POSSIBLE when the destination is taken
 */
export async function movePaths(
  worktree: Worktree,
  sources: readonly string[],
  toNamed: string,
  options: WorktreeOptions & { readonly dryRun?: boolean | undefined } = {},
): Promise<Moved[]> {
  const named = normalPath(toNamed)
  const { index } = await readIndex(worktree)
  const lookup = new PathLookup(worktree.root)
  if (sources.length !== 1 && named !== '' && lookup.look(named)?.isDirectory() !== true)
    throw new VarveError('VARVE_NOT_POSSIBLE', `'${toNamed}' is not a folder`, {
      data: { path: toNamed },
      hint: 'several files are moved into a folder: make it first',
    })
  const planned: Planned[] = []
  for (const source of sources) planned.push(await plan(worktree, source, { index, lookup, named }, options))
  refuseClashes(planned)
  const result = planned.map(({ from, to }) => ({ from, to }))
  if (options.dryRun === true || planned.length === 0) return result
  for (const one of planned) rename(worktree.root, one)
  const moved = new Map(
    planned.flatMap(({ from, to, tracked }) =>
      [...tracked.keys()].map((path): [Path, Path] => [path, to + path.slice(from.length)]),
    ),
  )
  const isRenamed = await renameSettings(worktree, moved)
  const edits = new Map<Path, TreeEntry | null>([...moved.keys()].map((path) => [path, null]))
  for (const { tracked } of planned) for (const [path, entry] of tracked) edits.set(moved.get(path)!, entry)
  // The tables' settings belong to the move: staged with it, as git stages .gitmodules. First, for a move that is cut short
  // is done again until its paths have moved.
  const mayBeRenamed = planned.some(
    ({ isDone, tracked }) => isDone && [...tracked.values()].some(({ kind }) => kind === 'table'),
  )
  if ((isRenamed || mayBeRenamed) && (await index.get(configFileName)) !== null)
    await stage(worktree, [configFileName], options)
  await withWriter(worktree.repo, (writer, nodes) =>
    updateIndex(worktree, { writer, nodes, edits, operation: 'mv' }, options),
  )
  return result
}

interface Planned extends Moved {
  /** What is versioned at or below `from`. */
  readonly tracked: ReadonlyMap<Path, TreeEntry>
  /** The files lie there already. */
  readonly isDone: boolean
}

async function plan(
  worktree: Worktree,
  fromNamed: string,
  { index, lookup, named }: { readonly index: Tree; readonly lookup: PathLookup; readonly named: Path },
  options: WorktreeOptions,
): Promise<Planned> {
  const from = normalPath(fromNamed)
  if (from === '')
    throw new VarveError('VARVE_NOT_POSSIBLE', "the repository's own folder cannot be moved", {
      data: { path: fromNamed },
      hint: 'name the files and folders in it',
    })
  const tracked = await entriesOf(index, new PathSelection([from]), options)
  // One that was cut short before the index followed is finished by doing it again.
  const already = await movedAlready(index, lookup, from, { paths: [...tracked.keys()], named })
  if (tracked.size === 0 || (lookup.look(from) === null && already === null)) {
    throw new VarveError('VARVE_PATH_NOT_FOUND', `'${fromNamed}' is not a tracked file or folder`, {
      data: { path: fromNamed },
      hint: didYouMean(
        await nearPath(index, from),
        "'varve ls-files' lists tracked files; 'varve add' tracks a new one",
      ),
    })
  }
  const isSameFile = fileModesOf(worktree).ignoreCase && named !== from && folded(named) === folded(from)
  const to = already ?? (isSameFile ? named : destination(lookup, from, named))
  const wanted = wantedPaths(worktree)
  for (const path of wanted === null ? [] : tracked.keys())
    if (wanted!(path) !== wanted!(to + path.slice(from.length))) throw unwanted(path)
  return { from, to, tracked, isDone: already !== null }
}

/** As Git: not two of one name into one folder, and nothing beside the folder that it lies in. */
function refuseClashes(planned: readonly Moved[]): void {
  const taking = new Map<Path, Path>()
  const sources = new Set(planned.map(({ from }) => from))
  for (const { from, to } of planned) {
    const other = taking.get(to)
    if (other !== undefined) throw taken(from, to, `'${other}' goes there`)
    taking.set(to, from)
    const above = foldersAbove(from).find((folder) => sources.has(folder))
    if (above !== undefined) throw taken(from, to, `'${above}', in which it lies, is moved too`)
  }
}

function rename(root: string, { from, to, isDone }: Planned): void {
  for (const folder of foldersAbove(to)) makeFolder(root, folder)
  if (isDone) return
  const [was, is] = [nativePath(root, from), nativePath(root, to)]
  withPathErrors(from, 'moving', () => fs.renameSync(was, is))
}

/** Where all that is tracked at `from` lies, tracked by nobody, when nothing is at `from` any more; null: nowhere. */
async function movedAlready(
  index: Tree,
  lookup: PathLookup,
  from: Path,
  { paths, named }: { readonly paths: readonly Path[]; readonly named: Path },
): Promise<Path | null> {
  if (paths.length === 0 || lookup.look(from) !== null) return null
  const name = from.slice(from.lastIndexOf('/') + 1)
  for (const to of named === '' ? [name] : [named, `${named}/${name}`]) {
    const moved = paths.map((path) => to + path.slice(from.length))
    const areThere = moved.every((path) => {
      const stat = lookup.blockedAt(path) === null ? lookup.look(path) : null
      return stat !== null && !stat.isDirectory()
    })
    if (areThere && (await index.getMany(moved)).every((entry) => entry === null)) return to
  }
  return null
}

async function renameSettings(worktree: Worktree, moved: ReadonlyMap<Path, Path>): Promise<boolean> {
  if (configText(worktree.root) === '') return false
  const { renameTables } = await import('./config-edit.ts')
  return renameTables(worktree.root, moved)
}

function destination(lookup: PathLookup, from: Path, named: Path): Path {
  const blocked = named === '' ? null : lookup.blockedAt(named)
  const stat = named === '' ? null : lookup.look(named)
  const name = from.slice(from.lastIndexOf('/') + 1)
  const to = named === '' ? name : stat?.isDirectory() === true ? `${named}/${name}` : named
  if (to === from || to.startsWith(`${from}/`)) throw taken(from, to, 'it would be inside itself')
  if (blocked !== null) throw taken(from, to, `'${blocked}' is not a folder`)
  if (lookup.look(to) !== null) throw taken(from, to, 'the destination exists')
  return to
}

function taken(from: Path, to: Path, reason: string): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `cannot move '${from}' to '${to}': ${reason}`, {
    data: { from, to },
    hint: 'choose another destination',
  })
}

function makeFolder(root: string, folder: Path): void {
  if (lstatOrNull(root, folder) !== null) return
  withPathErrors(folder, 'making the folder', () => fs.mkdirSync(nativePath(root, folder)))
}
