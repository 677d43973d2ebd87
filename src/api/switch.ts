// Changing what HEAD names (switch) and where the branch points (reset), with the files following.
import { VarveError } from '../base/errors.ts'
import { type Cid, type CommitCid, digestHex } from '../encoding/cid.ts'
import { readCommit } from '../history/commit.ts'
import { branchRef, remotePrefix, shortRefName } from '../history/refs.ts'
import { resolveStart } from '../history/revision-set.ts'
import { resolveRevision } from '../history/revision.ts'
import { noBranch, refuseTaken } from '../repo/branches.ts'
import { carryStaged } from '../repo/carry-staged.ts'
import { emptyTreeOf } from '../repo/empty.ts'
import { readHead } from '../repo/head.ts'
import { refuseWhileMerging } from '../repo/merging/refuse.ts'
import { type Folder, type Io, type Repo, indexBaseRef, indexRef, mergeRef } from '../repo/interface.ts'
import { commitsLeftBehind, detachedAt } from '../repo/left-behind.ts'
import { readMergeState, withoutPick, writeMergeState } from '../repo/merging/merge-state.ts'
import { type Move, move } from '../repo/move.ts'
import type { Manifest } from '../store/interface.ts'
import { commitInfoOf, idOf } from './info.ts'
import type { CommitInfo, OperationOptions } from './interface.ts'

export interface SwitchOptions extends OperationOptions {
  readonly create?: boolean | undefined
  /** With `create`: the branch may be there, and moves. */
  readonly force?: boolean | undefined
  readonly detach?: boolean | undefined
  readonly startPoint?: string | undefined
  readonly discard?: boolean | undefined
}

export interface SwitchResult {
  readonly branch: string | null
  readonly head: string | null
  /** Commits that HEAD alone held, and that no branch has, newest first. */
  readonly left: readonly CommitInfo[]
}

/** `target`: '-' and '@{-N}' are where HEAD was before. Staged changes come along where they do not clash; so do changes of files that both branches hold alike. */
export async function switchTo(
  repo: Repo,
  folder: Folder | null,
  target: string,
  options: SwitchOptions,
): Promise<SwitchResult> {
  let left: CommitCid | null = null
  const back = /^(?:-|@\{-\d+\})$/.test(target) ? target.replace(/^-$/, '@{-1}') : null
  const manifest = await move(
    repo,
    folder,
    async (manifest, io) => {
      left = detachedAt(manifest)
      if (options.discard !== true) await refuseWhileMerging(io.writer, manifest, 'switch branches')
      const goal =
        back !== null && options.create !== true
          ? await previousGoal(repo, manifest, back, options)
          : await goalOf(repo, manifest, target, options)
      const tree = goal.commit === null ? emptyTreeOf(io) : (await readCommit(io.writer, goal.commit)).tree
      const carried = options.discard === true ? tree : await carryStaged(manifest, io, tree)
      return { ...goal.move, show: carried, over: tree }
    },
    options,
  )
  const { head, refs } = manifest
  const commits = await commitsLeftBehind(repo, left, manifest)
  return {
    branch: head === null ? null : shortRefName(head),
    head: idOf(refs.get(head ?? 'HEAD') ?? null),
    left: commits.map((commit) => commitInfoOf(commit, new Map())),
  }
}

export interface Goal {
  readonly commit: CommitCid | null
  readonly move: Omit<Move, 'show'>
}

/** What HEAD is to be, as the checkout sees it whose view the manifest is. */
export async function goalOf(
  repo: Repo,
  manifest: Manifest,
  target: string,
  options: SwitchOptions,
): Promise<Goal> {
  const operation = { name: 'switch', message: `to ${target}` }
  const leaving: [string, Cid | null][] = options.discard === true ? [[mergeRef, null]] : []
  if (options.detach === true) {
    const { commit } = await resolveStart(repo.store, target, manifest)
    return { commit, move: { head: null, refs: new Map([...leaving, ['HEAD', commit]]), operation } }
  }
  const ref = branchRef(target)
  const gone: [string, Cid | null][] = manifest.head === null ? [...leaving, ['HEAD', null]] : leaving
  if (options.create === true) return createGoal(repo, manifest, { target, ref, gone }, options)
  const known = manifest.refs.get(ref)
  if (known !== undefined || manifest.head === ref) {
    return { commit: known ?? null, move: { head: ref, refs: new Map(gone), operation } }
  }
  const remotes = [...manifest.refs].filter(
    ([name]) => name.startsWith(remotePrefix) && name.endsWith(`/${target}`),
  )
  if (remotes.length !== 1) throw await betterHint(repo, manifest, target)
  const [upstream, commit] = remotes[0]!
  return {
    commit,
    move: {
      head: ref,
      refs: new Map([...gone, [ref, commit]]),
      config: new Map([[`branch.${target}.upstream`, upstream]]),
      operation,
    },
  }
}

/** A branch, or commit without one, that HEAD left and that is still there. */
async function previousGoal(
  repo: Repo,
  manifest: Manifest,
  back: string,
  options: SwitchOptions,
): Promise<Goal> {
  const { commit, ref } = await resolveRevision(repo.store, back, manifest)
  return ref === null
    ? goalOf(repo, manifest, digestHex(commit), { ...options, detach: true })
    : goalOf(repo, manifest, shortRefName(ref), options)
}

async function createGoal(
  repo: Repo,
  manifest: Manifest,
  names: { target: string; ref: string; gone: [string, Cid | null][] },
  options: SwitchOptions,
): Promise<Goal> {
  const { target, ref, gone } = names
  if (options.force !== true) refuseTaken(manifest, target)
  const unborn = options.startPoint === undefined && !manifest.refs.has(manifest.head ?? 'HEAD')
  const start = unborn ? null : await resolveStart(repo.store, options.startPoint ?? 'HEAD', manifest)
  const upstream = start?.ref?.startsWith(remotePrefix) ? start.ref : null
  return {
    commit: start?.commit ?? null,
    move: {
      head: ref,
      refs: new Map<string, Cid | null>([
        ...gone,
        ...(start === null ? [] : ([[ref, start.commit]] as const)),
      ]),
      ...(upstream === null ? {} : { config: new Map([[`branch.${target}.upstream`, upstream]]) }),
      operation: { name: 'switch', message: `to new branch ${target}` },
    },
  }
}

async function betterHint(repo: Repo, manifest: Manifest, target: string): Promise<VarveError> {
  const isRevision = await resolveRevision(repo.store, target, manifest).then(
    () => true,
    () => false,
  )
  if (!isRevision) return noBranch(target, manifest)
  return new VarveError('VARVE_REF_NOT_FOUND', `'${target}' is not a branch`, {
    hint: `look at it with 'varve switch --detach ${target}', or begin a branch there: 'varve switch -c NAME ${target}'`,
  })
}

/** As in git, a reset ends a merge; of a series it ends the commit at which that stopped. */
async function mergeAfterReset(manifest: Manifest, io: Io): Promise<Cid | null> {
  const state = await readMergeState(io.writer, manifest)
  const left = state === null ? null : withoutPick(state, null)
  return left === null ? null : writeMergeState(io.writer, left)
}

/**
 * soft: only the branch moves; mixed: the index too; merge: the files too, and what is staged is lost, and not what is not;
 * keep: the files too, and what has changed in others of them stays, not staged; hard: the files too, and local changes are
 * lost.
 */
export type ResetMode = 'soft' | 'mixed' | 'merge' | 'keep' | 'hard'

/** What each does with the files: nothing, all that has to be done, or only what loses no edit. */
const filesIn: Readonly<Record<ResetMode, 'stay' | 'overwrite' | 'refuse'>> = {
  soft: 'stay',
  mixed: 'stay',
  merge: 'refuse',
  keep: 'refuse',
  hard: 'overwrite',
}

export interface ResetOptions extends OperationOptions {
  readonly mode?: ResetMode | undefined
}

/** @throws VarveError VARVE_UNCOMMITTED where `keep` or `merge` would change files that have changes */
export async function resetTo(
  repo: Repo,
  folder: Folder | null,
  revision: string,
  options: ResetOptions,
): Promise<CommitCid | null> {
  const mode = options.mode ?? 'mixed'
  let commit: CommitCid | null = null
  await move(
    repo,
    filesIn[mode] === 'stay' ? null : folder,
    async (manifest, io) => {
      if (mode === 'soft' || mode === 'keep') await refuseWhileMerging(io.writer, manifest, `reset --${mode}`)
      // Before the first commit HEAD is the dataset without files, as in Git.
      const isUnborn = revision === 'HEAD' && !manifest.refs.has(manifest.head ?? 'HEAD')
      const target = isUnborn
        ? { cid: null, tree: emptyTreeOf(io) }
        : await readCommit(io.writer, (await resolveRevision(repo.store, revision, manifest)).commit)
      commit = target.cid
      // The commit that is left is not looked at: where it is damaged, this is the way out.
      const refs = new Map<string, Cid | null>()
      if (target.cid !== null) refs.set(manifest.head ?? 'HEAD', target.cid)
      if (mode !== 'soft') refs.set(mergeRef, await mergeAfterReset(manifest, io))
      if (mode === 'soft' && manifest.refs.has(indexRef)) refs.set(indexBaseRef, target.tree)
      const operation = {
        name: mode === 'hard' ? 'reset' : `reset (${mode})`,
        message: `to ${shortRefName(revision)}`,
      }
      const show = mode === 'soft' ? null : target.tree
      if (mode !== 'keep') return { refs, operation, show }
      // Whatever is staged counts as a change of its file.
      const from = (await readHead(io.writer, manifest)).commit?.tree ?? emptyTreeOf(io)
      return { refs, operation, show, files: { from, to: target.tree, witness: null } }
    },
    { ...options, discard: filesIn[mode] !== 'refuse' },
  )
  return commit
}
