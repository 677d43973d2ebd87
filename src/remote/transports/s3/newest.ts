// Finds the newest manifest by its number. Numbers have no gaps above the oldest that is kept, and a listing comes in
// their order, so one page from the known number on tells it; a store with many more manifests than a page holds is
// searched in doubling steps. A listing may lag: numbers known from reading and writing are looked up by name.
import { createHash } from 'node:crypto'
import { equalBytes } from '../../../base/bytes.ts'
import { VarveError, corrupt } from '../../../base/errors.ts'
import { manifestBytesMax } from '../../../store/manifest-file.ts'
import type { ManifestFile } from '../blobs/interface.ts'
import type { S3Client } from '../../../http/s3/client.ts'
import { download } from '../../../http/s3/download.ts'
import { listPage } from '../../../http/s3/listing.ts'

const looksMax = 5
const pageNames = 1000
/** No honest store has so many. */
const sequenceMax = 10 ** 15

interface Listed {
  readonly sequence: number
  readonly tag: string
}

export class NewestManifest {
  readonly #client: S3Client
  /** Highest number that somebody is known to have taken. */
  #taken = 0

  constructor(client: S3Client) {
    this.#client = client
  }

  /** Notes that `create` has found or written a file of this name. */
  noteTaken(name: string): void {
    const sequence = sequenceOf(name)
    if (sequence !== null) this.#taken = Math.max(this.#taken, sequence)
  }

  /** The newest manifest; null when it is still `known`. @throws VarveError VARVE_UNREACHABLE when there is none */
  async find(known: ManifestFile | null, signal: AbortSignal | undefined): Promise<ManifestFile | null> {
    for (let look = 0; look < looksMax; look++) {
      const listed = await this.#lastListed(known?.sequence ?? 0, signal)
      if (known !== null && this.#taken <= known.sequence && isSame(listed, known)) return null
      let best = listed.sequence > 0 ? await this.#read(listed.sequence, signal) : null
      // What is known and not listed, or taken and not listed: then the listing lags, and names tell more.
      const unlisted = Math.max(known?.sequence ?? 0, this.#taken)
      if (unlisted > listed.sequence) best = (await this.#lastByName(unlisted, signal)) ?? best
      if (best === null && listed.sequence === 0) throw this.#none()
      // A listed manifest that is gone was removed by a gc in this moment: there is a newer one.
      if (best === null) continue
      const isKnown = best.sequence === known?.sequence && equalBytes(best.bytes, known.bytes)
      return isKnown ? null : best
    }
    throw corrupt(`'${this.#client.location}' lists manifests that it does not have`)
  }

  async #lastByName(from: number, signal: AbortSignal | undefined): Promise<ManifestFile | null> {
    let last: ManifestFile | null = null
    for (let next = await this.#read(from, signal); next !== null;) {
      last = next
      next = await this.#read(last.sequence + 1, signal)
    }
    return last
  }

  async #read(sequence: number, signal: AbortSignal | undefined): Promise<ManifestFile | null> {
    const key = this.#client.address.prefix + nameOf(sequence)
    const stretch = { offset: 0, length: null, bytesMax: manifestBytesMax }
    const found = await download(this.#client, key, stretch, signal)
    return found === null ? null : { sequence, bytes: found.bytes }
  }

  /** The newest from `known` on, or, if nothing is there any more, the newest of all; number 0 when there is none. */
  async #lastListed(known: number, signal: AbortSignal | undefined): Promise<Listed> {
    let page = await this.#page(known - 1, signal)
    if (page.last.sequence === 0 && known > 1) page = await this.#page(0, signal)
    let { last } = page
    if (!page.hasMore) return last
    let [step, none] = [pageNames, Infinity]
    while (none - last.sequence > pageNames) {
      const probe = none === Infinity ? last.sequence + step : Math.floor((last.sequence + none) / 2)
      page = await this.#page(probe, signal)
      if (page.last.sequence === 0) none = probe
      else if (page.hasMore) [last, step] = [page.last, step * 2]
      else return page.last
    }
    const end = (await this.#page(last.sequence, signal)).last
    return end.sequence > last.sequence ? end : last
  }

  async #page(after: number, signal: AbortSignal | undefined): Promise<{ last: Listed; hasMore: boolean }> {
    const { blobs, hasMore } = await listPage(this.#client, 'm/', after < 1 ? null : nameOf(after), signal)
    let last = { sequence: 0, tag: '' }
    for (const { name, tag } of blobs) {
      const sequence = sequenceOf(name) ?? 0
      if (sequence > last.sequence) last = { sequence, tag }
    }
    return { last, hasMore }
  }

  #none(): VarveError {
    return new VarveError('VARVE_UNREACHABLE', `no repository at '${this.#client.location}'`, {
      data: { url: this.#client.location },
      hint: "check the address; the first 'varve push' makes a repository there",
    })
  }
}

/** The tag of a file is its MD5 nearly everywhere; where it is not, the file is read and compared. */
function isSame(listed: Listed, known: ManifestFile): boolean {
  if (listed.sequence !== known.sequence) return false
  return listed.tag.replaceAll('"', '') === createHash('md5').update(known.bytes).digest('hex')
}

function nameOf(sequence: number): string {
  return `m/${String(sequence).padStart(20, '0')}`
}

function sequenceOf(name: string): number | null {
  const sequence = /^m\/(\d{20})$/.test(name) ? Number(name.slice(2)) : 0
  return sequence > 0 && sequence < sequenceMax ? sequence : null
}
