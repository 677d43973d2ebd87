// What a rebase does with each commit: the plan that a person may change, and how a commit is made of a step.
import { VarveError } from '../../base/errors.ts'
import { type Cid, type CommitCid, digestHex } from '../../encoding/cid.ts'
import { nextGeneration, readCommit } from '../../history/commit.ts'
import type { Commit } from '../../history/interface.ts'
import { subjectOf } from '../../history/message.ts'
import type { Manifest } from '../../store/interface.ts'
import { signatureOf } from '../context.ts'
import type { Io, MergeState, RebaseState, Repo, StepAction } from '../interface.ts'
import { putCommit } from '../signing.ts'

export interface RebaseStep {
  readonly action: StepAction
  /** Id of the commit. */
  readonly id: string
  readonly subject: string
}

export interface StepOptions {
  /** Commits whose subjects begin with 'fixup! ' or 'squash! ' go to the commit that they name. */
  readonly autosquash?: boolean | undefined
  /** Chooses what is done, and in which order. It may be asked again when another process was faster, as below. */
  readonly editSteps?: ((steps: readonly RebaseStep[]) => Promise<readonly RebaseStep[]>) | undefined
  /** Asked for the message of a 'reword', and for that of the last 'squash' into a commit. */
  readonly editStep?: ((proposed: string, step: { readonly id: string }) => Promise<string>) | undefined
}

export interface Step {
  readonly action: StepAction
  readonly cid: CommitCid
}

export async function plannedSteps(own: readonly Commit[], options: StepOptions): Promise<Step[]> {
  const picks = own.map(({ cid, message }): RebaseStep => {
    return { action: 'pick', id: digestHex(cid), subject: subjectOf(message) }
  })
  const proposed = options.autosquash === true ? autosquashed(picks) : picks
  const wanted = (await options.editSteps?.(proposed)) ?? proposed
  const [first] = wanted
  if (first !== undefined && melds(first.action)) {
    throw new VarveError(
      'VARVE_NOT_POSSIBLE',
      `there is no commit before '${first.subject}' to ${first.action} into`,
      {
        hint: 'begin with a commit that stays: nothing was changed',
      },
    )
  }
  const known = new Map(own.map(({ cid }) => [digestHex(cid), cid]))
  return wanted.map(({ action, id }) => {
    const cid = known.get(id)
    if (cid !== undefined) return { action, cid }
    throw new VarveError('VARVE_NOT_POSSIBLE', `commit ${id} is none of those to be rebased`, {
      hint: 'nothing was changed',
    })
  })
}

/** As Git: behind the commit whose subject follows, or begins so, or whose id does, and behind what is there already. */
function autosquashed(picks: readonly RebaseStep[]): RebaseStep[] {
  const groups: RebaseStep[][] = []
  for (const step of picks) {
    const [, action, wanted] = /^(fixup|squash)! (?:(?:fixup|squash)! )*(.*)$/.exec(step.subject) ?? []
    const heads = groups.map(([head]) => head!)
    const target =
      wanted === undefined
        ? undefined
        : (heads.find(({ subject }) => subject === wanted) ??
          heads.find(({ id }) => /^[0-9a-f]{7,}$/.test(wanted) && id.startsWith(wanted)) ??
          heads.find(({ subject }) => subject.startsWith(wanted)))
    if (target === undefined) groups.push([step])
    else groups[heads.indexOf(target)]!.push({ ...step, action: action as StepAction })
  }
  return groups.flat()
}

export function melds(action: StepAction): boolean {
  return action === 'squash' || action === 'fixup'
}

/** What is left, of a rebase that stopped. */
export function stepsLeft({ todo, actions }: RebaseState): Step[] {
  return todo.map((cid, i) => ({ cid, action: actions?.[i + 1] ?? 'pick' }))
}

/** The state with what is left. */
export function withSteps(state: RebaseState, [at, ...left]: readonly [Step, ...Step[]]): RebaseState {
  const actions = [at, ...left].map(({ action }) => action)
  return { ...state, todo: left.map(({ cid }) => cid), actions }
}

/** The message of the step's commit: what is proposed, or written now. */
export async function stepMessage(
  [{ action, cid }, ...left]: readonly [Step, ...Step[]],
  proposed: string,
  { editStep }: StepOptions,
): Promise<string> {
  const end = left.findIndex((next) => !melds(next.action))
  const isLast = !left.slice(0, end < 0 ? left.length : end).some((next) => next.action === 'squash')
  if (editStep === undefined || (action !== 'reword' && !(action === 'squash' && isLast))) return proposed
  return editStep(proposed, { id: digestHex(cid) })
}

export function proposedMessage(action: StepAction, tip: Commit, commit: Commit): string {
  if (action === 'fixup') return tip.message
  if (action !== 'squash') return commit.message
  const message = commit.message.replace(/^(?:(?:fixup|squash)! .*\n?)/, '').trimStart()
  return message === '' ? tip.message : `${tip.message.trimEnd()}\n\n${message}`
}

export interface Made {
  /** What the step goes on top of, or into. */
  readonly tip: Commit
  readonly commit: Commit
  readonly tree: Cid
  readonly message: string
  readonly extra: MergeState['extra']
  /** Into `tip`, which it replaces. */
  readonly isMelded: boolean
}

export async function commitStep(repo: Repo, manifest: Manifest, io: Io, made: Made): Promise<Commit> {
  const { tip, commit, tree, message, extra, isMelded } = made
  const parents = isMelded ? tip.parents : [tip.cid]
  const kept = isMelded ? tip : commit
  const cid = await putCommit(repo, manifest, io.writer, {
    tree,
    parents,
    author: kept.author,
    committer: signatureOf(repo, manifest),
    message,
    generation: await nextGeneration(io.writer, parents),
    extra: { ...kept.extra, ...extra },
  })
  return readCommit(io.writer, cid)
}
