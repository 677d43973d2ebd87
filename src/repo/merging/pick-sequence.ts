// Several commits picked or reverted, one after the other. What merges is one operation. Where a commit clashes it stops,
// with the branch at what is done, and all it needs to go on stored with the conflicts, so that a crash, an undo or another
// process finds it whole. What changes nothing here is left out, and told.
import { throwIfAborted } from '../../base/errors.ts'
import type { Cid, CommitCid } from '../../encoding/cid.ts'
import { nextGeneration, readCommit } from '../../history/commit.ts'
import type { Commit, Signature } from '../../history/interface.ts'
import { type PolicyReport, joinedReports, policyExtra } from '../../merge/policies/decisions.ts'
import { mergeTrees } from '../../merge/merge-trees.ts'
import type { MergeOutcome } from '../../merge/interface.ts'
import type { Manifest } from '../../store/interface.ts'
import { requireAuthor, signatureOf } from '../context.ts'
import { indexOf } from '../head.ts'
import { subjectOf } from '../../history/message.ts'
import { type Io, type MergeState, type Repo, type SequenceState, mergeRef } from '../interface.ts'
import { putCommit } from '../signing.ts'
import { writeMergeState } from './merge-state.ts'
import { type MergeOptions, type Merged, type Plan, stoppedState, unsettledOf } from './merge.ts'
import { type Change, type PickKind, changeOf, changesNothing } from './pick-change.ts'
import { type ReusedResolution, type ReuseResult, commitsReused, reuseResolutions } from './rerere.ts'

export interface Progress {
  /** What moves: the branch, or HEAD. */
  readonly ref: string
  readonly tip: Commit
  readonly sequence: SequenceState
  readonly kind: PickKind
}

/** What became of the commits so far, in this operation. */
interface PickReport {
  readonly leftOut: CommitCid[]
  readonly decided: PolicyReport[]
  readonly reused: ReusedResolution[]
}

/** Picks what is left to do, up to the end or the first clash. */
export async function advance(
  repo: Repo,
  manifest: Manifest,
  io: Io,
  from: Progress,
  options: MergeOptions,
): Promise<Plan> {
  const { sequence, kind } = from
  const told: PickReport = { leftOut: [], decided: [], reused: [] }
  let { tip } = from
  for (const [i, cid] of sequence.todo.entries()) {
    throwIfAborted(options.signal)
    const done = sequence.done + i
    options.onProgress?.({ phase: `${kind}ing`, done, total: sequence.total, unit: 'commits' })
    const commit = await readCommit(io.writer, cid)
    const change = await changeOf(io, commit, { ...sequence, kind })
    requireAuthor(repo, manifest)
    const outcome = await mergeChange(io, tip, change, options)
    told.decided.push(outcome.policies)
    const after = await reuseResolutions(manifest, io, outcome, options)
    const isStopped = after.left > 0 || (after.reused.length > 0 && !commitsReused(manifest))
    if (isStopped) {
      const stopped = { ...sequence, todo: sequence.todo.slice(i + 1), done, waits: true }
      const at = { ...from, tip, sequence: stopped }
      return stop(manifest, io, at, { commit, outcome, after, message: change.message, told }, options)
    }
    told.reused.push(...after.reused)
    if (after.tree === tip.tree) told.leftOut.push(cid)
    else {
      const message = (await options.editMessage?.(change.message, outcome.paths)) ?? change.message
      const author = kind === 'cherry-pick' ? commit.author : null
      const extra = policyExtra(outcome.policies)
      tip = await commitOnto(repo, manifest, io, { tip, tree: after.tree, message, author, extra })
    }
  }
  return finish(manifest, io, { ...from, tip }, told, options)
}

/** Makes the next commit of the series, on top of `tip`. */
export async function commitOnto(
  repo: Repo,
  manifest: Manifest,
  io: Io,
  commit: {
    readonly tip: Commit
    readonly tree: Cid
    readonly message: string
    /** null: who commits. */
    readonly author: Signature | null
    readonly extra: MergeState['extra']
  },
): Promise<Commit> {
  const { tip, tree, message, author, extra } = commit
  const parents = [tip.cid]
  const committer = signatureOf(repo, manifest)
  const generation = await nextGeneration(io.writer, parents)
  const cid = await putCommit(repo, manifest, io.writer, {
    tree,
    parents,
    author: author ?? committer,
    committer,
    message,
    generation,
    extra,
  })
  return readCommit(io.writer, cid)
}

export async function mergeChange(
  io: Io,
  tip: Pick<Commit, 'tree'>,
  { base, theirs }: Change,
  options: MergeOptions,
): Promise<MergeOutcome> {
  const policies = options.policies ?? new Map()
  return mergeTrees({ ...io, base, ours: tip.tree, theirs }, { ...options, policies })
}

interface Clash {
  readonly commit: Commit
  readonly outcome: MergeOutcome
  readonly after: ReuseResult
  readonly message: string
  readonly told: PickReport
}

async function stop(
  manifest: Manifest,
  io: Io,
  { ref, tip, sequence, kind }: Progress,
  { commit, outcome, after, message, told }: Clash,
  options: MergeOptions,
): Promise<Plan> {
  const { done, total } = sequence
  const result: Merged = {
    outcome: 'conflict',
    commit: tip.cid,
    paths: outcome.paths,
    conflictCount: outcome.conflictCount,
    policies: joinedReports(told.decided),
    reused: [],
    sequence: { done, total, stoppedAt: commit.cid, leftOut: told.leftOut },
  }
  if (indexOf(manifest).index === null) {
    await options.onUnstored?.(io, outcome)
    // Nothing is kept of those before it either.
    return { move: null, result: { ...result, commit: sequence.start } }
  }
  const author = kind === 'cherry-pick' ? commit.author : null
  const waiting = stoppedState({ ours: tip, theirs: commit, outcome, message, kind, author }, after, {
    sign: options.sign,
  })
  const stored = writeMergeState(io.writer, { ...waiting, sequence })
  const operation = { name: options.operation ?? kind, message: `stopped at ${subjectOf(commit.message)}` }
  const refs = new Map<string, Cid>().set(ref, tip.cid).set(mergeRef, stored)
  const unsettled = unsettledOf(outcome)
  return {
    move: { refs, operation, show: after.tree, over: tip.tree, unsettled },
    result: { ...result, conflictCount: after.left, reused: [...told.reused, ...after.reused] },
  }
}

async function finish(
  manifest: Manifest,
  io: Io,
  { ref, tip, sequence, kind }: Progress,
  { leftOut, decided, reused }: PickReport,
  options: MergeOptions,
): Promise<Plan> {
  const { start, total } = sequence
  if (tip.cid === start && !manifest.refs.has(mergeRef)) {
    throw changesNothing(`${kind} of ${total} commits`)
  }
  const before = (await readCommit(io.writer, start)).tree
  const { paths } = await mergeTrees(
    { ...io, base: before, ours: before, theirs: tip.tree },
    { ...options, policies: undefined },
  )
  const refs = new Map<string, Cid | null>([[ref, tip.cid]])
  if (manifest.refs.has(mergeRef)) refs.set(mergeRef, null)
  const operation = {
    name: options.operation ?? kind,
    message: `${total} commits, to ${subjectOf(tip.message)}`,
  }
  return {
    move: { refs, operation, show: tip.tree },
    result: {
      outcome: tip.cid === start ? 'up-to-date' : 'merged',
      commit: tip.cid,
      paths,
      conflictCount: 0,
      policies: joinedReports(decided),
      reused,
      sequence: { done: total, total, stoppedAt: null, leftOut },
    },
  }
}
