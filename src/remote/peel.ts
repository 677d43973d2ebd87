// Refs may name annotated tags, which may name others: what a transfer works with is the commit below them all.
import { CID } from 'multiformats/cid'
import { corrupt } from '../base/errors.ts'
import { decodeCbor } from '../encoding/cbor.ts'
import { type Cid, type CommitCid, cidFromLink, shortCid } from '../encoding/cid.ts'
import { isAncestor } from '../history/ancestry.ts'
import { commitsLeftOut } from '../history/horizon.ts'
import type { ObjectReader } from '../store/interface.ts'

const tagDepthMax = 16
const batchObjects = 256

/** What a ref names: a commit, perhaps behind annotated tags (outermost first). */
export interface Peeled {
  readonly commit: CommitCid
  readonly tags: readonly Cid[]
}

/** Follows annotated tags to the commits they stand for, all names at once. */
export async function peelAll(reader: ObjectReader, cids: Iterable<Cid>): Promise<Map<Cid, Peeled>> {
  const names = [...new Set(cids)]
  const chains = names.map((cid): Cid[] => [cid])
  let open = chains
  for (let depth = 0; open.length > 0; depth++) {
    if (depth > tagDepthMax) throw corrupt(`tag '${shortCid(open[0]![0]!)}' is a tag of too many tags`)
    const next: Cid[][] = []
    for (let at = 0; at < open.length; at += batchObjects) {
      const batch = open.slice(at, at + batchObjects)
      const objects = await reader.get(batch.map((chain) => chain.at(-1)!))
      objects.forEach((bytes, i) => {
        const target = tagTarget(batch[i]!.at(-1)!, bytes)
        if (target === null) return
        batch[i]!.push(target)
        next.push(batch[i]!)
      })
    }
    open = next
  }
  return new Map(names.map((cid, i) => [cid, { commit: chains[i]!.at(-1)!, tags: chains[i]!.slice(0, -1) }]))
}

export async function peel(reader: ObjectReader, cid: Cid): Promise<Peeled> {
  return (await peelAll(reader, [cid])).get(cid)!
}

function tagTarget(cid: Cid, bytes: Uint8Array): Cid | null {
  const value = decodeCbor(bytes, `object ${cid}`)
  if (typeof value !== 'object' || value === null || !('object' in value)) return null
  return value.object instanceof CID ? cidFromLink(value.object) : null
}

/**
 * Whether `after` descends from `before`, both commits or tags. A commit of the other side that is not here, or only
 * half here, is nobody's ancestor here: the walk starts from ours and meets it or not.
 */
export async function descends(reader: ObjectReader, before: Cid, after: Cid): Promise<boolean> {
  if (before === after) return true
  // A parent that was left out is known by its name.
  if ((await commitsLeftOut(reader)).has(before))
    return isAncestor(reader, before, (await peel(reader, after)).commit)
  const [isHere] = await reader.has([before])
  if (!isHere) return false
  const [older, newer] = [await peel(reader, before), await peel(reader, after)]
  return isAncestor(reader, older.commit, newer.commit)
}
