// A repository on a server of ours (`varve serve`), read as files: the same layout that any web server could serve, under
// the server's API, with the newest manifest in one request.
import { corrupt } from '../../../base/errors.ts'
import { manifestBytesMax } from '../../../store/manifest-file.ts'
import type { ManifestFile, ReadBlobOptions } from '../blobs/interface.ts'
import type { HttpClient } from '../../../http/client.ts'
import { noRepositoryAt } from './served-errors.ts'
import { StaticBlobs } from './static-blobs.ts'

export interface ServedBlobsOptions {
  readonly client: HttpClient
  /** Path of the repository's API, without a '/' at its end. */
  readonly api: string
  readonly location: string
  /** What its format file is known to be. */
  readonly format: Uint8Array | null
}

export class ServedBlobs extends StaticBlobs {
  readonly #client: HttpClient
  readonly #api: string

  constructor({ client, api, location, format }: ServedBlobsOptions) {
    super({ client, path: `${api}/store/`, location, format })
    this.#client = client
    this.#api = api
  }

  override async newest(
    known: ManifestFile | null,
    options: ReadBlobOptions = {},
  ): Promise<ManifestFile | null> {
    const ask = (after: number): ReturnType<HttpClient['send']> =>
      this.#client.send({
        method: 'GET',
        path: `${this.#api}/store/newest?after=${after}`,
        bytesMax: manifestBytesMax,
        expected: [404],
        signal: options.signal,
      })
    let answer = await ask(known?.sequence ?? 0)
    // A repository that was made anew begins to count anew.
    if (known !== null && answer.status === 204 && sequenceOf(answer.headers) !== known.sequence)
      answer = await ask(0)
    if (answer.status === 404) throw noRepositoryAt(this.location)
    if (answer.status === 204) return null
    return { sequence: sequenceOf(answer.headers), bytes: answer.body }
  }
}

function sequenceOf(headers: Readonly<Record<string, string>>): number {
  const text = headers['varve-sequence'] ?? ''
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw corrupt('the server does not number its manifests')
}
