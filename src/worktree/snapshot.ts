// The tracked files as they are now, as a tree: one side of `varve diff`. Staged into the caller's writer only, and a
// table's file that no longer is a table is compared as the plain bytes it would be stored as.
import type { Cid } from '../encoding/cid.ts'
import { Tree } from '../files/tree.ts'
import type { FolderOptions, Io } from '../repo/interface.ts'
import { Stager } from './add.ts'
import { readConfig } from './dataset-config.ts'
import { entriesOf } from './index-state.ts'
import type { Worktree } from './interface.ts'
import { scanWorktree } from './scan.ts'
import { StatCache } from './stat-cache.ts'
import { bytesOf } from './status.ts'

export async function snapshotTree(
  worktree: Worktree,
  io: Io,
  index: Cid,
  options: FolderOptions,
): Promise<Cid> {
  const { signal } = options
  const tree = await Tree.load(io.nodes, index)
  const tracked = await entriesOf(tree, null, { signal })
  const { files } = scanWorktree(worktree.root, { from: [], tracked: tracked.keys(), signal })
  const cache = await StatCache.open(worktree, { paths: files.size, bytes: bytesOf(files) })
  const stager = new Stager(worktree, { ...io, cache, config: readConfig(worktree.root) }, options)
  try {
    await stager.stageFiles(files, tracked)
    await stager.stageDeletions(files, tracked)
  } finally {
    await cache.close()
  }
  return (await tree.update(io.writer, stager.edits, { signal })).cid
}
