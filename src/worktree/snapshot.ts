// The tracked files as they are now, as a tree: one side of `varve diff`. It goes into the caller's writer only; a
// table's file whose rows break its rules counts as the plain bytes it could be stored as.
import type { Cid } from '../encoding/cid.ts'
import { Tree } from '../files/tree.ts'
import type { FolderOptions, Io } from '../repo/interface.ts'
import { entriesOf } from './index-state.ts'
import type { Worktree } from './interface.ts'
import { scanWorktree } from './scan.ts'
import { stageScan } from './stager.ts'
import { wantedPaths } from './wanted.ts'

export async function snapshotTree(
  worktree: Worktree,
  io: Io,
  index: Cid,
  options: FolderOptions,
): Promise<Cid> {
  const { signal } = options
  const tree = await Tree.load(io.nodes, index)
  const tracked = await entriesOf(tree, wantedPaths(worktree), { signal })
  const scan = scanWorktree(worktree.root, { from: [], tracked: tracked.keys(), signal })
  const { edits } = await stageScan(worktree, io, { scan, tracked }, { ...options, onFault: 'keep as file' })
  return (await tree.update(io.writer, edits, { signal })).cid
}
