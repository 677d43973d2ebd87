// The path that somebody probably meant: the one in the same folder that is spelt almost so.
import { nearest } from '../base/nearest.ts'
import type { Path } from './interface.ts'
import type { Tree } from './tree.ts'

/** A folder with more names has no near one. */
const namesLookedAtMax = 10_000

/** As a tree has them. */
export async function nearPath(tree: Tree, path: Path): Promise<Path | null> {
  const names: string[] = []
  for await (const items of tree.list(folderOf(path))) {
    names.push(...items.map((item) => item.name))
    if (names.length > namesLookedAtMax) return null
  }
  return nearPathAmong(names, path)
}

/** `names`: those in the folder of `path`. */
export function nearPathAmong(names: readonly string[], path: Path): Path | null {
  if (names.length > namesLookedAtMax) return null
  const folder = folderOf(path)
  const typed = path.slice(path.lastIndexOf('/') + 1)
  // A table of a database has no path that needs quotes: 'My Table' is at 'My%20Table'.
  const isSame = (name: string): boolean =>
    name === encodeURIComponent(typed) || name.replace(/(?<=.)\.[^.]*$/, '') === typed
  const near = names.find(isSame) ?? nearest(typed, names)
  return near === null || folder === '' ? near : `${folder}/${near}`
}

function folderOf(path: Path): Path {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}
