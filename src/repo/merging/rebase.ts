// Rebase: the commits that HEAD has and upstream has not are picked onto upstream, oldest first. What merges is one
// operation. Where a commit clashes it stops with HEAD detached at what is done, and all it needs to go on stored with
// the conflicts, so that a crash, an undo or another process finds it whole; the branch moves when the last commit is
// in place. Merge commits are left out, and so is what changes nothing any more.
import { VarveError, throwIfAborted } from '../../base/errors.ts'
import { type Cid, type CommitCid, shortCid } from '../../encoding/cid.ts'
import { walkCommits } from '../../history/ancestry.ts'
import { readCommit } from '../../history/commit.ts'
import type { Commit } from '../../history/interface.ts'
import { shortRefName } from '../../history/refs.ts'
import { resolveStart } from '../../history/revision-set.ts'
import { resolveRevision } from '../../history/revision.ts'
import { type PolicyReport, joinedReports, policyExtra } from '../../merge/policies/decisions.ts'
import { mergeTrees } from '../../merge/merge-trees.ts'
import type { Manifest } from '../../store/interface.ts'
import { requireAuthor } from '../context.ts'
import { indexOf, requireHead } from '../head.ts'
import { refuseWhileMerging } from './refuse.ts'
import { type Folder, type Io, type MergeState, type Repo, mergeRef } from '../interface.ts'
import { readMergeState } from './merge-state.ts'
import type { MergeOptions, Merged, Plan } from './merge.ts'
import { refuseStaged } from './merge.ts'
import { commitsMax, parentTree } from './pick-change.ts'
import { planOver } from './autostash.ts'
import { type ContinueOptions, planContinue } from './plan-move.ts'
import { signingAs } from '../signing.ts'
import { type Picked, operationName, stop, stopToEdit } from './rebase-stop.ts'
import {
  type Step,
  type StepOptions,
  commitStep,
  melds,
  plannedSteps,
  proposedMessage,
  stepMessage,
  stepsLeft,
  withSteps,
} from './rebase-steps.ts'

export interface RebaseOptions extends MergeOptions, StepOptions {
  /** Where the commits go; default: upstream itself. */
  readonly onto?: string | undefined
}

export async function rebase(
  repo: Repo,
  folder: Folder | null,
  upstream: string,
  options: RebaseOptions = {},
): Promise<Merged> {
  const signing = signingAs(repo, options.sign)
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
    const steps = await plannedSteps(await ownCommits(io, head.commit.cid, exclude, options), options)
    const start = { branch: manifest.head, start: head.commit.cid, onto: onto.cid, name: shortRefName(name) }
    const state = { ...start, todo: [], done: 0, total: steps.length, waits: false }
    return advance(signing, manifest, io, { tip: onto, state, steps }, { ...options, stashed })
  })
}

/** Goes on with a rebase that stopped: with the commit that its conflicts were resolved for, or without it. */
export async function continueRebase(
  repo: Repo,
  folder: Folder | null,
  options: ContinueOptions & StepOptions = {},
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
    const sign = options.sign ?? state.sign
    const signing = signingAs(repo, sign)
    const ended = state.rebase.waits ? resolvedCommit : editedCommit
    const tip = isSkipping ? head : await ended(signing, manifest, io, { tip: head, state }, options)
    const going = { state: { ...state.rebase, done: state.rebase.done + 1 }, steps: stepsLeft(state.rebase) }
    return advance(signing, manifest, io, { ...going, tip }, { ...options, sign, stashed: state.autostash })
  })
}

/** The commits to be rebased, oldest first. */
async function ownCommits(
  io: Io,
  head: CommitCid,
  exclude: CommitCid,
  options: RebaseOptions,
): Promise<Commit[]> {
  const own: Commit[] = []
  for await (const commit of walkCommits(io.writer, [head], { exclude: [exclude], signal: options.signal })) {
    if (commit.parents.length < 2) own.push(commit)
    if (own.length > commitsMax) {
      throw new VarveError('VARVE_NOT_POSSIBLE', `there are more than ${commitsMax} commits to rebase`, {
        hint: 'merge instead',
      })
    }
  }
  return own.reverse()
}

interface Progress extends Omit<Picked, 'decided'> {
  readonly steps: readonly Step[]
}

/** Does what is left to do, up to the end, the first clash, or a commit that is to be edited. */
async function advance(
  repo: Repo,
  manifest: Manifest,
  io: Io,
  { tip: from, state, steps }: Progress,
  options: MergeOptions & StepOptions,
): Promise<Plan> {
  let tip = from
  const decided: PolicyReport[] = []
  for (const [i, step] of steps.entries()) {
    throwIfAborted(options.signal)
    const done = state.done + i
    const left: [Step, ...Step[]] = [step, ...steps.slice(i + 1)]
    const stopped = { ...withSteps(state, left), done }
    options.onProgress?.({ phase: 'rebasing', done, total: state.total, unit: 'commits' })
    const commit = await readCommit(io.writer, step.cid)
    const isMelded = melds(step.action) && tip.cid !== state.onto
    if (commit.parents[0] === tip.cid && (step.action === 'pick' || step.action === 'edit')) tip = commit
    else {
      requireAuthor(repo, manifest)
      const base = await parentTree(io, commit, { kind: 'rebase' })
      const outcome = await mergeTrees(
        { ...io, base, ours: tip.tree, theirs: commit.tree },
        { ...options, policies: options.policies ?? new Map() },
      )
      decided.push(outcome.policies)
      const proposed = isMelded ? proposedMessage(step.action, tip, commit) : commit.message
      if (outcome.conflictCount > 0) {
        const at = { tip, state: { ...stopped, waits: true }, decided }
        return stop(manifest, io, at, { commit, outcome, message: proposed }, options)
      }
      // A commit that never changed anything is kept, as in git; one whose change is there already is not.
      if (isMelded || outcome.tree !== tip.tree || base === commit.tree) {
        const message = await stepMessage(left, proposed, options)
        const extra = policyExtra(outcome.policies)
        tip = await commitStep(repo, manifest, io, {
          tip,
          commit,
          tree: outcome.tree,
          message,
          extra,
          isMelded,
        })
      }
    }
    if (step.action === 'edit')
      return stopToEdit(manifest, io, { tip, state: stopped, decided }, commit, options)
  }
  return finish(manifest, io, { tip, state, decided }, options)
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

interface Stopped {
  /** HEAD. */
  readonly tip: Commit
  readonly state: MergeState
}

/** The commit that it stopped at, as its conflicts were resolved; HEAD itself when nothing of it is left. */
async function resolvedCommit(
  repo: Repo,
  manifest: Manifest,
  io: Io,
  { tip, state }: Stopped,
  options: ContinueOptions & StepOptions,
): Promise<Commit> {
  if (state.conflicts !== null) {
    throw new VarveError('VARVE_MERGE_CONFLICT', `commit ${shortCid(state.theirs)} still has conflicts`, {
      hint: "see them with 'varve conflicts', settle them with 'varve resolve', or leave the commit out: 'varve rebase --skip'",
    })
  }
  const tree = indexOf(manifest).index!
  const at = { cid: state.theirs, action: state.rebase?.actions?.[0] ?? 'pick' } as const
  const isMelded = melds(at.action) && tip.cid !== state.rebase?.onto
  if (tree === tip.tree && !isMelded) return tip
  const commit = await readCommit(io.writer, state.theirs)
  const left = state.rebase === undefined ? [] : stepsLeft(state.rebase)
  const message = options.message ?? (await stepMessage([at, ...left], state.message, options))
  return commitStep(repo, manifest, io, { tip, commit, tree, message, extra: state.extra, isMelded })
}

/** The commit that it stopped at to be edited, with what is staged, as in Git; HEAD as it is where nothing is. */
async function editedCommit(
  repo: Repo,
  manifest: Manifest,
  io: Io,
  { tip, state }: Stopped,
  options: ContinueOptions & StepOptions,
): Promise<Commit> {
  const tree = indexOf(manifest).index!
  const { actions, onto } = state.rebase!
  // Where nothing was left of the commit, HEAD may be one of others.
  const isEdited = actions?.[0] === 'edit' && state.ours === tip.cid && tip.cid !== onto
  if (!isEdited) refuseStaged(manifest, 'go on', stagedHint)
  if (!isEdited || (tree === tip.tree && options.message === undefined)) return tip
  requireAuthor(repo, manifest)
  const step = { cid: state.theirs, action: 'reword' } as const
  const message = options.message ?? (await stepMessage([step], tip.message, options))
  return commitStep(repo, manifest, io, { tip, commit: tip, tree, message, extra: {}, isMelded: true })
}

const stagedHint =
  "'varve commit --amend' takes them into the last commit, 'varve commit' makes one of its own, 'varve restore --staged .' unstages them"
