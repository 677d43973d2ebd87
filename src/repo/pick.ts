// One commit's change applied elsewhere: cherry-pick (parent -> commit onto HEAD), revert (commit -> parent onto HEAD)
// and rebase (the branch's own commits picked one after the other onto another tip). Each is a three-way merge.
import { VarveError } from '../base/errors.ts'
import { shortCid } from '../encoding/cid.ts'
import { walkCommits } from '../history/ancestry.ts'
import { nextGeneration, readCommit, writeCommit } from '../history/commit.ts'
import type { Commit } from '../history/interface.ts'
import { resolveRevision } from '../history/revision.ts'
import { type PolicyReport, joinedReports, policyExtra } from '../merge/decisions.ts'
import { mergeTrees } from '../merge/merge-trees.ts'
import type { Manifest } from '../store/interface.ts'
import { signatureOf } from './context.ts'
import { emptyTreeOf } from './empty.ts'
import { refuseWhileMerging, requireHead } from './head.ts'
import type { Folder, Io, Repo } from './interface.ts'
import { type Merged, type MergeOptions, concludeMerge, refuseStaged } from './merge.ts'
import { move } from './move.ts'

export async function pick(
  repo: Repo,
  folder: Folder | null,
  revision: string,
  options: MergeOptions & { readonly kind: 'cherry-pick' | 'revert' },
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
          message: options.message ?? messageFor(kind, commit),
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

function messageFor(kind: 'cherry-pick' | 'revert', commit: Commit): string {
  if (kind === 'cherry-pick') return commit.message
  return `Revert "${commit.message.split('\n')[0]!}"\n\nThis reverts commit ${commit.cid.slice(8)}.`
}

async function onlyParentTree(io: Io, commit: Commit, kind: string): Promise<Commit['tree']> {
  if (commit.parents.length === 0) return emptyTreeOf(io)
  if (commit.parents.length > 1) {
    throw new VarveError('VARVE_NOT_POSSIBLE', `cannot ${kind} the merge commit ${shortCid(commit.cid)}`, {
      hint: `${kind} the commits that it brought in, one by one`,
    })
  }
  return (await readCommit(io.writer, commit.parents[0]!)).tree
}

/**
 * Picks the commits that HEAD has and `revision` has not onto `revision`, oldest first, as one operation. On the first
 * conflict nothing at all is changed: merge instead, where conflicts can be kept and resolved.
 */
export async function rebase(
  repo: Repo,
  folder: Folder | null,
  revision: string,
  options: MergeOptions = {},
): Promise<Merged> {
  let result: Merged | null = null
  await move(
    repo,
    folder,
    async (manifest, io) => {
      refuseWhileMerging(manifest, 'rebase')
      refuseStaged(manifest, 'rebase')
      const head = await requireHead(io.writer, manifest)
      const onto = await readCommit(io.writer, (await resolveRevision(repo.store, revision, manifest)).commit)
      const own: Commit[] = []
      for await (const commit of walkCommits(io.writer, [head.commit.cid], { exclude: [onto.cid] }))
        own.push(commit)
      let tip = onto
      const decided: PolicyReport[] = []
      for (const commit of own.reverse()) {
        if (commit.parents.length < 2)
          tip = await replay(repo, io, { commit, tip, revision, manifest, decided }, options)
      }
      const paths = (
        await mergeTrees(
          { ...io, base: head.commit.tree, ours: head.commit.tree, theirs: tip.tree },
          { ...options, policies: undefined },
        )
      ).paths
      result = {
        outcome:
          tip.cid === head.commit.cid ? 'up-to-date' : tip.cid === onto.cid ? 'fast-forward' : 'merged',
        commit: tip.cid,
        paths,
        conflictCount: 0,
        policies: joinedReports(decided),
      }
      if (tip.cid === head.commit.cid) return null
      return {
        refs: new Map([[head.ref, tip.cid]]),
        operation: { name: options.operation ?? 'rebase', message: `onto ${revision}` },
        show: tip.tree,
      }
    },
    options,
  )
  return result!
}

async function replay(
  repo: Repo,
  io: Io,
  step: {
    readonly commit: Commit
    readonly tip: Commit
    readonly revision: string
    readonly manifest: Manifest
    /** Gets what policies decided. */
    readonly decided: PolicyReport[]
  },
  options: MergeOptions,
): Promise<Commit> {
  const { commit, tip } = step
  const base = await onlyParentTree(io, commit, 'rebase')
  if (commit.parents[0] === tip.cid) return commit
  const policies = options.policies ?? new Map()
  const outcome = await mergeTrees(
    { ...io, base, ours: tip.tree, theirs: commit.tree },
    { ...options, policies },
  )
  if (outcome.conflictCount > 0) {
    throw new VarveError(
      'VARVE_MERGE_CONFLICT',
      `commit ${shortCid(commit.cid)} clashes with '${step.revision}'`,
      {
        data: { paths: outcome.paths.filter((path) => path.conflicts > 0) },
        hint: `nothing was changed; merge instead, and resolve the conflicts: 'varve merge ${step.revision}'`,
      },
    )
  }
  step.decided.push(outcome.policies)
  if (outcome.tree === tip.tree) return tip
  const parents = [tip.cid]
  const cid = writeCommit(io.writer, {
    tree: outcome.tree,
    parents,
    author: commit.author,
    committer: signatureOf(repo, step.manifest),
    message: commit.message,
    generation: await nextGeneration(io.writer, parents),
    extra: { ...commit.extra, ...policyExtra(outcome.policies) },
  })
  return readCommit(io.writer, cid)
}
