// http:// and https://: a store's folder behind a web server, read-only.
import type { Store } from '../../../store/interface.ts'
import type { OpenRemoteOptions } from '../../interface.ts'
import { BlobStore } from '../blobs/store.ts'
import { HttpClient } from '../http-client.ts'
import { StaticBlobs } from './static-blobs.ts'

export async function openHttp(url: string, options: OpenRemoteOptions): Promise<Store> {
  const { origin, pathname } = new URL(url)
  const client = new HttpClient(origin)
  const blobs = new StaticBlobs({ client, path: pathname.endsWith('/') ? pathname : `${pathname}/` })
  try {
    return await BlobStore.openServed(blobs, null, {
      cacheDir: options.cacheDir,
      signal: options.signal,
      onClose: () => client.close(),
    })
  } catch (error) {
    await client.close()
    throw error
  }
}
