// Merging a revision into HEAD: nothing to do, fast-forward, a merge commit, or a merge state with conflicts. All of it
// is planned first and moved at once (repo/move.ts), so that a merge that fails leaves nothing behind.
import { carryStaged } from '../carry-staged.ts'
import { VarveError } from '../../base/errors.ts'
import type { Cid } from '../../encoding/cid.ts'
import { nextGeneration, readCommit } from '../../history/commit.ts'
import type { Commit, Person, Signature } from '../../history/interface.ts'
import { resolveRevision } from '../../history/revision.ts'
import { type PolicyReport, policyExtra } from '../../merge/policies/decisions.ts'
import type { MergedPath, MergeOutcome } from '../../merge/interface.ts'
import type { Manifest } from '../../store/interface.ts'
import { type AssessOptions, assessMerge } from './assess.ts'
import { requireAuthor, signatureOf } from '../context.ts'
import { indexOf, readHead } from '../head.ts'
import { refuseWhileMerging } from './refuse.ts'
import { subjectOf } from '../../history/message.ts'
import { type Folder, type Io, type MergeState, type Repo, mergeRef } from '../interface.ts'
import { defaultMessage, squashMessage } from './merge-message.ts'
import { writeMergeState } from './merge-state.ts'
import type { Move } from '../move.ts'
import { type SignChoice, putCommit, signingAs } from '../signing.ts'
import { type Autostash, planOver } from './autostash.ts'
import { type ReusedResolution, commitsReused, reuseResolutions } from './rerere.ts'

export interface MergeOptions extends AssessOptions {
  readonly message?: string | undefined
  readonly noCommit?: boolean | undefined
  /** Stages what the merge comes to, for a commit that has no second parent. */
  readonly squash?: boolean | undefined
  /**
   * Asked, when all is merged, for the message of the commit to be made; throwing gives the merge up. It may be asked
   * again when another process was faster.
   */
  readonly editMessage?: ((proposed: string, paths: readonly MergedPath[]) => Promise<string>) | undefined
  /** Sees the conflicts of a merge that cannot keep them, while they can be read: afterwards nothing of it is left. */
  readonly onUnstored?: ((io: Io, outcome: MergeOutcome) => Promise<void>) | undefined
  /** Changes that are not committed do not stand in the way: they lie over the result, or wait in a stash (autostash.ts). */
  readonly autostash?: boolean | undefined
  /** The stash that they wait in. */
  readonly stashed?: string | undefined
  /** For the operation log; default 'merge'. */
  readonly operation?: string | undefined
  /** Whether commits are signed, and with which key; one that a conflict delays too. Default: as the settings have it. */
  readonly sign?: SignChoice | undefined
  /** Sees the commit that is to be merged, before anything is done; throwing refuses it. */
  readonly inspect?: ((commit: Commit) => Promise<void>) | undefined
}

export interface Merged {
  /** 'stopped': a rebase, for a commit to be edited. */
  readonly outcome: 'up-to-date' | 'fast-forward' | 'merged' | 'conflict' | 'staged' | 'stopped'
  readonly commit: Cid
  readonly paths: readonly MergedPath[]
  /** Conflicts that are open. */
  readonly conflictCount: number
  /** What policies decided. */
  readonly policies: PolicyReport
  /** In a rebase: how far it came. */
  readonly rebase?: { readonly done: number; readonly total: number; readonly stoppedAt: Cid | null }
  /** Of several picks: how far they came, and which changed nothing. */
  readonly sequence?: {
    readonly done: number
    readonly total: number
    readonly stoppedAt: Cid | null
    readonly leftOut: readonly Cid[]
  }
  /** Conflicts that were settled as they were in an earlier merge. */
  readonly reused: readonly ReusedResolution[]
  /** With `autostash`, where there were changes. */
  readonly autostash?: Autostash
}

export async function merge(
  repo: Repo,
  folder: Folder | null,
  revision: string,
  options: MergeOptions = {},
): Promise<Merged> {
  const signing = signingAs(repo, options.sign)
  return planOver(repo, folder, options, async (manifest, io, stashed) => {
    await refuseWhileMerging(io.writer, manifest, 'merge')
    const theirs = await resolveRevision(repo.store, revision, manifest)
    const their = { theirs: theirs.commit, ref: theirs.ref, revision }
    return planMerge(signing, manifest, io, their, { ...options, stashed })
  })
}

export interface Plan {
  readonly move: Move | null
  readonly result: Merged
}

async function planMerge(
  repo: Repo,
  manifest: Manifest,
  io: Io,
  their: { theirs: Cid; ref: string | null; revision: string },
  options: MergeOptions,
): Promise<Plan> {
  const { ref, commit: ours } = await readHead(io.writer, manifest)
  const theirs = await readCommit(io.writer, their.theirs)
  await options.inspect?.(theirs)
  const squash = options.squash === true
  if (squash && ours === null) throw nothingToSquashInto()
  const onMerge = (): void => {
    refuseStaged(manifest, 'merge')
    if (options.noCommit !== true && !squash) requireAuthor(repo, manifest)
  }
  const { kind, ...outcome } = await assessMerge(
    io,
    { ours, theirs, revision: their.revision },
    { ...options, onMerge },
  )
  if (ours === null || (kind === 'fast-forward' && !squash)) {
    const carried = await carryStaged(manifest, io, theirs.tree, 'what is to be merged')
    return fastForward({ ref, theirs, carried }, outcome, options)
  }
  if (kind === 'up-to-date') return upToDate(ours, outcome)
  refuseStaged(manifest, 'merge')
  const proposed = squash
    ? await squashMessage(io.writer, { ours, theirs }, their)
    : defaultMessage(their, ref)
  const end = { ref, ours, theirs, outcome, message: options.message ?? proposed, author: null } as const
  return squash
    ? concludeMerge(repo, manifest, io, { ...end, kind: 'squash' }, { ...options, noCommit: true })
    : concludeMerge(repo, manifest, io, { ...end, kind: 'merge' }, options)
}

export function upToDate(ours: Commit, outcome: MergeOutcome): Plan {
  return { move: null, result: { outcome: 'up-to-date', commit: ours.cid, ...countsOf(outcome) } }
}

function nothingToSquashInto(): VarveError {
  return new VarveError(
    'VARVE_NOT_POSSIBLE',
    'the branch has no commits yet: there is nothing to squash onto',
    {
      hint: "merge without '--squash'",
    },
  )
}

/** As on a switch, staged changes come along. */
function fastForward(
  { ref, theirs, carried }: { readonly ref: string; readonly theirs: Commit; readonly carried: Cid },
  outcome: MergeOutcome,
  options: MergeOptions,
): Plan {
  return {
    move: {
      refs: new Map([[ref, theirs.cid]]),
      operation: {
        name: options.operation ?? 'merge',
        message: `fast-forward to ${subjectOf(theirs.message)}`,
      },
      show: carried,
      over: theirs.tree,
    },
    result: { outcome: 'fast-forward', commit: theirs.cid, ...countsOf(outcome) },
  }
}

export interface Conclusion {
  readonly ref: string
  readonly ours: Commit
  readonly theirs: Commit
  readonly outcome: MergeOutcome
  readonly message: string
  readonly kind: MergeState['kind']
  /** Signature to keep as author; null: the committer. */
  readonly author: Signature | null
}

/** A commit when all merged, a merge state when conflicts are left or the commit shall wait. */
export async function concludeMerge(
  repo: Repo,
  manifest: Manifest,
  io: Io,
  end: Conclusion,
  options: MergeOptions,
): Promise<Plan> {
  const { ours, theirs, outcome, kind } = end
  const after = await reuseResolutions(manifest, io, outcome, options)
  const counts = { ...countsOf(outcome), conflictCount: after.left, reused: after.reused }
  const extra = policyExtra(outcome.policies)
  const operation = (message: string): Move['operation'] => ({
    name: options.operation ?? kind,
    message: subjectOf(message),
  })
  const isStopped = after.left > 0 || (after.reused.length > 0 && !commitsReused(manifest))
  if (isStopped || options.noCommit === true) {
    if (indexOf(manifest).index === null) {
      if (outcome.conflictCount === 0) throw nowhereToStage()
      await options.onUnstored?.(io, outcome)
      return { move: null, result: { outcome: 'conflict', commit: ours.cid, ...countsOf(outcome) } }
    }
    const state = writeMergeState(io.writer, stoppedState(end, after, options))
    return {
      move: {
        refs: new Map([[mergeRef, state]]),
        operation: operation(end.message),
        show: after.tree,
        over: ours.tree,
        unsettled: unsettledOf(outcome),
      },
      result: { outcome: isStopped ? 'conflict' : 'staged', commit: ours.cid, ...counts },
    }
  }
  const committer = signatureOf(repo, manifest)
  const message = (await options.editMessage?.(end.message, outcome.paths)) ?? end.message
  const parents = kind === 'merge' ? [ours.cid, theirs.cid] : [ours.cid]
  const commit = await putCommit(repo, manifest, io.writer, {
    tree: after.tree,
    parents,
    author: end.author ?? committer,
    committer,
    message,
    generation: await nextGeneration(io.writer, parents),
    extra,
  })
  return {
    move: { refs: new Map([[end.ref, commit]]), operation: operation(message), show: after.tree },
    result: { outcome: 'merged', commit, ...counts },
  }
}

function countsOf({ paths, conflictCount, policies }: MergeOutcome): Omit<Merged, 'outcome' | 'commit'> {
  return { paths, conflictCount, policies, reused: [] }
}

export function unsettledOf({ paths }: Pick<MergeOutcome, 'paths'>): string[] {
  return paths.filter(({ result }) => result === 'conflict').map(({ path }) => path)
}

/** What is stored of a merge that waits for its conflicts to be resolved. */
export function stoppedState(
  { ours, theirs, outcome, message, kind, author }: Omit<Conclusion, 'ref'>,
  { conflicts, resolutions }: Pick<MergeState, 'conflicts' | 'resolutions'>,
  { stashed, sign }: Pick<MergeOptions, 'stashed' | 'sign'>,
): MergeState {
  return {
    kind,
    ours: ours.cid,
    theirs: theirs.cid,
    message,
    conflicts,
    met: outcome.conflicts === null ? null : { conflicts: outcome.conflicts, tree: outcome.tree },
    resolutions,
    author: personOf(author),
    extra: policyExtra(outcome.policies),
    ...(stashed === undefined ? {} : { autostash: stashed }),
    ...(sign === undefined ? {} : { sign }),
  }
}

function personOf(signature: Signature | null): Person | null {
  return signature === null ? null : { name: signature.name, email: signature.email }
}

function nowhereToStage(): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', 'a repository without files cannot stage a merge', {
    hint: "merge without '--no-commit', or see what it would do with '--dry-run'",
  })
}

export function refuseStaged(manifest: Manifest, what: string, hint: string = stagedHint): void {
  const { index, base } = indexOf(manifest)
  if (index === base) return
  throw new VarveError('VARVE_UNCOMMITTED', `cannot ${what}: there are staged changes`, {
    hint,
  })
}

const stagedHint =
  "commit them with 'varve commit', put them aside with 'varve stash', or unstage them with 'varve restore --staged .'"
