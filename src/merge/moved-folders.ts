// A folder that one side renamed, and a path that the other added to it: the path goes to where the folder is now, as in
// Git. A folder counts as renamed when the side has nothing left in it and most of what it moved out of there went, under
// the same names, to one other folder. Where that place is taken the path stays where it was added.
import type { Path } from '../files/interface.ts'
import type { Tree } from '../files/tree.ts'
import type { ReadOptions } from '../store/interface.ts'
import { type MergeCase, type SideRenames, movingSides } from './merge-case.ts'
import { directoriesAbove } from './occupied-paths.ts'

export async function followFolders(
  trees: { readonly ours: Tree; readonly theirs: Tree },
  renames: SideRenames,
  cases: Map<Path, MergeCase>,
  moved: Path[],
  options: ReadOptions,
): Promise<ReadonlyMap<Path, Path>> {
  const relocated = new Map<Path, Path>()
  for (const [mover, other] of movingSides) {
    const folders = movedFolders(renames[mover])
    if (folders.size === 0) continue
    const left = new Map<Path, Promise<boolean>>()
    const isLeft = (folder: Path): Promise<boolean> => {
      const known = left.get(folder) ?? trees[mover].isDirectory(folder, options)
      left.set(folder, known)
      return known
    }
    const added = [...cases.values()].filter(
      (one) => one.base === null && one[mover] === null && one[other] !== null,
    )
    for (const one of added) {
      const { path } = one
      const to = await placeIn(folders, path, isLeft)
      if (to === null || cases.has(to) || (await isTaken(trees, to, options))) continue
      cases.delete(path)
      cases.set(to, { ...one, path: to, ...(other === 'ours' ? { from: path } : {}) })
      if (other === 'ours') moved.push(path)
      relocated.set(path, to)
    }
  }
  return relocated
}

/** By folder: the one folder that most of its paths went to. '' is the root. */
function movedFolders(renames: ReadonlyMap<Path, Path>): Map<Path, Path> {
  const votes = new Map<Path, Map<Path, number>>()
  for (const [from, to] of renames) {
    if (nameOf(from) !== nameOf(to)) continue
    let [a, b] = [folderOf(from), folderOf(to)]
    // When 'a/b/f' went to 'z/b/f', both 'a/b' and 'a' were renamed.
    for (; a !== '' && a !== b; [a, b] = [folderOf(a), folderOf(b)]) {
      const counts = votes.get(a) ?? new Map<Path, number>()
      votes.set(a, counts.set(b, (counts.get(b) ?? 0) + 1))
      if (nameOf(a) !== nameOf(b)) break
    }
  }
  const folders = new Map<Path, Path>()
  for (const [from, counts] of votes) {
    const [first, second] = [...counts].sort(([, a], [, b]) => b - a)
    if (first![1] !== second?.[1]) folders.set(from, first![0])
  }
  return folders
}

async function placeIn(
  folders: ReadonlyMap<Path, Path>,
  path: Path,
  isLeft: (folder: Path) => Promise<boolean>,
): Promise<Path | null> {
  for (const folder of directoriesAbove(path)) {
    const now = folders.get(folder)
    if (now === undefined) continue
    const rest = path.slice(folder.length + 1)
    return (await isLeft(folder)) ? null : now === '' ? rest : `${now}/${rest}`
  }
  return null
}

async function isTaken(
  { ours, theirs }: { readonly ours: Tree; readonly theirs: Tree },
  path: Path,
  options: ReadOptions,
): Promise<boolean> {
  const above = [path, ...directoriesAbove(path)]
  for (const tree of [ours, theirs]) {
    if ((await tree.isDirectory(path, options)) || (await tree.getMany(above, options)).some(Boolean))
      return true
  }
  return false
}

function folderOf(path: Path): Path {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

function nameOf(path: Path): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
