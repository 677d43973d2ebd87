// Changes the common base of a link, on behalf of somebody who has seen what both sides hold.
import type { Cid } from '../../encoding/cid.ts'
import type { Tree } from '../../files/tree.ts'
import { nextGeneration, readCommit, writeCommit } from '../../history/commit.ts'
import { signatureOf, withWriter } from '../../repo/context.ts'
import type { Io, Repo } from '../../repo/interface.ts'
import { commitTree } from '../branch-change.ts'
import type { Link } from '../interface.ts'
import { linkRef, readLinkState } from '../state.ts'

export interface BaseChange {
  readonly repo: Repo
  readonly link: Link
  readonly operation: string
  readonly message: string
  /** Refs of the link that move along. */
  readonly refs?: ReadonlyMap<string, Cid | null>
  /** Settings that change along. */
  readonly config?: ReadonlyMap<string, string | null>
  readonly change: (io: Io, base: Tree) => Promise<Tree>
}

export async function changeBase(what: BaseChange): Promise<void> {
  const { repo, link, operation, message, refs, config, change } = what
  await withWriter(repo, async (writer, nodes) => {
    const io: Io = { writer, nodes }
    await repo.store.update(
      async (manifest) => {
        const now = readLinkState(manifest, link.name)
        const base = await change(io, await commitTree(io, now.base))
        const parents = now.base === null ? [] : [now.base]
        const committer = signatureOf(repo, manifest)
        const generation = await nextGeneration(writer, parents)
        const known = now.base === null ? null : await readCommit(writer, now.base)
        const extra = known?.extra ?? {}
        const facts = { parents, author: committer, committer, message, generation, extra }
        const commit = writeCommit(writer, { tree: base.cid, ...facts })
        return {
          refs: new Map([[linkRef(link.name, 'base'), commit], ...(refs ?? [])]),
          ...(config === undefined ? {} : { config }),
          operation: { name: operation, message, author: committer.name },
        }
      },
      { writer },
    )
  })
}
