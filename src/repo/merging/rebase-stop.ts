// Where a rebase stops: at a clash, or at a commit that is to be edited. HEAD is detached there, and all that it needs to go
// on is stored.
import { VarveError } from '../../base/errors.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { Commit } from '../../history/interface.ts'
import { subjectOf } from '../../history/message.ts'
import type { MergeOutcome } from '../../merge/interface.ts'
import { type PolicyReport, joinedReports } from '../../merge/policies/decisions.ts'
import type { Manifest } from '../../store/interface.ts'
import { indexOf } from '../head.ts'
import { type Io, type RebaseState, mergeRef } from '../interface.ts'
import { writeMergeState } from './merge-state.ts'
import { type MergeOptions, type Merged, type Plan, stoppedState, unsettledOf } from './merge.ts'
import { reuseResolutions } from './rerere.ts'

export interface Picked {
  readonly tip: Commit
  /** Its `todo` is for what is stored. */
  readonly state: RebaseState
  /** By policies, in the commits picked by this operation. */
  readonly decided: readonly PolicyReport[]
}

interface Clash {
  readonly commit: Commit
  readonly outcome: MergeOutcome
  readonly message: string
}

export async function stop(
  manifest: Manifest,
  io: Io,
  { tip, state, decided }: Picked,
  { commit, outcome, message }: Clash,
  options: MergeOptions,
): Promise<Plan> {
  const { author } = commit
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

/** Stops with the commit made, for a person to change it. */
export function stopToEdit(
  manifest: Manifest,
  io: Io,
  { tip, state, decided }: Picked,
  commit: Commit,
  options: MergeOptions,
): Plan {
  if (indexOf(manifest).index === null) {
    throw new VarveError('VARVE_NOT_POSSIBLE', 'there are no files here in which a commit could be edited', {
      hint: 'rebase in a clone with a folder, and push: nothing was changed',
    })
  }
  const stored = writeMergeState(io.writer, {
    kind: 'rebase',
    ours: tip.cid,
    theirs: commit.cid,
    message: tip.message,
    conflicts: null,
    met: null,
    resolutions: null,
    author: null,
    extra: {},
    rebase: { ...state, waits: false },
    ...(options.stashed === undefined ? {} : { autostash: options.stashed }),
    ...(options.sign === undefined ? {} : { sign: options.sign }),
  })
  const operation = { name: operationName(options), message: `stopped at ${subjectOf(commit.message)}` }
  const refs = new Map<string, Cid>().set('HEAD', tip.cid).set(mergeRef, stored)
  return {
    move: { head: null, refs, operation, show: tip.tree },
    result: {
      outcome: 'stopped',
      commit: tip.cid,
      paths: [],
      conflictCount: 0,
      policies: joinedReports(decided),
      reused: [],
      rebase: { done: state.done, total: state.total, stoppedAt: commit.cid },
    },
  }
}

export function operationName({ operation }: MergeOptions): string {
  return operation ?? 'rebase'
}
