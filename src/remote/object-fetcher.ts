// What a partial clone fetches while somebody reads it. Whoever misses objects asks for them here; all that is asked for
// at one moment travels in one request. They come checked, are read at once, and are kept when the command ends or 64
// MiB have come: one manifest a command, not one a read. A kill loses nothing but the download.
import { throwIfAborted } from '../base/errors.ts'
import { type Cid, codecOf } from '../encoding/cid.ts'
import { linksOf } from '../encoding/links.ts'
import type { ObjectWriter, Store } from '../store/interface.ts'
import { CheckedReader, type RepairingReader } from './checked-reader.ts'
import type { TransferOptions } from './interface.ts'
import { checkpointBytes } from './receive.ts'
import { Sender } from './sender.ts'

const walkObjectsMax = 4096

export class ObjectFetcher {
  /** Sees what the store has and what has come. */
  readonly reader: ObjectWriter
  /** What has come so far, the bytes packed. */
  objects = 0
  bytes = 0
  readonly #store: Store
  readonly #source: CheckedReader
  readonly #wanted = new Set<Cid>()
  #flight: Promise<void> | null = null
  #loose = 0

  constructor(store: Store, remote: RepairingReader) {
    this.#store = store
    this.reader = store.writer()
    this.#source = new CheckedReader(remote)
  }

  /**
   * Fetches objects: afterwards `reader` has them all. @throws VarveError VARVE_OBJECT_MISSING, VARVE_CORRUPT,
   * VARVE_UNREACHABLE
   */
  async bring(cids: readonly Cid[], options: TransferOptions = {}): Promise<void> {
    for (;;) {
      throwIfAborted(options.signal)
      const isHere = await this.reader.has(cids)
      const missing = cids.filter((_, i) => !isHere[i])
      if (missing.length === 0) return
      for (const cid of missing) this.#wanted.add(cid)
      this.#flight ??= this.#fly(options).finally(() => (this.#flight = null))
      await this.#flight
    }
  }

  /** Brings all that `roots` reach: a level of all trees in one go. */
  async bringAll(roots: readonly Cid[], options: TransferOptions = {}): Promise<void> {
    const seen = new Set(roots)
    let level = [...seen]
    while (level.length > 0) {
      const next: Cid[] = []
      for (let at = 0; at < level.length; at += walkObjectsMax) {
        const batch = level.slice(at, at + walkObjectsMax)
        await this.bring(batch, options)
        const inner = batch.filter((cid) => codecOf(cid) !== 'raw')
        const objects = await this.reader.get(inner)
        objects.forEach((bytes, i) => {
          for (const link of linksOf(inner[i]!, bytes)) {
            if (seen.has(link)) continue
            seen.add(link)
            next.push(link)
          }
        })
      }
      level = next
    }
  }

  /** Publishes what has come, so that it is kept. */
  async keep(): Promise<void> {
    if (this.#loose === 0) return
    this.#loose = 0
    const operation = { name: 'fetch', message: 'contents', author: '' }
    await this.#store.update(() => ({ operation }), { writer: this.reader })
  }

  async #fly({ signal, onProgress }: TransferOptions): Promise<void> {
    // Others of this turn may be about to ask.
    await new Promise((resolve) => setTimeout(resolve, 0))
    const cids = [...this.#wanted]
    this.#wanted.clear()
    const arrived = async (bytes: number): Promise<void> => {
      this.#loose += bytes
      if (this.#loose >= checkpointBytes) await this.keep()
    }
    const sender = new Sender(this.#source, { writer: this.reader, arrived }, signal)
    const before = { objects: this.objects, bytes: this.bytes }
    await sender.send(cids, () => {
      this.objects = before.objects + sender.objects
      this.bytes = before.bytes + sender.bytes
      const total = before.objects + cids.length
      onProgress?.({
        phase: 'fetching contents',
        done: this.objects,
        total,
        unit: 'objects',
        bytes: this.bytes,
      })
    })
  }
}
