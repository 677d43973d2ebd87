// Rebase: the commits that HEAD has and upstream has not are picked onto upstream, oldest first. What merges is one
// operation. Where a commit clashes it stops with HEAD detached at what is done, and all it needs to go on stored with
// the conflicts, so that a crash, an undo or another process finds it whole; the branch moves when the last commit is
// in place. Merge commits are left out, and so is what changes nothing any more.
import { VarveError, throwIfAborted } from '../../base/errors.ts'
import { type Cid, type CommitCid, shortCid } from '../../encoding/cid.ts'
import { walkCommits } from '../../history/ancestry.ts'
import { nextGeneration, readCommit, writeCommit } from '../../history/commit.ts'
import type { Commit } from '../../history/interface.ts'
import { shortRefName } from '../../history/refs.ts'
import { resolveStart } from '../../history/revision-set.ts'
import { resolveRevision } from '../../history/revision.ts'
import { type PolicyReport, joinedReports, policyExtra } from '../../merge/policies/decisions.ts'
import type { MergeOutcome } from '../../merge/interface.ts'
import { mergeTrees } from '../../merge/merge-trees.ts'
import type { Manifest } from '../../store/interface.ts'
import { requireAuthor, signatureOf } from '../context.ts'
import { indexOf, requireHead } from '../head.ts'
import { refuseWhileMerging } from './refuse.ts'
import { subjectOf } from '../../history/message.ts'
import { type Folder, type Io, type MergeState, type RebaseState, type Repo, mergeRef } from '../interface.ts'
import { readMergeState, writeMergeState } from './merge-state.ts'
import type { MergeOptions, Merged, Plan } from './merge.ts'
import { refuseStaged, stoppedState, unsettledOf } from './merge.ts'
import { commitsMax, parentTree } from './pick-change.ts'
import { planOver } from './autostash.ts'
import { type ContinueOptions, planContinue } from './plan-move.ts'
import { reuseResolutions } from './rerere.ts'

export interface RebaseOptions extends MergeOptions {
  /** Where the commits go; default: upstream itself. */
  readonly onto?: string | undefined
}

export async function rebase(
  repo: Repo,
  folder: Folder | null,
  upstream: string,
  options: RebaseOptions = {},
): Promise<Merged> {
  return planOver(repo, folder, options, async (manifest, io, stashed) => {
    await refuseWhileMerging(io.writer, manifest, 'rebase')
    refuseStaged(manifest, 'rebase')
    const head = await requireHead(io.writer, manifest)
    const commitOf = async (name: string): Promise<CommitCid> =>
      (await resolveRevision(repo.store, name, manifest)).commit
    const exclude = await commitOf(upstream)
    const name = options.onto ?? upstream
    const onto = await readCommit(
      io.writer,
      options.onto === undefined ? exclude : (await resolveStart(repo.store, name, manifest)).commit,
    )
    const todo = await ownCommits(io, head.commit.cid, exclude, options)
    const start = { branch: manifest.head, start: head.commit.cid, onto: onto.cid, name: shortRefName(name) }
    const state = { ...start, todo, done: 0, total: todo.length, waits: false }
    return advance(repo, manifest, io, { tip: onto, state }, { ...options, stashed })
  })
}

/** Goes on with a rebase that stopped: with the commit that its conflicts were resolved for, or without it. */
export async function continueRebase(
  repo: Repo,
  folder: Folder | null,
  options: ContinueOptions = {},
): Promise<Merged> {
  const isSkipping = options.skip === true
  return planContinue(repo, folder, options, async (manifest, io) => {
    const state = await readMergeState(io.writer, manifest)
    if (state?.rebase === undefined) {
      throw new VarveError('VARVE_NOT_POSSIBLE', 'there is no rebase to continue', {
        hint: "see 'varve status'",
      })
    }
    const { commit: head } = await requireHead(io.writer, manifest)
    let tip = head
    if (!isSkipping && state.rebase.waits)
      tip = await resolvedCommit(repo, manifest, io, { tip: head, state }, options)
    else if (!isSkipping) refuseStaged(manifest, 'go on')
    const rebased = { ...state.rebase, done: state.rebase.done + 1 }
    return advance(repo, manifest, io, { tip, state: rebased }, { ...options, stashed: state.autostash })
  })
}

/** The commits to be rebased, oldest first. */
async function ownCommits(
  io: Io,
  head: CommitCid,
  exclude: CommitCid,
  options: RebaseOptions,
): Promise<CommitCid[]> {
  const own: CommitCid[] = []
  for await (const commit of walkCommits(io.writer, [head], { exclude: [exclude], signal: options.signal })) {
    if (commit.parents.length < 2) own.push(commit.cid)
    if (own.length > commitsMax) {
      throw new VarveError('VARVE_NOT_POSSIBLE', `there are more than ${commitsMax} commits to rebase`, {
        hint: 'merge instead',
      })
    }
  }
  return own.reverse()
}

interface Progress {
  readonly tip: Commit
  readonly state: RebaseState
}

interface Picked extends Progress {
  /** By policies, in the commits picked by this operation. */
  readonly decided: readonly PolicyReport[]
}

/** Picks what is left to do, up to the end or the first clash. */
async function advance(
  repo: Repo,
  manifest: Manifest,
  io: Io,
  { tip: from, state }: Progress,
  options: MergeOptions,
): Promise<Plan> {
  let tip = from
  const decided: PolicyReport[] = []
  for (const [i, cid] of state.todo.entries()) {
    throwIfAborted(options.signal)
    const done = state.done + i
    options.onProgress?.({ phase: 'rebasing', done, total: state.total, unit: 'commits' })
    const commit = await readCommit(io.writer, cid)
    if (commit.parents[0] === tip.cid) {
      tip = commit
      continue
    }
    requireAuthor(repo, manifest)
    const base = await parentTree(io, commit, { kind: 'rebase' })
    const outcome = await mergeTrees(
      { ...io, base, ours: tip.tree, theirs: commit.tree },
      { ...options, policies: options.policies ?? new Map() },
    )
    decided.push(outcome.policies)
    if (outcome.conflictCount > 0) {
      const stopped = { ...state, todo: state.todo.slice(i + 1), done, waits: true }
      return stop(manifest, io, { tip, state: stopped, decided }, { commit, outcome }, options)
    }
    // A commit that never changed anything is kept, as in git; one whose change is there already is not.
    if (outcome.tree !== tip.tree || base === commit.tree)
      tip = await picked(repo, manifest, io, {
        tip,
        commit,
        tree: outcome.tree,
        extra: policyExtra(outcome.policies),
      })
  }
  return finish(manifest, io, { tip, state, decided }, options)
}

async function picked(
  repo: Repo,
  manifest: Manifest,
  io: Io,
  made: {
    readonly tip: Commit
    readonly commit: Commit
    readonly tree: Cid
    readonly extra: MergeState['extra']
  },
): Promise<Commit> {
  const { tip, commit, tree, extra } = made
  const parents = [tip.cid]
  const cid = writeCommit(io.writer, {
    tree,
    parents,
    author: commit.author,
    committer: signatureOf(repo, manifest),
    message: commit.message,
    generation: await nextGeneration(io.writer, parents),
    extra: { ...commit.extra, ...extra },
  })
  return readCommit(io.writer, cid)
}

async function stop(
  manifest: Manifest,
  io: Io,
  { tip, state, decided }: Picked,
  { commit, outcome }: { readonly commit: Commit; readonly outcome: MergeOutcome },
  options: MergeOptions,
): Promise<Plan> {
  const { message, author } = commit
  const result: Merged = {
    outcome: 'conflict',
    commit: tip.cid,
    paths: outcome.paths,
    conflictCount: outcome.conflictCount,
    policies: joinedReports(decided),
    reused: [],
    rebase: { done: state.done, total: state.total, stoppedAt: commit.cid },
  }
  if (indexOf(manifest).index === null) {
    await options.onUnstored?.(io, outcome)
    return { move: null, result }
  }
  const end = { ours: tip, theirs: commit, outcome, message, kind: 'rebase' as const, author }
  const after = await reuseResolutions(manifest, io, outcome, options)
  const waiting = stoppedState(end, after, options)
  const extra = { ...commit.extra, ...waiting.extra }
  const stored = writeMergeState(io.writer, { ...waiting, extra, rebase: state })
  const unsettled = unsettledOf(outcome)
  const operation = { name: operationName(options), message: `stopped at ${subjectOf(commit.message)}` }
  const refs = new Map<string, Cid>().set('HEAD', tip.cid).set(mergeRef, stored)
  return {
    move: { head: null, refs, operation, show: after.tree, over: tip.tree, unsettled },
    result: { ...result, conflictCount: after.left, reused: after.reused },
  }
}

async function finish(
  manifest: Manifest,
  io: Io,
  { tip, state, decided }: Picked,
  options: MergeOptions,
): Promise<Plan> {
  const { branch, start, onto, name, total } = state
  if (branch !== null && manifest.refs.get(branch) !== start) {
    throw new VarveError(
      'VARVE_NOT_POSSIBLE',
      `branch '${shortRefName(branch)}' was moved during the rebase`,
      {
        hint: "'varve rebase --abort' leaves it as it is now",
      },
    )
  }
  const before = (await readCommit(io.writer, start)).tree
  const { paths } = await mergeTrees(
    { ...io, base: before, ours: before, theirs: tip.tree },
    { ...options, policies: undefined },
  )
  const result: Merged = {
    outcome: tip.cid === start ? 'up-to-date' : tip.cid === onto ? 'fast-forward' : 'merged',
    commit: tip.cid,
    paths,
    conflictCount: 0,
    policies: joinedReports(decided),
    reused: [],
    rebase: { done: total, total, stoppedAt: null },
  }
  const refs = new Map<string, Cid | null>([[branch ?? 'HEAD', tip.cid]])
  if (manifest.refs.has(mergeRef)) {
    refs.set(mergeRef, null)
    if (branch !== null) refs.set('HEAD', null)
  } else if (tip.cid === start) return { move: null, result }
  const operation = { name: operationName(options), message: `onto ${name}` }
  return { move: { head: branch, refs, operation, show: tip.tree }, result }
}

/** The commit that it stopped at, as its conflicts were resolved; HEAD itself when nothing of it is left. */
async function resolvedCommit(
  repo: Repo,
  manifest: Manifest,
  io: Io,
  { tip, state }: { readonly tip: Commit; readonly state: MergeState },
  options: MergeOptions,
): Promise<Commit> {
  if (state.conflicts !== null) {
    throw new VarveError('VARVE_MERGE_CONFLICT', `commit ${shortCid(state.theirs)} still has conflicts`, {
      hint: "see them with 'varve conflicts', settle them with 'varve resolve', or leave the commit out: 'varve rebase --skip'",
    })
  }
  const tree = indexOf(manifest).index!
  if (tree === tip.tree) return tip
  const commit = await readCommit(io.writer, state.theirs)
  const message = options.message ?? state.message
  return picked(repo, manifest, io, { tip, commit: { ...commit, message }, tree, extra: state.extra })
}

function operationName({ operation }: MergeOptions): string {
  return operation ?? 'rebase'
}
