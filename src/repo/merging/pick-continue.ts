// Going on with several picks that stopped: with the commit whose conflicts were resolved, or without it; and leaving them
// where they are.
import { VarveError } from '../../base/errors.ts'
import { shortCid } from '../../encoding/cid.ts'
import { readCommit } from '../../history/commit.ts'
import type { Commit } from '../../history/interface.ts'
import type { Manifest } from '../../store/interface.ts'
import { indexOf, requireHead } from '../head.ts'
import {
  type Folder,
  type Io,
  type MergeState,
  type Repo,
  type SequenceState,
  mergeRef,
} from '../interface.ts'
import { readMergeState } from './merge-state.ts'
import { type MergeOptions, type Merged, refuseStaged } from './merge.ts'
import { move } from '../move.ts'
import type { PickKind } from './pick-change.ts'
import { advance, commitOnto } from './pick-sequence.ts'
import { type ContinueOptions, planContinue } from './plan-move.ts'
import { signingAs } from '../signing.ts'

export async function continuePick(
  repo: Repo,
  folder: Folder | null,
  options: ContinueOptions = {},
): Promise<Merged> {
  const isSkipping = options.skip === true
  return planContinue(repo, folder, options, async (manifest, io) => {
    const state = await readMergeState(io.writer, manifest)
    if (state === null || (state.kind !== 'cherry-pick' && state.kind !== 'revert')) throw noneUnderWay()
    const { ref, commit: head } = await requireHead(io.writer, manifest)
    const sequence = state.sequence ?? ofOne(state)
    const sign = options.sign ?? state.sign
    const signing = signingAs(repo, sign)
    let tip = head
    if (!isSkipping && sequence.waits)
      tip = await resolvedCommit(signing, manifest, io, { tip: head, state, kind: state.kind }, options)
    else if (!isSkipping) refuseStaged(manifest, 'go on')
    const going = { ...sequence, done: sequence.done + 1 }
    const { message: _, ...rest } = options
    return advance(signing, manifest, io, { ref, tip, sequence: going, kind: state.kind }, { ...rest, sign })
  })
}

/** Forgets what waits; the branch, the index and the files stay as they are. */
export async function quitPick(repo: Repo): Promise<void> {
  await move(repo, null, async (manifest, io) => {
    const state = await readMergeState(io.writer, manifest)
    if (state === null || (state.kind !== 'cherry-pick' && state.kind !== 'revert')) throw noneUnderWay()
    const operation = { name: `${state.kind} (quit)`, message: '' }
    return { refs: new Map([[mergeRef, null]]), operation, show: null }
  })
}

function ofOne({ ours }: MergeState): SequenceState {
  return { start: ours, todo: [], done: 0, total: 1, waits: true, mainline: null, nameOrigin: false }
}

/** The commit that it stopped at, as its conflicts were resolved; HEAD itself when nothing of it is left. */
async function resolvedCommit(
  repo: Repo,
  manifest: Manifest,
  io: Io,
  { tip, state, kind }: { readonly tip: Commit; readonly state: MergeState; readonly kind: PickKind },
  options: MergeOptions,
): Promise<Commit> {
  if (state.conflicts !== null) {
    throw new VarveError('VARVE_MERGE_CONFLICT', `commit ${shortCid(state.theirs)} still has conflicts`, {
      hint: `see them with 'varve conflicts', settle them with 'varve resolve', or leave the commit out: 'varve ${kind} --skip'`,
    })
  }
  const tree = indexOf(manifest).index!
  if (tree === tip.tree) return tip
  const author = kind === 'cherry-pick' ? (await readCommit(io.writer, state.theirs)).author : null
  const message = options.message ?? state.message
  return commitOnto(repo, manifest, io, { tip, tree, message, author, extra: state.extra })
}

function noneUnderWay(): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', 'there is no cherry-pick or revert to go on with', {
    hint: "see 'varve status'",
  })
}
