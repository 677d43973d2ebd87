// http:// and https://: a repository on a server of ours (`varve serve`), or a store's folder behind any web server, which
// can only be read. One request tells which: both have the store's format file under the URL, and only ours says so.
import { VarveError } from '../../../base/errors.ts'
import { formatBytesMax } from '../../../store/disk/layout.ts'
import type { Store } from '../../../store/interface.ts'
import type { OpenRemoteOptions } from '../../interface.ts'
import { RemoteCache } from '../blobs/cache.ts'
import { BlobStore } from '../blobs/store.ts'
import { certificatesIn } from '../../../http/certificates.ts'
import { HttpClient } from '../../../http/client.ts'
import { proxyFor } from '../../../http/proxy.ts'
import { tokenFor } from './credentials.ts'
import { type ServedPlace, apiOf, openServed } from './open-served.ts'
import { explain } from './served-errors.ts'
import { StaticBlobs } from './static-blobs.ts'

const serverHeader = 'varve-server'

export async function openHttp(url: string, options: OpenRemoteOptions): Promise<Store> {
  const { origin, path } = placeOf(url)
  const environment = options.environment ?? {}
  const token = tokenFor(origin, environment)
  const caFile = environment['VARVE_CA_FILE'] ?? ''
  const ca = caFile === '' ? undefined : certificatesIn(caFile, 'VARVE_CA_FILE in the environment names it')
  const client = new HttpClient(origin, {
    explain,
    proxy: proxyFor(origin, environment),
    advice: {
      trust: 'VARVE_CA_FILE=FILE in the environment names certificates to trust beside the usual ones',
    },
    accessHint:
      token === null
        ? "set VARVE_TOKEN to a token of that server ('varve token create' there makes one)"
        : 'ask whoever keeps the server for a token that may',
    ...(token === null ? {} : { headers: { authorization: `Bearer ${token}` } }),
    ...(ca === undefined ? {} : { ca }),
  })
  try {
    return await openKind(client, path, options)
  } catch (error) {
    await client.close()
    throw error
  }
}

async function openKind(client: HttpClient, path: string, options: OpenRemoteOptions): Promise<Store> {
  const openFiles = (format: Uint8Array | null): Promise<Store> =>
    BlobStore.openServed(new StaticBlobs({ client, path, format }), null, {
      cacheDir: options.cacheDir,
      signal: options.signal,
      onClose: () => client.close(),
    })
  const place = servedPlace(client, path)
  const isKnown = (location: string): boolean =>
    new RemoteCache(options.cacheDir, location).manifest() !== null
  if (isKnown(place.location)) return openServed(place, 'unread', options)
  if (isKnown(client.origin + path.slice(0, -1))) return openFiles(null)
  const answer = await client.send({
    method: 'GET',
    path: `${path}format`,
    bytesMax: formatBytesMax,
    expected: [404, 410],
    signal: options.signal,
  })
  const isServed = answer.headers[serverHeader] !== undefined
  if (isServed) return openServed(place, answer.status === 200 ? answer.body : null, options)
  return openFiles(answer.status === 200 ? answer.body : null)
}

/** 'https://host/a/b' is repository 'b' of the server at 'https://host/a'. */
function servedPlace(client: HttpClient, path: string): ServedPlace {
  const parts = path.split('/').slice(1, -1)
  const name = decodeURIComponent(parts.pop() ?? '')
  const root = `${parts.map((part) => `/${part}`).join('')}/v1`
  // Not the URL itself: under that, the cache keeps what a folder of files has.
  return { client, root, name, location: client.origin + apiOf({ root, name }) }
}

function placeOf(url: string): { origin: string; path: string } {
  const bad = (why: string): VarveError =>
    new VarveError('VARVE_USAGE', `not the URL of a repository: ${why}`, {
      hint: "write it as 'https://HOST/REPOSITORY'",
    })
  let parsed: URL
  try {
    parsed = new URL(url)
    decodeURIComponent(parsed.pathname)
  } catch {
    throw bad('it cannot be read')
  }
  const { origin, pathname, search, hash, username, password } = parsed
  if (search !== '' || hash !== '') throw bad("it has a '?' or '#'")
  if (username !== '' || password !== '') throw bad('a token is not part of it; set VARVE_TOKEN')
  return { origin, path: pathname.endsWith('/') ? pathname : `${pathname}/` }
}
