// The merge in progress as a stored object (ref MERGE): it survives crashes and is a root for gc.
// dag-cbor {v, kind, ours, theirs, message, conflicts, met, resolutions, author, extra}, and of a rebase also
// rebase: {branch, start, onto, name, todo, done, total, waits}.
import { CID } from 'multiformats/cid'
import { corrupt } from '../../base/errors.ts'
import { decodeCbor, encodeCbor } from '../../encoding/cbor.ts'
import { type Cid, cidFromLink, cidToLink } from '../../encoding/cid.ts'
import type { Manifest, ObjectReader, ObjectWriter } from '../../store/interface.ts'
import { type MergeState, type RebaseState, mergeRef } from '../interface.ts'

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
    }),
  )
}

/** A rebase whose stopped commit is made, or given up, and that has the rest before it. */
export function withoutPick(state: MergeState, rebase: RebaseState): MergeState {
  return { ...state, conflicts: null, met: null, resolutions: null, rebase: { ...rebase, waits: false } }
}

function storedRebase(rebase: RebaseState): Record<string, unknown> {
  const { start, onto, todo } = rebase
  return {
    ...rebase,
    start: cidToLink(start),
    onto: cidToLink(onto),
    todo: todo.map((cid) => cidToLink(cid)),
  }
}

function rebaseOf(value: unknown): RebaseState {
  if (!isRecord(value)) throw damaged()
  const { branch, start, onto, name, todo, done, total, waits } = value
  if (!(start instanceof CID) || !(onto instanceof CID) || !Array.isArray(todo)) throw damaged()
  if ((branch !== null && typeof branch !== 'string') || typeof name !== 'string') throw damaged()
  if (!Number.isSafeInteger(done) || !Number.isSafeInteger(total) || typeof waits !== 'boolean')
    throw damaged()
  return {
    branch,
    start: cidFromLink(start),
    onto: cidFromLink(onto),
    name,
    todo: (todo as unknown[]).map((link) => {
      if (!(link instanceof CID)) throw damaged()
      return cidFromLink(link)
    }),
    done: done as number,
    total: total as number,
    waits,
  }
}

function damaged(): Error {
  return corrupt('the merge state is damaged')
}

export async function readMergeState(reader: ObjectReader, manifest: Manifest): Promise<MergeState | null> {
  const cid = manifest.refs.get(mergeRef)
  if (cid === undefined) return null
  const [bytes] = await reader.get([cid])
  const value = decodeCbor(bytes!, 'the merge state') as Record<string, unknown>
  const { kind, ours, theirs, message, conflicts, met, resolutions, author, extra, rebase } = value
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
