// Objects that a writer has taken in and nobody else sees: first in a batch in memory, then in a pack's file.
import type { Cid, Codec } from '../../encoding/cid.ts'
import { codecOf } from '../../encoding/cid.ts'
import type { PackedBatch } from '../batch.ts'
import type { PackedObjects, WholePack } from '../interface.ts'
import { packHeadBytes } from '../pack.ts'
import type { PlacedObject } from '../run.ts'
import type { PackRef } from '../segment.ts'
import { cidDigest } from './digest.ts'
import type { OpenBatch } from './open-batch.ts'
import type { PendingPack } from './pack-file.ts'

/** One of a hundred thousand at a time: the digest is in the name, and made of it when asked for. */
class Pending implements PlacedObject {
  readonly cid: Cid
  depth: number
  batch: OpenBatch | null = null
  item = 0
  /** Set when it is packed. */
  file: PendingPack | null = null
  offset = 0
  length = 0

  constructor(cid: Cid, depth: number) {
    this.cid = cid
    this.depth = depth
  }

  get digest(): Uint8Array {
    return cidDigest(this.cid)
  }

  get codec(): Codec {
    return codecOf(this.cid)
  }

  /** The object's pack, which is known once that is finished. */
  get pack(): PackRef {
    return this.file!.ref!
  }

  place(file: PendingPack, offset: number, length: number): void {
    this.batch = null
    this.file = file
    this.offset = offset
    this.length = length
  }
}

export class PendingObjects extends Map<Cid, Pending> {
  /** Notes an object that was put into a batch, as its `item`-th. */
  queued(cid: Cid, depth: number, batch: OpenBatch, item: number): void {
    const pending = new Pending(cid, depth)
    pending.batch = batch
    pending.item = item
    this.set(cid, pending)
  }

  /** Notes records that were appended to a pack at `start`. */
  appended(
    file: PendingPack,
    start: number,
    { cids, ends }: Pick<PackedObjects, 'cids' | 'ends'>,
    depth: number,
  ): void {
    cids.forEach((cid, i) => {
      const from = i === 0 ? 0 : ends[i - 1]!
      this.#placed(new Pending(cid, depth), file, start + from, ends[i]! - from)
    })
  }

  /** Notes where a batch's objects lie, once it was packed. */
  landed(batch: OpenBatch, packed: PackedBatch, file: PendingPack, start: number): void {
    batch.items.forEach((item, i) => {
      const found = this.get(item.cid)
      if (found === undefined || found.batch !== batch) return
      const from = i === 0 ? 0 : packed.ends[i - 1]!
      found.place(file, start + from, packed.ends[i]! - from)
      found.depth = packed.depths[i]!
    })
  }

  /** Notes those of a pack's objects that are not here yet. */
  adopted(
    file: PendingPack,
    { cids, ends }: Pick<WholePack, 'cids' | 'ends'>,
    isHere: (cid: Cid) => boolean,
  ): void {
    cids.forEach((cid, i) => {
      if (isHere(cid)) return
      const offset = i === 0 ? packHeadBytes : ends[i - 1]!
      this.#placed(new Pending(cid, 0), file, offset, ends[i]! - offset)
    })
  }

  /** Where the objects in these finished packs lie. */
  placedIn(packs: ReadonlySet<PendingPack>): PlacedObject[] {
    return [...this.values()].filter(({ file }) => file !== null && packs.has(file))
  }

  /** Forgets the objects in these packs, which the store has now. */
  published(packs: ReadonlySet<PendingPack>): void {
    for (const [cid, { file }] of this) if (file !== null && packs.has(file)) this.delete(cid)
  }

  #placed(pending: Pending, file: PendingPack, offset: number, length: number): void {
    pending.place(file, offset, length)
    this.set(pending.cid, pending)
  }
}
