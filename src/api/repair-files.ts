// The user's files as a source of lost contents: of the paths in the index and in the current commit that miss something.
import type { Cid } from '../encoding/cid.ts'
import type { Path, TreeEntry } from '../files/interface.ts'
import { readCommit } from '../history/commit.ts'
import type { RefillSource } from '../remote/refill.ts'
import { damageOfTree } from '../repo/fsck/damage.ts'
import { peelToCommit } from '../repo/head.ts'
import { indexRef } from '../repo/interface.ts'
import { isVarveError } from '../base/errors.ts'
import { taintedBy } from '../store/taint.ts'
import type { ObjectReader } from '../store/interface.ts'
import type { Worktree } from '../worktree/interface.ts'
import { putFiles } from '../worktree/put-files.ts'

export function filesSource(worktree: Worktree): RefillSource {
  let isDone = false
  return {
    name: 'the working folder',
    fill: async (missing, writer, options) => {
      // A second look finds nothing new, unless nodes of a path tree came: those do not come from files.
      if (isDone) return 0
      isDone = true
      const trees = await treesOf(worktree, writer)
      const taint = await taintedBy(writer, trees, new Set(missing), options)
      const entries: [Path, TreeEntry][] = []
      for (const tree of trees)
        for await (const { path, entry } of damageOfTree(worktree.repo.nodes.through(writer), tree, taint))
          if (path !== null && entry !== null) entries.push([path, entry])
      await putFiles(worktree, entries, writer, options)
      const isHere = await writer.has(missing)
      return isHere.filter(Boolean).length
    },
  }
}

/** Roots of the path trees that the files in the folder may belong to. */
async function treesOf({ repo }: Worktree, reader: ObjectReader): Promise<Cid[]> {
  const { refs, head } = await repo.store.manifest()
  const index = refs.get(indexRef)
  const tip = refs.get(head ?? 'HEAD')
  const trees = index === undefined ? [] : [index]
  try {
    if (tip !== undefined) trees.push((await readCommit(reader, await peelToCommit(reader, tip))).tree)
  } catch (error) {
    if (!isVarveError(error)) throw error
  }
  return [...new Set(trees)]
}
