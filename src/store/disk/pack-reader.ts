// Packs that came from outside and that no index knows, read as objects. Each is scanned once from its first byte to its
// last: its digest must be its name, its records must lie back to back with sane heads, and what they claim to unpack to
// is bounded against what they are. Objects are hashed when they are read, as everywhere.
import fs from 'node:fs'
import { toHex } from '../../base/bytes.ts'
import { VarveError, corrupt, isVarveError, throwIfAborted } from '../../base/errors.ts'
import { Lru } from '../../base/lru.ts'
import { sha256Stream } from '../../base/platform.ts'
import { type Cid, codecOf } from '../../encoding/cid.ts'
import type { ObjectReader, ReadOptions, StoredObject, WholePack } from '../interface.ts'
import { packHeadBytes, packTrailerBytes, readPackKind, readPackTrailer } from '../pack.ts'
import { readRecordHead, recordHeadBytes } from '../record.ts'
import { type Placed, mergeRuns, runOf } from '../run.ts'
import { Segment, encodeSegment, segmentName } from '../segment.ts'
import { cidDigest } from './digest.ts'
import { ioError } from './files.ts'
import { type Place, missingObject, readObjects, readRecords } from './read.ts'
import { wholePacksOf } from './whole-pack.ts'

export interface PackSource {
  /** Hex of its SHA-256, as in the name of a pack. */
  readonly name: string
  readonly file: string
}

export interface PackLimits {
  readonly packBytesMax: number
  /** Of all packs together. */
  readonly recordsMax: number
}

export const packLimitsDefault: PackLimits = { packBytesMax: 256 << 20, recordsMax: 32_000_000 }

const partBytes = 1 << 20
const cacheBytes = 8 << 20
/** A digest, the trailer's last part. */
const endBytes = 36
/** What a pack may unpack to: real ones reach some hundredfold, where small patches make large nodes. */
const unpackedFree = 1 << 30
const unpackedFactorMax = 1000

export class PackReader implements ObjectReader {
  readonly #segment: Segment
  readonly #files: ReadonlyMap<string, string>
  readonly #bases: ObjectReader
  readonly #cache = new Lru<Cid, Uint8Array>(cacheBytes)

  private constructor(segment: Segment, files: ReadonlyMap<string, string>, bases: ObjectReader) {
    this.#segment = segment
    this.#files = files
    this.#bases = bases
  }

  /** `bases` has what deltas may stand on beside the packs. @throws VarveError VARVE_CORRUPT, VARVE_NOT_POSSIBLE */
  static async open(
    packs: readonly PackSource[],
    bases: ObjectReader,
    options: ReadOptions & { limits?: PackLimits } = {},
  ): Promise<PackReader> {
    const limits = options.limits ?? packLimitsDefault
    let left = limits.recordsMax
    const runs = []
    for (const pack of packs) {
      const placed = await scanPack(pack, { ...limits, recordsMax: left }, options.signal)
      left -= placed.length
      runs.push(runOf(placed))
    }
    const bytes = encodeSegment(mergeRuns(runs), new Uint8Array(8))
    const files = new Map(packs.map(({ name, file }) => [name, file]))
    return new PackReader(new Segment(bytes, segmentName(bytes)), files, bases)
  }

  async has(cids: readonly Cid[]): Promise<boolean[]> {
    return cids.map((cid) => this.#locate(cid) !== null)
  }

  async getStored(cids: readonly Cid[], options: ReadOptions = {}): Promise<StoredObject[]> {
    throwIfAborted(options.signal)
    const found = new Map<Cid, StoredObject>()
    const context = { locate: this.#locate, cache: this.#cache, location: 'what was sent' }
    for (const record of readRecords(cids, context)) if (!('raw' in record)) found.set(record.cid, record)
    return cids.map((cid) => found.get(cid)!)
  }

  /** Nobody else's: whoever takes one may move the file. */
  async *wholePacks(cids: readonly Cid[], options: ReadOptions = {}): AsyncGenerator<WholePack> {
    throwIfAborted(options.signal)
    for (const pack of wholePacksOf(cids, this.#locate)) yield { ...pack, movable: true }
  }

  async get(cids: readonly Cid[], options: ReadOptions = {}): Promise<Uint8Array[]> {
    const raws = new Map<Cid, Uint8Array>()
    const locate = (cid: Cid): Place | null => {
      const raw = raws.get(cid)
      return raw === undefined ? this.#locate(cid) : { raw }
    }
    for (;;) {
      throwIfAborted(options.signal)
      try {
        return readObjects(cids, { locate, cache: this.#cache, location: 'what was sent' })
      } catch (error) {
        const base = isVarveError(error, 'VARVE_OBJECT_MISSING') ? (error.data['cid'] as Cid) : null
        if (base === null || raws.has(base) || cids.includes(base)) throw error
        raws.set(base, (await this.#bases.get([base], options))[0]!)
      }
    }
  }

  readonly #locate = (cid: Cid): Place | null => {
    const found = this.#segment.find(cidDigest(cid), codecOf(cid))
    if (found < 0) return null
    const { pack, offset, length, codec, depth } = this.#segment.at(found)
    const file = this.#files.get(pack.name)
    if (file === undefined) throw missingObject(cid, 'what was sent')
    return { file, offset, length, codec, depth }
  }
}

async function scanPack(
  { name, file }: PackSource,
  limits: PackLimits,
  signal: AbortSignal | undefined,
): Promise<Placed[]> {
  let handle: fs.promises.FileHandle
  try {
    handle = await fs.promises.open(file, 'r')
  } catch (cause) {
    throw ioError(cause, file)
  }
  try {
    const { size } = await handle.stat()
    if (size < packHeadBytes + packTrailerBytes || size > limits.packBytesMax)
      throw corrupt(`pack '${name}' has an impossible size`, { pack: name, bytes: size })
    const trailer = readPackTrailer(await bytesAt(handle, size - packTrailerBytes, packTrailerBytes), size)
    if (trailer.name !== name) throw corrupt(`pack '${name}' has another name inside`, { pack: name })
    if (trailer.records > limits.recordsMax)
      throw new VarveError('VARVE_NOT_POSSIBLE', `a push has at most ${limits.recordsMax} objects at a time`)
    const scan = new PackScan({ name, bytes: size }, trailer.footerAt)
    const digest = sha256Stream()
    for (let at = 0; at < size; at += partBytes) {
      throwIfAborted(signal)
      const part = await bytesAt(handle, at, Math.min(partBytes, size - at))
      digest.update(part.subarray(0, Math.max(0, size - endBytes - at)))
      await scan.take(part, at, (from, length) => bytesAt(handle, from, length))
    }
    if (toHex(digest.digest()) !== name)
      throw corrupt(`pack '${name}' does not match its name`, { pack: name })
    return scan.finish(trailer.records)
  } finally {
    await handle.close()
  }
}

/** Walks the heads of records as the bytes come by. */
class PackScan {
  readonly #pack: { readonly name: string; readonly bytes: number }
  readonly #end: number
  readonly #placed: Placed[] = []
  #at = 0
  #unpacked = 0
  #kind: 'meta' | 'data' = 'meta'

  constructor(pack: { name: string; bytes: number }, end: number) {
    this.#pack = pack
    this.#end = end
  }

  async take(
    part: Uint8Array,
    offset: number,
    read: (at: number, length: number) => Promise<Uint8Array>,
  ): Promise<void> {
    if (this.#at === 0) {
      this.#kind = readPackKind(part.subarray(0, packHeadBytes))
      this.#at = packHeadBytes
    }
    while (this.#at < this.#end && this.#at < offset + part.length) {
      const length = Math.min(recordHeadBytes, this.#end - this.#at)
      const local = this.#at - offset
      // A head that lies across two parts is read once more.
      const isWhole = local + length <= part.length
      this.#record(isWhole ? part.subarray(local, local + length) : await read(this.#at, length))
    }
  }

  finish(records: number): Placed[] {
    if (this.#at !== this.#end || this.#placed.length !== records)
      throw corrupt(`pack '${this.#pack.name}' has other records than it says`, { pack: this.#pack.name })
    return this.#placed
  }

  #record(bytes: Uint8Array): void {
    const head = readRecordHead(bytes, 0)
    if ((head.codec === 'raw') !== (this.#kind === 'data') || this.#at + head.length > this.#end)
      throw corrupt(`pack '${this.#pack.name}' holds a record that does not fit`, { pack: this.#pack.name })
    this.#unpacked += head.rawLength
    if (this.#unpacked > unpackedFree + unpackedFactorMax * this.#pack.bytes)
      throw corrupt(`pack '${this.#pack.name}' unpacks to absurdly much`, { pack: this.#pack.name })
    this.#placed.push({
      digest: new Uint8Array(bytes.subarray(16, 48)),
      codec: head.codec,
      depth: head.depth,
      pack: this.#pack,
      offset: this.#at,
      length: head.length,
    })
    this.#at += head.length
  }
}

async function bytesAt(handle: fs.promises.FileHandle, at: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  for (let done = 0; done < length;) {
    const { bytesRead } = await handle.read(bytes, done, length - done, at + done)
    if (bytesRead === 0) throw corrupt('a pack is cut short')
    done += bytesRead
  }
  return bytes
}
