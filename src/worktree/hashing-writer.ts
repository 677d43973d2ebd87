// A writer that only names objects and keeps none: what a file's content would be called, without storing it. Reads
// go to the store.
import { VarveError } from '../base/errors.ts'
import { type Cid, type Codec, cidOf } from '../encoding/cid.ts'
import type {
  ObjectReader,
  ObjectWriter,
  PackedObjects,
  ReadOptions,
  StoredObject,
} from '../store/interface.ts'

export class HashingWriter implements ObjectWriter {
  readonly #reader: ObjectReader

  constructor(reader: ObjectReader) {
    this.#reader = reader
  }

  put(codec: Codec, bytes: Uint8Array): Cid {
    return cidOf(codec, bytes)
  }

  async putStored(object: StoredObject): Promise<void> {
    throw onlyNamed(object.cid)
  }

  putPacked(objects: PackedObjects): void {
    for (const cid of objects.cids) throw onlyNamed(cid)
  }

  hold(cids: readonly Cid[]): boolean[] {
    return cids.map(() => false)
  }

  get(cids: readonly Cid[], options?: ReadOptions): Promise<Uint8Array[]> {
    return this.#reader.get(cids, options)
  }

  has(cids: readonly Cid[], options?: ReadOptions): Promise<boolean[]> {
    return this.#reader.has(cids, options)
  }

  getStored(cids: readonly Cid[], options?: ReadOptions): Promise<StoredObject[]> {
    return this.#reader.getStored(cids, options)
  }

  async drained(): Promise<void> {}

  async abort(): Promise<void> {}
}

function onlyNamed(cid: Cid): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `object '${cid}' is only to be named, not kept`)
}
