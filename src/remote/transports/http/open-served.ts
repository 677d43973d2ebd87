// Opens a repository on a server of ours: makes it where it is missing and that is asked for.
import { VarveError } from '../../../base/errors.ts'
import { formatBytes } from '../../../store/disk/layout.ts'
import type { Store } from '../../../store/interface.ts'
import type { OpenRemoteOptions } from '../../interface.ts'
import { BlobStore } from '../blobs/store.ts'
import type { HttpClient } from '../../../http/client.ts'
import { ServedBlobs } from './served-blobs.ts'
import { explain, noRepositoryAt, refusedBy } from './served-errors.ts'
import { ServedPublisher } from './served-publisher.ts'

export interface ServedPlace {
  readonly client: HttpClient
  /** Path of the server's API: '/v1'. */
  readonly root: string
  readonly name: string
  /** For messages and caches. */
  readonly location: string
}

export function apiOf({ root, name }: Pick<ServedPlace, 'root' | 'name'>): string {
  return `${root}/repos/${encodeURIComponent(name)}`
}

/** `format`: the store's format file where it has been read already; null: there is no repository yet. */
export async function openServed(
  place: ServedPlace,
  format: Uint8Array | null | 'unread',
  options: OpenRemoteOptions,
): Promise<Store> {
  const { client, location } = place
  const api = apiOf(place)
  if (format === null) await create(place, options)
  const known = format === 'unread' ? null : (format ?? formatBytes())
  const blobs = new ServedBlobs({ client, api, location, format: known })
  return BlobStore.openServed(blobs, new ServedPublisher({ client, api, location }), {
    cacheDir: options.cacheDir,
    signal: options.signal,
    onClose: () => client.close(),
  })
}

async function create(
  { client, root, name, location }: ServedPlace,
  options: OpenRemoteOptions,
): Promise<void> {
  const isDry = options.create !== true
  if (isDry && options.askCreate !== true) throw noRepositoryAt(location)
  const answer = await client.send({
    method: 'POST',
    path: `${root}/repos`,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(isDry ? { name, dryRun: true } : { name })),
    expected: [400, 403, 404, 409],
    bytesMax: 64 << 10,
    signal: options.signal,
  })
  if (isDry && answer.status === 200) throw noRepositoryAt(location, { isAbsent: true })
  // A server from before this question.
  if (isDry && answer.status === 400) throw noRepositoryAt(location)
  // 409: another first push was faster, or an answer of ours was lost.
  if (answer.status === 201 || answer.status === 409) return
  if (answer.status === 403 || answer.status === 404) {
    throw new VarveError('VARVE_REFUSED', `no repository at '${location}', and the token may not make one`, {
      data: { location, status: answer.status, said: explain(answer.body) },
      hint: "make it on the server with 'varve init --bare', or use a token of scope admin",
    })
  }
  throw refusedBy(location, answer.status, answer.body)
}
