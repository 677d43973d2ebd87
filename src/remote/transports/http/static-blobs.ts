// A store's folder behind any web server: files by GET, parts of files by Range, and nothing else. Such a server cannot
// list a folder, so the newest manifest is found by the store's own hint, the file `newest`.
import { VarveError, corrupt } from '../../../base/errors.ts'
import { manifestName, newestBytesMax, newestName, readNewestHint } from '../../../store/disk/layout.ts'
import { fileDigest, manifestBytesMax } from '../../../store/manifest-file.ts'
import type { Blobs, ManifestFile, ReadBlobOptions, ReadRangeOptions } from '../blobs/interface.ts'
import type { HttpClient } from '../../../http/client.ts'

const absent = [404, 410]

export interface StaticBlobsOptions {
  readonly client: HttpClient
  /** Path of the store's folder, encoded, with a '/' at its end. */
  readonly path: string
  /** What the format file is known to be, when it has just been read. */
  readonly format?: Uint8Array | null
  /** For messages and caches; default: the URL. */
  readonly location?: string
}

export class StaticBlobs implements Blobs {
  readonly location: string
  readonly #client: HttpClient
  readonly #path: string
  #format: Uint8Array | null

  constructor({ client, path, format, location }: StaticBlobsOptions) {
    this.#client = client
    this.#path = path
    this.#format = format ?? null
    this.location = location ?? client.origin + path.slice(0, -1)
  }

  async read(name: string, bytesMax: number, { signal }: ReadBlobOptions = {}): Promise<Uint8Array | null> {
    const known = name === 'format' ? this.#format : null
    if (known !== null) {
      this.#format = null
      return known
    }
    const answer = await this.#client.send({
      method: 'GET',
      path: this.#path + name,
      bytesMax,
      expected: absent,
      signal,
    })
    return absent.includes(answer.status) ? null : answer.body
  }

  async readRange(
    name: string,
    offset: number,
    length: number,
    { signal, into = Buffer.allocUnsafeSlow(length) }: ReadRangeOptions = {},
  ): Promise<Uint8Array | null> {
    let count = 0
    const answer = await this.#client.send({
      method: 'GET',
      path: this.#path + name,
      headers: () => {
        // Each attempt begins again.
        count = 0
        return { range: `bytes=${offset}-${offset + length - 1}` }
      },
      receive: (part) => {
        into.set(part, count)
        count += part.length
      },
      bytesMax: length,
      partial: true,
      expected: [...absent, 416],
      signal,
    })
    if (absent.includes(answer.status)) return null
    if (answer.status === 206 && count === length) return into
    throw corrupt(
      `'${this.location}/${name}' is shorter than it must be, or comes in other parts than were asked for`,
      {
        name,
        offset,
        length,
        status: answer.status,
      },
    )
  }

  async newest(known: ManifestFile | null, options: ReadBlobOptions = {}): Promise<ManifestFile | null> {
    const bytes = await this.read(newestName, newestBytesMax, options)
    const hint = bytes === null ? null : readNewestHint(bytes)
    if (hint === null) throw this.#noHint()
    if (known !== null && known.sequence === hint.sequence && fileDigest(known.bytes) === hint.digest)
      return null
    const manifest = await this.read(manifestName(hint.sequence), manifestBytesMax, options)
    if (manifest !== null && fileDigest(manifest) !== hint.digest)
      throw corrupt(`'${this.location}' calls a manifest its newest that is another one`)
    if (manifest === null) throw corrupt(`'${this.location}' lacks the manifest that it calls its newest`)
    return { sequence: hint.sequence, bytes: manifest }
  }

  #noHint(): VarveError {
    return new VarveError(
      'VARVE_UNREACHABLE',
      `no repository at '${this.location}', or one without 'newest'`,
      {
        data: { location: this.location },
        hint: 'check the address; the URL is that of the folder with the file "format"; each commit or push there writes "newest"',
      },
    )
  }
}
