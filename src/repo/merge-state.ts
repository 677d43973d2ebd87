// The merge in progress as a stored object (ref MERGE): it survives crashes and is a root for gc.
// dag-cbor {v, kind, ours, theirs, message, conflicts, met, resolutions, author, extra}.
import { CID } from 'multiformats/cid'
import { corrupt } from '../base/errors.ts'
import { decodeCbor, encodeCbor } from '../encoding/cbor.ts'
import { type Cid, cidFromLink, cidToLink } from '../encoding/cid.ts'
import type { Manifest, ObjectReader, ObjectWriter } from '../store/interface.ts'
import { type MergeState, mergeRef } from './interface.ts'

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
    }),
  )
}

export async function readMergeState(reader: ObjectReader, manifest: Manifest): Promise<MergeState | null> {
  const cid = manifest.refs.get(mergeRef)
  if (cid === undefined) return null
  const [bytes] = await reader.get([cid])
  const value = decodeCbor(bytes!, 'the merge state') as Record<string, unknown>
  const { kind, ours, theirs, message, conflicts, met, resolutions, author, extra } = value
  if (kind !== 'merge' && kind !== 'cherry-pick' && kind !== 'revert')
    throw corrupt('the merge state is damaged')
  if (!(ours instanceof CID) || !(theirs instanceof CID) || typeof message !== 'string') {
    throw corrupt('the merge state is damaged')
  }
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
  }
}

function metOf(value: unknown): MergeState['met'] {
  if (!Array.isArray(value)) return null
  const [conflicts, tree] = value as unknown[]
  if (!(conflicts instanceof CID) || !(tree instanceof CID)) throw corrupt('the merge state is damaged')
  return { conflicts: cidFromLink(conflicts), tree: cidFromLink(tree) }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
