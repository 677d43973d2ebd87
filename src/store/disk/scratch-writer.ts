// Objects that are needed for a while and never published: the first ones in memory, and beyond that all of them in one
// temporary file, so that memory does not grow with them. Nobody else sees the file, which has no name where the system
// can do without one: a killed process leaves nothing behind.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { corrupt, throwIfAborted } from '../../base/errors.ts'
import { type Cid, type Codec, cidOf, codecOf } from '../../encoding/cid.ts'
import {
  type ObjectWriter,
  type PackedObjects,
  type ReadOptions,
  type StoredObject,
  objectBytesMax,
} from '../interface.ts'
import { unpack } from '../packing.ts'
import { readRecord } from '../record.ts'
import { checkedBytes, storedWhole } from '../stored-object.ts'
import { ioError } from './files.ts'

const heldBytesMax = 8 << 20

interface Place {
  readonly at: number
  readonly length: number
}

export class ScratchWriter implements ObjectWriter {
  readonly #held = new Map<Cid, Uint8Array>()
  readonly #placed = new Map<Cid, Place>()
  #heldBytes = 0
  #file: ScratchFile | null = null

  put(codec: Codec, bytes: Uint8Array): Cid {
    if (bytes.length > objectBytesMax) throw new TypeError(`an object has at most ${objectBytesMax} bytes`)
    const cid = cidOf(codec, bytes)
    if (!this.#isHere(cid)) this.#hold(cid, bytes.slice())
    return cid
  }

  async putStored(object: StoredObject): Promise<void> {
    const base = object.base === null ? null : (await this.get([object.base]))[0]!
    this.put(codecOf(object.cid), checkedBytes(object, base))
  }

  putPacked({ cids, records, ends }: PackedObjects): void {
    for (const [i, cid] of cids.entries()) {
      if (this.#isHere(cid)) continue
      const { packing, payload, rawLength } = readRecord(records, i === 0 ? 0 : ends[i - 1]!)
      this.#hold(cid, unpack(packing, payload, rawLength, null).slice())
    }
  }

  hold(cids: readonly Cid[]): boolean[] {
    return cids.map((cid) => this.#isHere(cid))
  }

  async get(cids: readonly Cid[], options: ReadOptions = {}): Promise<Uint8Array[]> {
    throwIfAborted(options.signal)
    return cids.map((cid) => this.#held.get(cid) ?? this.#read(cid))
  }

  async has(cids: readonly Cid[]): Promise<boolean[]> {
    return this.hold(cids)
  }

  async getStored(cids: readonly Cid[], options: ReadOptions = {}): Promise<StoredObject[]> {
    return (await this.get(cids, options)).map((bytes, i) => storedWhole(cids[i]!, bytes))
  }

  async drained(): Promise<void> {}

  /** Drops all objects, and the file. */
  async abort(): Promise<void> {
    this.#held.clear()
    this.#placed.clear()
    this.#heldBytes = 0
    this.#file?.close()
    this.#file = null
  }

  #isHere(cid: Cid): boolean {
    return this.#held.has(cid) || this.#placed.has(cid)
  }

  #hold(cid: Cid, bytes: Uint8Array): void {
    this.#held.set(cid, bytes)
    this.#heldBytes += bytes.length
    if (this.#heldBytes > heldBytesMax) this.#spill()
  }

  #spill(): void {
    this.#file ??= new ScratchFile()
    for (const [cid, bytes] of this.#held)
      this.#placed.set(cid, { at: this.#file.append(bytes), length: bytes.length })
    this.#held.clear()
    this.#heldBytes = 0
  }

  #read(cid: Cid): Uint8Array {
    const place = this.#placed.get(cid)
    if (place === undefined) throw corrupt(`object '${cid}' was not put, or was dropped`)
    const bytes = this.#file!.read(place)
    if (cidOf(codecOf(cid), bytes) !== cid) throw corrupt(`object '${cid}' has changed in a temporary file`)
    return bytes
  }
}

class ScratchFile {
  readonly #folder: string
  readonly #fd: number
  #length = 0

  /** @throws VarveError VARVE_DISK_FULL, VARVE_IO, as all of it */
  constructor() {
    this.#folder = path.join(os.tmpdir(), 'varve-')
    try {
      this.#folder = fs.mkdtempSync(this.#folder)
      this.#fd = fs.openSync(path.join(this.#folder, 'scratch'), 'wx+', 0o600)
    } catch (cause) {
      throw ioError(cause, this.#folder)
    }
    this.#remove()
  }

  /** Where the bytes are now. */
  append(bytes: Uint8Array): number {
    const at = this.#length
    try {
      for (let done = 0; done < bytes.length;)
        done += fs.writeSync(this.#fd, bytes, done, bytes.length - done, at + done)
    } catch (cause) {
      throw ioError(cause, this.#folder)
    }
    this.#length += bytes.length
    return at
  }

  /** Zeros stand for what is no longer there: whoever reads it knows its hash. */
  read({ at, length }: Place): Uint8Array {
    const bytes = new Uint8Array(length)
    try {
      for (let done = 0, count = 1; done < length && count > 0; done += count)
        count = fs.readSync(this.#fd, bytes, done, length - done, at + done)
    } catch (cause) {
      throw ioError(cause, this.#folder)
    }
    return bytes
  }

  close(): void {
    fs.closeSync(this.#fd)
    this.#remove()
  }

  /** Some systems keep the name of an open file; then it goes at the end. */
  #remove(): void {
    try {
      fs.rmSync(this.#folder, { recursive: true, force: true })
    } catch {
      // The system clears its temporary folder.
    }
  }
}
