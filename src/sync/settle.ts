// Settles rows that wait because both sides changed them. 'ours' says that the endpoint's value has been seen and is to
// be overwritten: the base takes it, so that only our change is left. 'theirs' takes the endpoint's row into the branch
// as well. Either way nothing is written to the endpoint here; the next round does it, with its guards.
import { VarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import type { Path, TreeEntry } from '../files/interface.ts'
import { Tree } from '../files/tree.ts'
import { nextGeneration, readCommit, writeCommit } from '../history/commit.ts'
import { signatureOf, withWriter } from '../repo/context.ts'
import { readBranch, refuseWhileMerging } from '../repo/head.ts'
import type { Folder, Io, Repo } from '../repo/interface.ts'
import { refuseStaged } from '../repo/merge.ts'
import { move } from '../repo/move.ts'
import { HeldRows } from './held-rows.ts'
import type { HeldBack, Link } from './interface.ts'
import { branchOf } from './merge-branch.ts'
import { linkRef, readLinkState } from './state.ts'

export interface Settling {
  readonly repo: Repo
  readonly folder: Folder | null
  readonly link: Link
  readonly rows: readonly HeldBack[]
  readonly side: 'ours' | 'theirs'
}

/** @throws VARVE_NOT_POSSIBLE before the first round */
export async function settleHeldRows(settling: Settling): Promise<void> {
  const { repo, link, side } = settling
  const state = readLinkState(await repo.store.manifest(), link.name)
  if (state.live === null) {
    throw new VarveError('VARVE_NOT_POSSIBLE', `the link '${link.name}' has not been synchronized yet`, {
      hint: `run 'varve sync ${link.name}'`,
    })
  }
  const held = new HeldRows()
  for (const row of settling.rows) held.add(row)
  if (side === 'theirs') await takeTheirs(settling, held, state.live)
  await withWriter(repo, async (writer, nodes) => {
    const io: Io = { writer, nodes }
    await repo.store.update(
      async (manifest) => {
        const now = readLinkState(manifest, link.name)
        const live = await treeAt(io, now.live)
        const base = await held.put(io, await treeAt(io, now.base), live)
        const parents = now.base === null ? [] : [now.base]
        const committer = signatureOf(repo, manifest)
        const message = `Settle ${settling.rows.length} rows of '${link.name}': ${side}`
        const generation = await nextGeneration(writer, parents)
        const commit = {
          tree: base.cid,
          parents,
          author: committer,
          committer,
          message,
          generation,
          extra: {},
        }
        return {
          refs: new Map([[linkRef(link.name, 'base'), writeCommit(writer, commit)]]),
          operation: { name: 'sync resolve', message, author: committer.name },
        }
      },
      { writer },
    )
  })
}

async function takeTheirs({ repo, folder, link, rows }: Settling, held: HeldRows, seen: Cid): Promise<void> {
  await move(repo, folder, async (manifest, io) => {
    const ref = branchOf(link, manifest)
    const tip = await readBranch(io.nodes.reader, manifest, ref)
    if (tip === null) return null
    const full = await Tree.load(io.nodes, tip.tree)
    const live = await treeAt(io, seen)
    const paths = [...new Set(rows.map(({ path }) => path))]
    const entries = new Map<Path, TreeEntry>()
    for (const path of paths) {
      const entry = await full.get(path)
      if (entry !== null) entries.set(path, entry)
    }
    const ours = await Tree.empty(io.nodes, io.writer).update(io.writer, entries)
    const settled = await held.put(io, ours, live)
    const changed = new Map<Path, TreeEntry | null>()
    for (const path of paths) changed.set(path, await settled.get(path))
    const tree = await full.update(io.writer, changed)
    if (tree.cid === tip.tree) return null
    if (ref === manifest.head) {
      refuseWhileMerging(manifest, 'settle rows')
      refuseStaged(manifest, 'settle rows')
    }
    const committer = signatureOf(repo, manifest)
    const message = `Take ${rows.length} rows as '${link.name}' has them`
    const parents = [tip.cid]
    const generation = await nextGeneration(io.writer, parents)
    const commit = writeCommit(io.writer, {
      tree: tree.cid,
      parents,
      author: committer,
      committer,
      message,
      generation,
      extra: {},
    })
    return {
      refs: new Map([[ref, commit]]),
      operation: { name: 'sync resolve', message },
      show: ref === manifest.head ? tree.cid : null,
    }
  })
}

async function treeAt(io: Io, commit: Cid | null): Promise<Tree> {
  if (commit === null) return Tree.empty(io.nodes, io.writer)
  return Tree.load(io.nodes, (await readCommit(io.nodes.reader, commit)).tree)
}
