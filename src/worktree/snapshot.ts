// The tracked files as they are now, as a tree: one side of `varve diff`, and what a stash takes. It goes into the
// caller's writer only; a table's file whose rows break its rules counts as the plain bytes it could be stored as.
import type { Cid } from '../encoding/cid.ts'
import { PathSelection } from '../files/path-selection.ts'
import { Tree } from '../files/tree.ts'
import type { FolderOptions, Io, SnapshotChoice } from '../repo/interface.ts'
import { awaitWholeFiles } from './checkout/turn.ts'
import type { Worktree } from './interface.ts'
import { openSurvey } from './open-survey.ts'
import { stageSurvey } from './stager.ts'
import { nearFile } from './unmatched.ts'
import { skipUnwanted } from './partial-files.ts'

export async function snapshotTree(
  worktree: Worktree,
  io: Io,
  index: Cid,
  options: FolderOptions & SnapshotChoice,
): Promise<Cid> {
  const { signal, paths = ['.'], untracked = false } = options
  const spec = new PathSelection(paths)
  const tree = await Tree.load(io.nodes, index)
  if (options.inTurn === true) await awaitWholeFiles(worktree, options)
  const { survey, tracked, cache } = await openSurvey(worktree, tree, {
    from: untracked ? spec.starts : [],
    spec,
    signal,
  })
  try {
    skipUnwanted(worktree, survey, null)
    if (options.mayBeNone !== true)
      await spec.requireMatches(survey.files.keys(), {
        isFound: (one) => survey.covers(one),
        near: (path) => nearFile(worktree.root, tree, path),
      })
    const stager = await stageSurvey(
      worktree,
      io,
      { survey, tracked, cache },
      { ...options, onFault: 'keep as file' },
    )
    await tracked.follow(tree, { signal })
    await cache.save(tracked)
    return (await tree.update(io.writer, stager.edits, { signal })).cid
  } finally {
    await cache.close()
  }
}
