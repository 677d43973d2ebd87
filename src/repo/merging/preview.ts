// The dry run of a merge: what it would come to, with nothing kept. All objects go into a writer that is thrown away;
// what somebody wants to see of them has to be read inside `look`.
import { throwIfAborted } from '../../base/errors.ts'
import type { Cid } from '../../encoding/cid.ts'
import { readCommit } from '../../history/commit.ts'
import { resolveRevision } from '../../history/revision.ts'
import { type AssessOptions, type Assessment, assessMerge } from './assess.ts'
import { withWriter } from '../context.ts'
import { emptyTreeOf } from '../empty.ts'
import { readHead } from '../head.ts'
import type { Io, Repo } from '../interface.ts'

export interface PreviewOptions extends AssessOptions {
  /** The branch or revision to merge into; default: HEAD. */
  readonly into?: string | undefined
}

export interface Preview extends Assessment {
  /** The ref or revision that would be merged into. */
  readonly into: string
  readonly ours: Cid | null
  readonly theirs: Cid
  /** Tree of ours, which `tree` would take the place of. */
  readonly before: Cid
}

export async function previewMerge<T>(
  repo: Repo,
  revision: string,
  options: PreviewOptions,
  look: (io: Io, preview: Preview) => Promise<T>,
): Promise<T> {
  throwIfAborted(options.signal)
  return withWriter(repo, async (writer, nodes) => {
    const io = { writer, nodes }
    const manifest = await repo.store.manifest()
    const theirs = await readCommit(writer, (await resolveRevision(repo.store, revision, manifest)).commit)
    const { ref: into, commit: ours } =
      options.into === undefined ? await readHead(writer, manifest) : await namedEnd(options.into)
    const assessment = await assessMerge(io, { ours, theirs, revision }, options)
    const before = ours?.tree ?? emptyTreeOf(io)
    return look(io, { ...assessment, into, ours: ours?.cid ?? null, theirs: theirs.cid, before })

    async function namedEnd(name: string): ReturnType<typeof readHead> {
      const { commit, ref } = await resolveRevision(repo.store, name, manifest)
      return { ref: ref ?? name, commit: await readCommit(writer, commit) }
    }
  })
}
