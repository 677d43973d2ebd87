// Commits' changes applied elsewhere: cherry-pick (parent -> commit onto HEAD) and revert (commit -> parent onto HEAD).
// Each is a three-way merge; several are one operation.
import type { CommitCid } from '../../encoding/cid.ts'
import { readCommit } from '../../history/commit.ts'
import type { Commit } from '../../history/interface.ts'
import { mergeTrees } from '../../merge/merge-trees.ts'
import type { Manifest } from '../../store/interface.ts'
import { requireAuthor } from '../context.ts'
import { requireHead } from '../head.ts'
import { refuseWhileMerging } from './refuse.ts'
import type { Folder, Io, Repo } from '../interface.ts'
import { type Merged, type MergeOptions, type Plan, concludeMerge, refuseStaged, upToDate } from './merge.ts'
import { planMove } from './plan-move.ts'
import { signingAs } from '../signing.ts'
import { type PickChoice, changeOf, changesNothing, commitsNamed } from './pick-change.ts'
import { advance } from './pick-sequence.ts'
import { stageAll } from './pick-stage.ts'

export type PickOptions = MergeOptions & PickChoice

/** `revisions` are commits, and ranges 'A..B'. */
export async function pick(
  repo: Repo,
  folder: Folder | null,
  revisions: readonly string[],
  options: PickOptions,
): Promise<Merged> {
  const { kind } = options
  const signing = signingAs(repo, options.sign)
  return planMove(repo, folder, options, async (manifest, io) => {
    await refuseWhileMerging(io.writer, manifest, kind)
    refuseStaged(manifest, kind)
    const { ref, commit: tip } = await requireHead(io.writer, manifest)
    const todo = await commitsNamed(repo, manifest, revisions, options)
    if (todo.length === 1)
      return planOne(signing, manifest, io, { named: revisions.join(' '), ref, tip, cid: todo[0]! }, options)
    if (options.noCommit === true) return stageAll(repo, manifest, io, { ref, tip, todo }, options)
    const sequence = {
      start: tip.cid,
      todo,
      done: 0,
      total: todo.length,
      waits: false,
      mainline: options.mainline ?? null,
      nameOrigin: options.nameOrigin === true,
    }
    return advance(signing, manifest, io, { ref, tip, sequence, kind }, options)
  })
}

interface OnePick {
  /** For messages. */
  readonly named: string
  readonly ref: string
  readonly tip: Commit
  readonly cid: CommitCid
}

async function planOne(
  repo: Repo,
  manifest: Manifest,
  io: Io,
  { named, ref, tip, cid }: OnePick,
  options: PickOptions,
): Promise<Plan> {
  const { kind } = options
  const commit = await readCommit(io.writer, cid)
  const { base, theirs, message } = await changeOf(io, commit, options)
  if (options.noCommit !== true) requireAuthor(repo, manifest)
  const policies = options.policies ?? new Map()
  const trees = { ...io, base, ours: tip.tree, theirs }
  const outcome = await mergeTrees(trees, { ...options, policies })
  if (outcome.conflictCount === 0 && outcome.tree === tip.tree) {
    if (options.noCommit === true) return upToDate(tip, outcome)
    throw changesNothing(`${kind} of '${named}'`)
  }
  const end = {
    ref,
    ours: tip,
    theirs: commit,
    outcome,
    kind,
    message: options.message ?? message,
    author: kind === 'cherry-pick' ? commit.author : null,
  }
  return concludeMerge(repo, manifest, io, end, options)
}
