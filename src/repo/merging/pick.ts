// One commit's change applied elsewhere: cherry-pick (parent -> commit onto HEAD) and revert (commit -> parent onto
// HEAD). Each is a three-way merge.
import { VarveError } from '../../base/errors.ts'
import { digestHex, shortCid } from '../../encoding/cid.ts'
import { readCommit } from '../../history/commit.ts'
import type { Commit } from '../../history/interface.ts'
import { resolveRevision } from '../../history/revision.ts'
import { mergeTrees } from '../../merge/merge-trees.ts'
import { requireAuthor } from '../context.ts'
import { emptyTreeOf } from '../empty.ts'
import { refuseWhileMerging, requireHead } from '../head.ts'
import type { Folder, Io, Repo } from '../interface.ts'
import { type Merged, type MergeOptions, concludeMerge, refuseStaged } from './merge.ts'
import { move } from '../move.ts'

export async function pick(
  repo: Repo,
  folder: Folder | null,
  revision: string,
  options: MergeOptions & {
    readonly kind: 'cherry-pick' | 'revert'
    /** For a cherry-pick: its message names the commit that it was. */
    readonly nameOrigin?: boolean | undefined
  },
): Promise<Merged> {
  const { kind } = options
  let result: Merged | null = null
  await move(
    repo,
    folder,
    async (manifest, io) => {
      refuseWhileMerging(manifest, kind)
      refuseStaged(manifest, kind)
      const head = await requireHead(io.writer, manifest)
      const commit = await readCommit(
        io.writer,
        (await resolveRevision(repo.store, revision, manifest)).commit,
      )
      const parent = await onlyParentTree(io, commit, kind)
      const [base, theirs] = kind === 'cherry-pick' ? [parent, commit.tree] : [commit.tree, parent]
      if (options.noCommit !== true) requireAuthor(repo, manifest)
      const policies = options.policies ?? new Map()
      const outcome = await mergeTrees(
        { ...io, base, ours: head.commit.tree, theirs },
        { ...options, policies },
      )
      if (outcome.conflictCount === 0 && outcome.tree === head.commit.tree) {
        throw new VarveError('VARVE_NOTHING_TO_COMMIT', `${kind} of '${revision}' changes nothing here`)
      }
      const plan = await concludeMerge(
        repo,
        manifest,
        io,
        {
          ref: head.ref,
          ours: head.commit,
          theirs: commit,
          outcome,
          kind,
          message: options.message ?? messageFor(kind, commit, options),
          author: kind === 'cherry-pick' ? commit.author : null,
        },
        options,
      )
      result = plan.result
      return plan.move
    },
    options,
  )
  return result!
}

function messageFor(
  kind: 'cherry-pick' | 'revert',
  commit: Commit,
  { nameOrigin }: { readonly nameOrigin?: boolean | undefined },
): string {
  if (kind === 'cherry-pick') return nameOrigin === true ? withOrigin(commit) : commit.message
  return `Revert "${commit.message.split('\n')[0]!}"\n\nThis reverts commit ${commit.cid.slice(8)}.`
}

/** As git's -x: in the last paragraph where that is made of such lines, else in one of its own. */
function withOrigin({ cid, message }: Commit): string {
  const text = message.trimEnd()
  const [, ...paragraphs] = text.split(/\n\s*\n/)
  const isTrailer = (line: string): boolean => /^([A-Za-z0-9-]+: |\(cherry picked from commit )/.test(line)
  const gap = paragraphs.at(-1)?.split('\n').every(isTrailer) === true ? '\n' : '\n\n'
  return `${text}${gap}(cherry picked from commit ${digestHex(cid)})\n`
}

export async function onlyParentTree(io: Io, commit: Commit, kind: string): Promise<Commit['tree']> {
  if (commit.parents.length === 0) return emptyTreeOf(io)
  if (commit.parents.length > 1) {
    throw new VarveError('VARVE_NOT_POSSIBLE', `cannot ${kind} the merge commit ${shortCid(commit.cid)}`, {
      hint: `${kind} the commits that it brought in, one by one`,
    })
  }
  return (await readCommit(io.writer, commit.parents[0]!)).tree
}
