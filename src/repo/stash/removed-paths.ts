// Paths that are staged as removed and whose files are there again: changes like any others, as in Git.
import type { Cid } from '../../encoding/cid.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import { Tree } from '../../files/tree.ts'
import { diffTrees } from '../../files/tree-diff.ts'
import type { Io } from '../interface.ts'

/** `index`, with what HEAD has beyond it, except where something else has taken the place. */
export async function withRemoved(io: Io, index: Cid, head: Cid): Promise<Cid> {
  if (index === head) return index
  const [now, before] = [await Tree.load(io.nodes, index), await Tree.load(io.nodes, head)]
  const removed = new Map<Path, TreeEntry>()
  const [added, folders] = [new Set<Path>(), new Set<Path>()]
  for await (const batch of diffTrees(before, now))
    for (const difference of batch) {
      if (difference.after === null) removed.set(difference.path, difference.before!)
      if (difference.before !== null) continue
      added.add(difference.path)
      for (const folder of foldersOf(difference.path)) folders.add(folder)
    }
  for (const path of removed.keys())
    if (folders.has(path) || foldersOf(path).some((folder) => added.has(folder))) removed.delete(path)
  return removed.size === 0 ? index : (await now.update(io.writer, removed)).cid
}

/** All that it lies in: 'a' and 'a/b' of 'a/b/c'. */
function foldersOf(path: Path): Path[] {
  const parts = path.split('/')
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('/'))
}
