import { storeContract } from '../contract/store.ts'
import { BlobStore } from '../../src/remote/transports/blobs/store.ts'
import { temporaryDir } from '../support/temporary.ts'
import { DirBlobs } from './dir-blobs.ts'

storeContract('files elsewhere', async () =>
  BlobStore.open(new DirBlobs(`${temporaryDir()}/remote`), { create: true, firstBranch: 'main' }),
)
storeContract('files elsewhere, with a cache', async () => {
  const dir = temporaryDir()
  return BlobStore.open(new DirBlobs(`${dir}/remote`), {
    create: true,
    firstBranch: 'main',
    cacheDir: `${dir}/cache`,
  })
})
