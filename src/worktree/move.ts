// `mv`: renames a file or folder in the worktree and in the index alike; the entries that tables have in varve.yaml
// follow them. An existing folder as destination takes the file in, as with mv and git.
import * as fs from 'node:fs'
import { VarveError } from '../base/errors.ts'
import type { Path, TreeEntry } from '../files/interface.ts'
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

/** @throws VarveError VARVE_PATH_NOT_FOUND, VARVE_NOT_POSSIBLE when the destination is taken */
export async function movePath(
  worktree: Worktree,
  fromNamed: string,
  toNamed: string,
  options: WorktreeOptions & { readonly dryRun?: boolean | undefined } = {},
): Promise<{ from: Path; to: Path }> {
  const from = normalPath(fromNamed)
  if (from === '')
    throw new VarveError('VARVE_NOT_POSSIBLE', "the repository's own folder cannot be moved", {
      data: { path: fromNamed },
      hint: 'name the files and folders in it',
    })
  const { index } = await readIndex(worktree)
  const spec = new PathSelection([from])
  const tracked = await entriesOf(index, spec, options)
  const lookup = new PathLookup(worktree.root)
  // One that was cut short before the index followed is finished by doing it again.
  const named = normalPath(toNamed)
  const already = await movedAlready(index, lookup, from, { paths: [...tracked.keys()], named })
  if (tracked.size === 0 || (lookup.look(from) === null && already === null)) {
    throw new VarveError('VARVE_PATH_NOT_FOUND', `'${fromNamed}' is not a tracked file or folder`, {
      data: { path: fromNamed },
      hint: "'varve ls-files' lists tracked files; 'varve add' tracks a new one",
    })
  }
  const isSameFile = fileModesOf(worktree).ignoreCase && named !== from && folded(named) === folded(from)
  const to = already ?? (isSameFile ? named : destination(lookup, from, named))
  const wanted = wantedPaths(worktree)
  for (const path of wanted === null ? [] : tracked.keys())
    if (wanted!(path) !== wanted!(to + path.slice(from.length))) throw unwanted(path)
  if (options.dryRun === true) return { from, to }
  for (const folder of foldersAbove(to)) makeFolder(worktree.root, folder)
  if (already === null) {
    const [was, is] = [nativePath(worktree.root, from), nativePath(worktree.root, to)]
    withPathErrors(from, 'moving', () => fs.renameSync(was, is))
  }
  const moved = new Map([...tracked.keys()].map((path): [Path, Path] => [path, to + path.slice(from.length)]))
  const isRenamed = await renameSettings(worktree, moved)
  const edits = new Map<Path, TreeEntry | null>()
  for (const path of moved.keys()) edits.set(path, null)
  for (const [path, entry] of tracked) edits.set(moved.get(path)!, entry)
  // The tables' settings belong to the move: staged with it, as git stages .gitmodules. First, for a move that is cut short
  // is done again until its paths have moved.
  const mayBeRenamed = already !== null && [...tracked.values()].some(({ kind }) => kind === 'table')
  if ((isRenamed || mayBeRenamed) && (await index.get(configFileName)) !== null)
    await stage(worktree, [configFileName], options)
  await withWriter(worktree.repo, (writer, nodes) =>
    updateIndex(worktree, { writer, nodes, edits, operation: 'mv' }, options),
  )
  return { from, to }
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
