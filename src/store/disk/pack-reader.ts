// Packs that came from outside and that no index knows, read as objects: each is looked through once when it is opened
// (pack-scan.ts), and its objects are hashed when they are read, as everywhere.
import { isVarveError, throwIfAborted } from '../../base/errors.ts'
import { Lru } from '../../base/lru.ts'
import { type Cid, codecOf } from '../../encoding/cid.ts'
import type { CheckedPack, ObjectReader, ReadOptions, StoredObject, WholePack } from '../interface.ts'
import { mergeRuns, runOf } from '../run.ts'
import { Segment, encodeSegment, segmentName } from '../segment.ts'
import { cidDigest } from './digest.ts'
import { type PackLimits, type PackSource, scanPack } from './pack-scan.ts'
import { type Place, missingObject, readObjects, readRecords } from './read.ts'
import { wholePacksOf } from './whole-pack.ts'

const packLimitsDefault: PackLimits = { packBytesMax: 256 << 20, recordsMax: 32_000_000 }

const cacheBytes = 8 << 20

export class PackReader implements ObjectReader {
  readonly #segment: Segment
  readonly #files: ReadonlyMap<string, string>
  /** By file. */
  readonly #checked: ReadonlyMap<string, CheckedPack>
  readonly #bases: ObjectReader
  readonly #cache = new Lru<Cid, Uint8Array>(cacheBytes)

  private constructor(segment: Segment, packs: readonly PackSource[], bases: ObjectReader) {
    this.#segment = segment
    this.#files = new Map(packs.map(({ name, file }) => [name, file]))
    this.#checked = new Map(packs.flatMap(({ file, checked }) => (checked ? [[file, checked]] : [])))
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
    return new PackReader(new Segment(bytes, segmentName(bytes)), packs, bases)
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

  /** The packs belong to nobody else, so whoever takes one may move its file. */
  async *wholePacks(cids: readonly Cid[], options: ReadOptions = {}): AsyncGenerator<WholePack> {
    throwIfAborted(options.signal)
    for await (const pack of wholePacksOf(cids, this.#locate, options)) {
      const checked = this.#checked.get(pack.file!)
      yield { ...pack, movable: true, ...(checked && { checked }) }
    }
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
