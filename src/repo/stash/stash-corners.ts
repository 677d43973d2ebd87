// Where index and files differ in what a stash has: what is staged and cannot be seen in the files, and tables that could not
// be read when they were put aside.
import { VarveError } from '../../base/errors.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import { Tree } from '../../files/tree.ts'
import { diffTrees } from '../../files/tree-diff.ts'
import type { Commit } from '../../history/interface.ts'
import type { Folder, Io } from '../interface.ts'
import { parentTree } from '../merging/pick-change.ts'
import { stagedOf } from './stash-parts.ts'
import type { Stash } from './stash.ts'

/**
 * What is staged already is not brought to the files: where they do not show it, somebody has edited them since, and the
 * stash may be all that has the changes. It goes when they can be seen.
 * @throws VarveError VARVE_UNCOMMITTED
 */
export async function refuseHidden(
  io: Io,
  folder: Folder,
  { name, commit }: Stash,
  { from, to }: { readonly from: Cid; readonly to: Cid },
): Promise<void> {
  const base = await parentTree(io, commit, { kind: 'bring back' })
  const hidden = await pathsBetween(io, base, commit.tree)
  for (const path of await pathsBetween(io, from, to)) hidden.delete(path)
  if (hidden.size === 0) return
  const now = await folder.snapshot(io, from, { inTurn: true })
  const edited = [...(await pathsBetween(io, from, now))].filter((path) => hidden.has(path))
  if (edited.length === 0) return
  throw new VarveError(
    'VARVE_UNCOMMITTED',
    `what '${name}' has of '${edited[0]!}' is staged, and the file is other`,
    {
      data: { stash: name, paths: edited },
      hint: "nothing was changed; commit or restore the file, or do without with 'varve stash drop'",
    },
  )
}

async function pathsBetween(io: Io, from: Cid, to: Cid): Promise<Set<Path>> {
  const paths = new Set<Path>()
  for await (const batch of diffTrees(await Tree.load(io.nodes, from), await Tree.load(io.nodes, to)))
    for (const { path } of batch) paths.add(path)
  return paths
}

/** A table whose rows could not be read was put aside as plain bytes: such it comes back to the files, and is not staged. */
export async function withTables(
  io: Io,
  files: Cid,
  ours: Cid,
  { base, commit }: { readonly base: Cid; readonly commit: Commit },
): Promise<Cid> {
  const [before, into, kept] = [
    await Tree.load(io.nodes, stagedOf(commit) ?? base),
    await Tree.load(io.nodes, files),
    await Tree.load(io.nodes, ours),
  ]
  const edits = new Map<Path, TreeEntry | null>()
  for await (const batch of diffTrees(before, await Tree.load(io.nodes, commit.tree)))
    for (const { path, before: was, after } of batch)
      if (was?.kind === 'table' && after?.kind === 'file') edits.set(path, await kept.get(path))
  return edits.size === 0 ? files : (await into.update(io.writer, edits)).cid
}
