// Reads from a store that may lie. Whatever comes over is hostile until its hash says otherwise: every object is
// bounded, hashed and compared with the name it was asked by, so that what is built on top can trust the bytes.
import { VarveError } from '../base/errors.ts'
import { type Cid, cidOf, codecOf, shortCid } from '../encoding/cid.ts'
import { needsBase } from '../store/packing.ts'
import type { Source } from './interface.ts'
import { packings } from '../store/record.ts'
import {
  type ObjectReader,
  type ReadOptions,
  type StoredObject,
  type WholePack,
  objectBytesMax,
} from '../store/interface.ts'

/** Reads what came damaged once more, elsewhere. */
export type RepairingReader = ObjectReader & Pick<Source, 'mend'>

/** A chain of deltas longer than any store writes is an attack on the reader's time. */
const depthMax = 64

export class CheckedReader implements ObjectReader {
  readonly #reader: RepairingReader

  constructor(reader: RepairingReader) {
    this.#reader = reader
  }

  async get(cids: readonly Cid[], options?: ReadOptions): Promise<Uint8Array[]> {
    const objects = await this.#reader.get(cids, options)
    if (objects.length !== cids.length) throw liar('the remote sent another number of objects than asked for')
    objects.forEach((bytes, i) => {
      const cid = cids[i]!
      if (bytes.length > objectBytesMax || cidOf(codecOf(cid), bytes) !== cid) {
        throw liar(`the remote sent wrong bytes for object '${shortCid(cid)}'`, cid)
      }
    })
    return objects
  }

  async has(cids: readonly Cid[], options?: ReadOptions): Promise<boolean[]> {
    return this.#reader.has(cids, options)
  }

  /** Whether there is somebody else to ask, and then that one's bytes. */
  async mend(cid: Cid, options?: ReadOptions): Promise<Uint8Array | null> {
    return this.#reader.mend === undefined ? null : this.#reader.mend(cid, options)
  }

  /** Packs that lie on a disk of this machine; whoever takes one hashes all that is in it. */
  async *wholePacks(cids: readonly Cid[], options?: ReadOptions): AsyncGenerator<WholePack> {
    yield* this.#reader.wholePacks?.(cids, options) ?? []
  }

  /** Only what can be judged without unpacking; the writer's `putStored` unpacks and hashes. */
  async getStored(cids: readonly Cid[], options?: ReadOptions): Promise<StoredObject[]> {
    const objects = await this.#reader.getStored(cids, options)
    if (objects.length !== cids.length) throw liar('the remote sent another number of objects than asked for')
    objects.forEach((object, i) => {
      if (object.cid !== cids[i])
        throw liar(`the remote sent another object than '${shortCid(cids[i]!)}'`, cids[i])
      if (!isSane(object))
        throw liar(`the remote sent object '${shortCid(object.cid)}' with an absurd head`, object.cid)
    })
    return objects
  }
}

function isSane(object: StoredObject): boolean {
  return (
    Number.isInteger(object.rawLength) &&
    object.rawLength >= 0 &&
    object.rawLength <= objectBytesMax &&
    object.payload.length <= objectBytesMax &&
    packings.includes(object.packing) &&
    needsBase(object.packing) === (object.base !== null) &&
    Number.isInteger(object.depth) &&
    object.depth >= 0 &&
    object.depth <= depthMax &&
    object.base !== object.cid
  )
}

/** What to do about a remote whose bytes are wrong. */
export const damagedRemoteHint =
  "nothing was changed here; run 'varve fsck' in the remote repository, or 'varve bundle verify' if it is a bundle"

function liar(message: string, cid?: Cid): VarveError {
  return new VarveError('VARVE_CORRUPT', message, {
    data: { cid },
    hint: damagedRemoteHint,
  })
}
