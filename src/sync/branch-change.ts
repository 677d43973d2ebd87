// A commit on a link's branch that changes the link's own tables, made by whoever decides about them. The user's files
// move along where the branch is checked out.
import type { Cid } from '../encoding/cid.ts'
import type { Path, TreeEntry } from '../files/interface.ts'
import { Tree } from '../files/tree.ts'
import { nextGeneration, readCommit, writeCommit } from '../history/commit.ts'
import { signatureOf } from '../repo/context.ts'
import { readBranch } from '../repo/head.ts'
import { refuseWhileMerging } from '../repo/merging/refuse.ts'
import type { Folder, Io, Repo } from '../repo/interface.ts'
import { refuseStaged } from '../repo/merging/merge.ts'
import { move } from '../repo/move.ts'
import type { Link } from './interface.ts'
import { branchOf } from './merge/merge-branch.ts'

export interface BranchChange {
  readonly repo: Repo
  readonly folder: Folder | null
  readonly link: Link
  readonly paths: readonly Path[]
  readonly operation: string
  readonly message: string
  /** Called with a tree that has only the tables at `paths`, as the branch has them. */
  readonly change: (io: Io, ours: Tree) => Promise<Tree>
}

export async function changeBranch(what: BranchChange): Promise<void> {
  const { repo, folder, link, paths, operation, message, change } = what
  await move(repo, folder, async (manifest, io) => {
    const ref = branchOf(link, manifest)
    const tip = await readBranch(io.nodes.reader, manifest, ref)
    if (tip === null) return null
    const full = await Tree.load(io.nodes, tip.tree)
    const entries = new Map<Path, TreeEntry>()
    for (const path of paths) {
      const entry = await full.get(path)
      if (entry !== null) entries.set(path, entry)
    }
    const after = await change(io, await Tree.empty(io.nodes, io.writer).update(io.writer, entries))
    const changed = new Map<Path, TreeEntry | null>()
    for (const path of paths) changed.set(path, await after.get(path))
    const tree = await full.update(io.writer, changed)
    if (tree.cid === tip.tree) return null
    if (ref === manifest.head) {
      await refuseWhileMerging(io.writer, manifest, operation)
      refuseStaged(manifest, operation)
    }
    const committer = signatureOf(repo, manifest)
    const parents = [tip.cid]
    const generation = await nextGeneration(io.writer, parents)
    const facts = { parents, author: committer, committer, message, generation, extra: {} }
    return {
      refs: new Map([[ref, writeCommit(io.writer, { tree: tree.cid, ...facts })]]),
      operation: { name: operation, message },
      show: ref === manifest.head ? tree.cid : null,
    }
  })
}

export async function commitTree(io: Io, commit: Cid | null): Promise<Tree> {
  if (commit === null) return Tree.empty(io.nodes, io.writer)
  return Tree.load(io.nodes, (await readCommit(io.nodes.reader, commit)).tree)
}
