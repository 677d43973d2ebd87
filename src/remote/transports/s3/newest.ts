// Finds the newest manifest by its number. Numbers have no gaps above the oldest that is kept, and a listing comes in
// their order, so one page behind the known number tells it; a store with many more manifests than a page holds is
// searched in doubling steps. A listing may lag: numbers known from writing are looked up by name.
import { corrupt } from '../../../base/errors.ts'
import { manifestBytesMax } from '../../../store/manifest-file.ts'
import type { S3Client } from './client.ts'
import { download } from './download.ts'
import { listPage } from './listing.ts'

const looksMax = 5
const pageNames = 1000
/** No honest store has so many. */
const sequenceMax = 10 ** 15

export interface Newest {
  readonly sequence: number
  readonly bytes: Uint8Array
}

export class NewestManifest {
  readonly #client: S3Client
  /** Highest number that somebody is known to have taken. */
  #taken = 0

  constructor(client: S3Client) {
    this.#client = client
  }

  /** `create` found or put a file of this name. */
  noteTaken(name: string): void {
    const sequence = sequenceOf(name)
    if (sequence !== null) this.#taken = Math.max(this.#taken, sequence)
  }

  /** null when none is newer than `known`. */
  async find(known: number, signal: AbortSignal | undefined): Promise<Newest | null> {
    for (let look = 0; look < looksMax; look++) {
      const listed = await this.#lastListed(known, signal)
      let best = listed > known ? await this.#read(listed, signal) : null
      const reached = Math.max(known, best?.sequence ?? 0)
      if (this.#taken > reached) best = (await this.#lastByName(this.#taken, signal)) ?? best
      // A listed manifest that is gone was removed by a gc in this moment: there is a newer one.
      if (best !== null || listed <= known) return best
    }
    throw corrupt(`'${this.#client.location}' lists manifests that it does not have`)
  }

  /** Where the listing lags behind what is known from writing. */
  async #lastByName(from: number, signal: AbortSignal | undefined): Promise<Newest | null> {
    let last: Newest | null = null
    for (let next = await this.#read(from, signal); next !== null;) {
      last = next
      next = await this.#read(last.sequence + 1, signal)
    }
    return last
  }

  async #read(sequence: number, signal: AbortSignal | undefined): Promise<Newest | null> {
    const key = this.#client.address.prefix + nameOf(sequence)
    const found = await download(
      this.#client,
      key,
      { offset: 0, length: null, bytesMax: manifestBytesMax },
      signal,
    )
    return found === null ? null : { sequence, bytes: found.bytes }
  }

  /** Highest listed number from `known` on; `known` when there is none. */
  async #lastListed(known: number, signal: AbortSignal | undefined): Promise<number> {
    let page = await this.#page(known - 1, signal)
    let last = Math.max(known, page.last)
    if (!page.hasMore) return last
    let [step, none] = [pageNames, Infinity]
    while (none - last > pageNames) {
      const probe = none === Infinity ? last + step : Math.floor((last + none) / 2)
      page = await this.#page(probe, signal)
      if (page.last === 0) none = probe
      else if (page.hasMore) [last, step] = [page.last, step * 2]
      else return page.last
    }
    return Math.max(last, (await this.#page(last, signal)).last)
  }

  async #page(after: number, signal: AbortSignal | undefined): Promise<{ last: number; hasMore: boolean }> {
    const { blobs, hasMore } = await listPage(this.#client, 'm/', after < 1 ? null : nameOf(after), signal)
    let last = 0
    for (const { name } of blobs) last = Math.max(last, sequenceOf(name) ?? 0)
    return { last, hasMore }
  }
}

function nameOf(sequence: number): string {
  return `m/${String(sequence).padStart(20, '0')}`
}

function sequenceOf(name: string): number | null {
  const sequence = /^m\/(\d{20})$/.test(name) ? Number(name.slice(2)) : 0
  return sequence > 0 && sequence < sequenceMax ? sequence : null
}
