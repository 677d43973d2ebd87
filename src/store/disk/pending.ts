// Objects that a writer has taken in and nobody else sees: first in a batch in memory, then in a pack's file.
import type { Cid, Codec } from '../../encoding/cid.ts'
import { codecOf } from '../../encoding/cid.ts'
import type { PackedBatch } from '../batch.ts'
import type { PackedObjects, WholePack } from '../interface.ts'
import { packHeadBytes } from '../pack.ts'
import type { Placed } from '../run.ts'
import { cidDigest } from './digest.ts'
import type { OpenBatch } from './open-batch.ts'
import type { PendingPack } from './pack-file.ts'

export interface Pending {
  readonly digest: Uint8Array
  readonly codec: Codec
  batch: OpenBatch | null
  item: number
  /** Set when it is packed. */
  pack: PendingPack | null
  offset: number
  length: number
  depth: number
}

export class PendingObjects extends Map<Cid, Pending> {
  /** Records that were appended to a pack at `start`. */
  appended(
    pack: PendingPack,
    start: number,
    { codec, cids, ends }: Omit<PackedObjects, 'records'>,
    depth: number,
  ): void {
    cids.forEach((cid, i) => {
      const from = i === 0 ? 0 : ends[i - 1]!
      const place = { batch: null, item: 0, pack, offset: start + from, length: ends[i]! - from, depth }
      this.set(cid, { digest: cidDigest(cid), codec, ...place })
    })
  }

  /** What a batch became. */
  landed(batch: OpenBatch, packed: PackedBatch, pack: PendingPack, start: number): void {
    batch.items.forEach((item, i) => {
      const found = this.get(item.cid)
      if (found === undefined || found.batch !== batch) return
      const from = i === 0 ? 0 : packed.ends[i - 1]!
      found.batch = null
      found.pack = pack
      found.offset = start + from
      found.length = packed.ends[i]! - from
      found.depth = packed.depths[i]!
    })
  }

  /** Those of a pack's objects that are not here yet. */
  adopted(
    pack: PendingPack,
    { cids, ends }: Pick<WholePack, 'cids' | 'ends'>,
    isHere: (cid: Cid) => boolean,
  ): void {
    cids.forEach((cid, i) => {
      if (isHere(cid)) return
      const offset = i === 0 ? packHeadBytes : ends[i - 1]!
      const place = { batch: null, item: 0, pack, offset, length: ends[i]! - offset, depth: 0 }
      this.set(cid, { digest: cidDigest(cid), codec: codecOf(cid), ...place })
    })
  }

  /** Where those in finished packs lie. */
  placedIn(packs: ReadonlySet<PendingPack>): Placed[] {
    const done = [...this.values()].filter(({ pack }) => pack !== null && packs.has(pack))
    return done.map((found) => ({ ...found, pack: found.pack!.ref! }))
  }

  /** Those in these packs are the store's now. */
  published(packs: ReadonlySet<PendingPack>): void {
    for (const [cid, { pack }] of this) if (pack !== null && packs.has(pack)) this.delete(cid)
  }
}
