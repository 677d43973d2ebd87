// All objects of which a whole copy lies in some pack of the store, damaged or not, indexed or not. Deltas count when
// the base that they stand on does; each object takes the first copy that can be read, so no chain runs in a circle.
import fs from 'node:fs'
import path from 'node:path'
import { isVarveError, throwIfAborted } from '../../../base/errors.ts'
import { Lru } from '../../../base/lru.ts'
import { type Cid, cidOf, codecOf } from '../../../encoding/cid.ts'
import type { StoredObject } from '../../interface.ts'
import { unpack } from '../../packing.ts'
import { isMissing, openExisting, readRange } from '../files.ts'
import { readObjects, recordAt } from '../read.ts'
import { type FoundRecord, scanPackFile } from './pack-records.ts'
import type { DiskRepairOptions } from './interface.ts'

const cacheBytes = 16 << 20

export class Salvage {
  /** Where each object lies whole. */
  readonly whole: Map<Cid, FoundRecord> = new Map()
  /** All whole copies in packs without damage, as `placeKey`. */
  readonly places: Set<string> = new Set()
  /** Packs with damage, and what it is. */
  readonly damaged: Map<string, string> = new Map()
  readonly #dir: string
  readonly #cache = new Lru<Cid, Uint8Array>(cacheBytes)
  #waiting: FoundRecord[] = []

  private constructor(dir: string) {
    this.#dir = dir
  }

  /** When an object has several copies, that in a pack of `preferred` is taken. */
  static async of(
    dir: string,
    preferred: ReadonlySet<string>,
    options: Pick<DiskRepairOptions, 'signal' | 'onProgress'>,
  ): Promise<Salvage> {
    const salvage = new Salvage(dir)
    const files = packFiles(dir).sort((a, b) => Number(preferred.has(b)) - Number(preferred.has(a)))
    for (const [i, file] of files.entries()) {
      throwIfAborted(options.signal)
      salvage.#scan(file)
      options.onProgress?.(i + 1, files.length)
      // A pack is read in one go: let others have their turn.
      await new Promise((resolve) => setImmediate(resolve))
    }
    salvage.#takeDeltas()
    return salvage
  }

  /** @throws VarveError VARVE_OBJECT_MISSING */
  get(cids: readonly Cid[]): Uint8Array[] {
    const locate = (cid: Cid): (FoundRecord & { file: string }) | null => {
      const found = this.whole.get(cid)
      return found === undefined ? null : { ...found, file: path.join(this.#dir, found.file) }
    }
    return readObjects(cids, { locate, cache: this.#cache, location: this.#dir })
  }

  /** The record as it is stored in its pack. */
  stored(found: FoundRecord): StoredObject {
    const file = path.join(this.#dir, found.file)
    const fd = openExisting(file)
    try {
      return recordAt(readRange(fd, found.offset, found.length, file), 0, found, file)
    } finally {
      fs.closeSync(fd)
    }
  }

  #scan(file: string): void {
    try {
      const { fault, records } = scanPackFile(this.#dir, file)
      if (fault !== null) this.damaged.set(file, fault)
      for (const record of records) {
        if (record.base === null) this.#take(record)
        else this.#waiting.push(record)
      }
    } catch (error) {
      if (isMissing(error)) return
      if (!isVarveError(error, 'VARVE_CORRUPT')) throw error
      this.damaged.set(file, error.message)
    }
  }

  #takeDeltas(): void {
    for (let before = -1; before !== this.#waiting.length;) {
      before = this.#waiting.length
      this.#waiting = this.#waiting.filter((record) => {
        if (!this.whole.has(record.base!)) return true
        if (this.#isRight(record)) this.#take(record)
        return false
      })
    }
  }

  #isRight(record: FoundRecord): boolean {
    try {
      const { packing, payload, rawLength } = this.stored(record)
      const bytes = unpack(packing, payload, rawLength, this.get([record.base!])[0]!)
      return cidOf(codecOf(record.cid), bytes) === record.cid
    } catch (error) {
      if (isVarveError(error, 'VARVE_CORRUPT')) return false
      throw error
    }
  }

  /** Where a copy lies in a damaged pack, one in a whole pack is better. */
  #take(record: FoundRecord): void {
    if (!this.damaged.has(record.file)) this.places.add(placeKey(record))
    const known = this.whole.get(record.cid)
    const isBetter = known !== undefined && this.damaged.has(known.file) && !this.damaged.has(record.file)
    if (known === undefined || (isBetter && record.base === null)) this.whole.set(record.cid, record)
  }
}

export function placeKey(
  place: Pick<FoundRecord, 'pack' | 'offset' | 'length' | 'depth' | 'digest' | 'codec'>,
): string {
  const { pack, offset, length, depth, digest, codec } = place
  return `${pack.name} ${offset} ${length} ${depth} ${codec} ${Buffer.from(digest.subarray(0, 20)).toString('hex')}`
}

function packFiles(dir: string): string[] {
  const names = fs.readdirSync(path.join(dir, 'packs'), { recursive: true }) as string[]
  return names
    .filter((name) => name.endsWith('.pack'))
    .map((name) => `packs/${name.replaceAll('\\', '/')}`)
    .sort()
}
