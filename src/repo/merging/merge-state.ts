// The merge in progress as a stored object (ref MERGE): it survives crashes and is a root for gc.
// dag-cbor {v, kind, ours, theirs, message, conflicts, met, resolutions, author, extra}, and of a rebase also
// rebase: {branch, start, onto, name, todo, done, total, waits, actions?}, of several commits to pick or revert
// sequence: {start, todo, done, total, waits, mainline, nameOrigin}; autostash: the stash whose changes come back at the end;
// sign: whether the commits to come are signed, or the key that signs them.
import { CID } from 'multiformats/cid'
import { corrupt } from '../../base/errors.ts'
import { decodeCbor, encodeCbor } from '../../encoding/cbor.ts'
import { type Cid, type CommitCid, cidFromLink, cidToLink } from '../../encoding/cid.ts'
import type { Manifest, ObjectReader, ObjectWriter } from '../../store/interface.ts'
import {
  type MergeState,
  type RebaseState,
  type SequenceState,
  type StepAction,
  type Steps,
  mergeRef,
} from '../interface.ts'

export function writeMergeState(writer: ObjectWriter, state: MergeState): Cid {
  return writer.put(
    'dag-cbor',
    encodeCbor({
      v: 1,
      kind: state.kind,
      ours: cidToLink(state.ours),
      theirs: cidToLink(state.theirs),
      message: state.message,
      conflicts: state.conflicts === null ? null : cidToLink(state.conflicts),
      met: state.met === null ? null : [cidToLink(state.met.conflicts), cidToLink(state.met.tree)],
      resolutions: state.resolutions === null ? null : cidToLink(state.resolutions),
      author: state.author === null ? null : [state.author.name, state.author.email],
      extra: state.extra,
      ...(state.rebase === undefined ? {} : { rebase: storedRebase(state.rebase) }),
      ...(state.sequence === undefined ? {} : { sequence: storedSteps(state.sequence) }),
      ...(state.autostash === undefined ? {} : { autostash: state.autostash }),
      ...(state.sign === undefined ? {} : { sign: state.sign }),
    }),
  )
}

/**
 * What is left once the commit at which it stopped is made, or given up: the rest of a rebase or of several picks; null:
 * nothing. `tip`: the commit that HEAD is then at, where picks made it.
 */
export function withoutPick(state: MergeState, tip: CommitCid | null): MergeState | null {
  const { rebase, sequence, ...rest } = state
  const none = { conflicts: null, met: null, resolutions: null }
  if (rebase !== undefined) return { ...rest, ...none, rebase: { ...rebase, waits: false } }
  if (sequence === undefined || sequence.todo.length === 0) return null
  return { ...rest, ...none, ours: tip ?? state.ours, sequence: { ...sequence, waits: false } }
}

/** The series that the step belongs to, if there is one. */
export function stepsOf({ rebase, sequence }: MergeState): Steps | undefined {
  return rebase ?? sequence
}

function storedSteps(steps: Steps): Record<string, unknown> {
  return { ...steps, start: cidToLink(steps.start), todo: steps.todo.map((cid) => cidToLink(cid)) }
}

function storedRebase(rebase: RebaseState): Record<string, unknown> {
  return { ...storedSteps(rebase), onto: cidToLink(rebase.onto) }
}

function stepsFrom(value: Record<string, unknown>): Steps {
  const { start, todo, done, total, waits } = value
  if (!(start instanceof CID) || !Array.isArray(todo) || typeof waits !== 'boolean') throw damaged()
  if (!Number.isSafeInteger(done) || !Number.isSafeInteger(total)) throw damaged()
  return {
    start: cidFromLink(start),
    todo: (todo as unknown[]).map((link) => {
      if (!(link instanceof CID)) throw damaged()
      return cidFromLink(link)
    }),
    done: done as number,
    total: total as number,
    waits,
  }
}

function rebaseOf(value: unknown): RebaseState {
  if (!isRecord(value)) throw damaged()
  const { branch, onto, name, actions } = value
  if (!(onto instanceof CID) || typeof name !== 'string') throw damaged()
  if (branch !== null && typeof branch !== 'string') throw damaged()
  const state = { ...stepsFrom(value), branch, onto: cidFromLink(onto), name }
  if (actions === undefined) return state
  if (!Array.isArray(actions) || actions.length !== state.todo.length + 1) throw damaged()
  if (!actions.every((action) => stepActions.includes(action))) throw damaged()
  return { ...state, actions: actions as StepAction[] }
}

const stepActions: readonly unknown[] = ['pick', 'reword', 'edit', 'squash', 'fixup'] satisfies StepAction[]

function sequenceOf(value: unknown): SequenceState {
  if (!isRecord(value)) throw damaged()
  const { mainline, nameOrigin } = value
  if ((mainline !== null && !Number.isSafeInteger(mainline)) || typeof nameOrigin !== 'boolean')
    throw damaged()
  return { ...stepsFrom(value), mainline: mainline as number | null, nameOrigin }
}

function damaged(): Error {
  return corrupt('the merge state is damaged')
}

export async function readMergeState(reader: ObjectReader, manifest: Manifest): Promise<MergeState | null> {
  const cid = manifest.refs.get(mergeRef)
  if (cid === undefined) return null
  const [bytes] = await reader.get([cid])
  const value = decodeCbor(bytes!, 'the merge state') as Record<string, unknown>
  const { kind, ours, theirs, message, conflicts, met, resolutions, author, extra } = value
  const { rebase, sequence, autostash, sign } = value
  if (!isKind(kind)) throw damaged()
  if (!(ours instanceof CID) || !(theirs instanceof CID) || typeof message !== 'string') throw damaged()
  return {
    kind,
    ours: cidFromLink(ours),
    theirs: cidFromLink(theirs),
    message,
    conflicts: conflicts instanceof CID ? cidFromLink(conflicts) : null,
    met: metOf(met),
    resolutions: resolutions instanceof CID ? cidFromLink(resolutions) : null,
    author: Array.isArray(author) ? { name: String(author[0]), email: String(author[1]) } : null,
    extra: isRecord(extra) ? extra : {},
    ...(kind === 'rebase' ? { rebase: rebaseOf(rebase) } : {}),
    ...(sequence === undefined ? {} : { sequence: sequenceOf(sequence) }),
    ...(typeof autostash === 'string' ? { autostash } : {}),
    ...(typeof sign === 'string' || typeof sign === 'boolean' ? { sign } : {}),
  }
}

const kinds: readonly unknown[] = ['merge', 'squash', 'cherry-pick', 'revert', 'rebase']

function isKind(value: unknown): value is MergeState['kind'] {
  return kinds.includes(value)
}

function metOf(value: unknown): MergeState['met'] {
  if (!Array.isArray(value)) return null
  const [conflicts, tree] = value as unknown[]
  if (!(conflicts instanceof CID) || !(tree instanceof CID)) throw damaged()
  return { conflicts: cidFromLink(conflicts), tree: cidFromLink(tree) }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
