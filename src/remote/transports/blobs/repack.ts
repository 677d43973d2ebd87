// Puts many small packs of a remote together. Every push leaves a pack or two, and a clone asks for each; so a gc reads
// those that are small, checks each object that lives in them against its name, and sends them as a few larger ones, as
// they lay in the old: deltas stay deltas. The old packs stay until a later gc, for readers that know no newer index.
// What it costs is bounded: large packs are left alone, and of small ones only so much at a time.
import { Lru } from '../../../base/lru.ts'
import { throwIfAborted } from '../../../base/errors.ts'
import type { Cid } from '../../../encoding/cid.ts'
import { entryNameAt, entryNameOf, isSmallPack, namesIn, smallPacksMax } from '../../../store/disk/gc-plan.ts'
import { resolveObject } from '../../../store/disk/read.ts'
import type { StoredObject } from '../../../store/interface.ts'
import { filterRun, mergeRuns } from '../../../store/run.ts'
import { type PackRef, type Run, entryBytes, prefixBytes } from '../../../store/segment.ts'
import type { BlobHome } from './home.ts'
import type { WritableBlobs } from './interface.ts'
import { Spool } from './spool.ts'

/** Bytes that one gc packs again: they are read and sent once. */
const repackBytesMax = 256 << 20
const batchBytes = 8 << 20
/** Objects of a batch, unpacked, that deltas stand on. */
const basesBytes = 32 << 20

/** The packs of a run that are worth it, smallest first; none where there are few. */
export function smallPacksOf({ packs }: Run): ReadonlySet<string> {
  const small = packs.filter(isSmallPack).sort((a, b) => a.bytes - b.bytes)
  let bytes = 0
  const taken = small.filter((pack) => (bytes += pack.bytes) <= repackBytesMax)
  return new Set(taken.length > smallPacksMax ? taken.map(({ name }) => name) : [])
}

export class Repack {
  readonly #home: BlobHome
  readonly #victims: ReadonlySet<string>
  readonly #spool: Spool
  readonly #signal: AbortSignal | undefined

  private constructor(
    home: BlobHome,
    victims: ReadonlySet<string>,
    spool: Spool,
    signal: AbortSignal | undefined,
  ) {
    this.#home = home
    this.#victims = victims
    this.#spool = spool
    this.#signal = signal
  }

  static async begin(
    home: BlobHome,
    blobs: WritableBlobs,
    { victims, dir, signal }: { victims: ReadonlySet<string>; dir: string; signal: AbortSignal | undefined },
  ): Promise<Repack> {
    const receiving = { upload: blobs.upload.bind(blobs), checksPacks: false }
    return new Repack(
      home,
      victims,
      await Spool.open(receiving, { dir, gcEpoch: 0, isFresh: true, signal }),
      signal,
    )
  }

  /** Sends what of `living` lies in the old packs and has not been sent yet. Nobody sees it before it is published. */
  async send(living: Run, marked: Iterable<Cid>): Promise<void> {
    const names = namesIn(living, this.#victims)
    const cids = new Map<string, Cid>()
    for (const cid of marked) {
      const name = entryNameOf(cid)
      if (names.has(name) && this.#spool.writer.hold([cid])[0] !== true) cids.set(name, cid)
    }
    for (const batch of batchesOf(living, this.#victims, cids)) {
      throwIfAborted(this.#signal)
      for (const object of await this.#checked(batch)) this.#spool.writer.appendStored(object)
      await this.#spool.writer.drained()
    }
    await this.#spool.send()
  }

  /** `living`, with the new places of what was sent. What lies elsewhere by now is another copy, and stays where it is. */
  placed(living: Run): Run {
    const moved = namesIn(living, this.#victims)
    const sent = mergeRuns(this.#spool.segments())
    return filterRun(
      mergeRuns([living, filterRun(sent, (at) => moved.has(entryNameAt(sent, at)))]),
      () => true,
    )
  }

  async end(): Promise<void> {
    await this.#spool.remove()
  }

  /** Reads objects, and unpacks and hashes each, so that damage does not spread. */
  async #checked(cids: readonly Cid[]): Promise<StoredObject[]> {
    const objects = await this.#home.readStored(cids)
    const records = new Map(objects.map((object) => [object.cid, object]))
    const bases = [
      ...new Set(objects.flatMap(({ base }) => (base === null || records.has(base) ? [] : base))),
    ]
    const known = new Map((await this.#home.read(bases)).map((bytes, i) => [bases[i]!, bytes]))
    const cache = new Lru<Cid, Uint8Array>(basesBytes)
    for (const cid of cids) resolveObject(cid, records, known, cache)
    return objects
  }
}

/** What lies in the same pack together, so that it is read at once. */
function* batchesOf(
  living: Run,
  victims: ReadonlySet<string>,
  cids: ReadonlyMap<string, Cid>,
): Generator<Cid[]> {
  const byPack = new Map<PackRef, Cid[]>()
  const view = new DataView(living.entries.buffer, living.entries.byteOffset, living.entries.length)
  for (let at = 0; at < living.entries.length; at += entryBytes) {
    const pack = living.packs[view.getUint32(at + prefixBytes, true)]!
    const cid = victims.has(pack.name) ? cids.get(entryNameAt(living, at)) : undefined
    if (cid === undefined) continue
    const before = byPack.get(pack)
    if (before === undefined) byPack.set(pack, [cid])
    else before.push(cid)
  }
  let batch: Cid[] = []
  let bytes = 0
  for (const [pack, own] of byPack) {
    batch.push(...own)
    bytes += pack.bytes
    if (bytes < batchBytes) continue
    yield batch
    batch = []
    bytes = 0
  }
  if (batch.length > 0) yield batch
}
