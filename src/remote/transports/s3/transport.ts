// s3://BUCKET/PREFIX: an S3-compatible store, without anybody in front of it. A store that is known to lose writes is
// refused before anything is packed for it.
import type { Store } from '../../../store/interface.ts'
import type { OpenRemoteOptions, ProbeFinding } from '../../interface.ts'
import { BlobStore } from '../blobs/store.ts'
import { parseS3Url } from '../../../http/s3/address.ts'
import { S3Client } from '../../../http/s3/client.ts'
import { unsafe } from '../../../http/s3/refusals.ts'
import { S3Blobs } from './s3-blobs.ts'
import { findSettings } from '../../../http/s3/settings.ts'

export async function openS3(url: string, options: OpenRemoteOptions): Promise<Store> {
  const blobs = blobsOf(url, options)
  try {
    if (options.create === true && options.conditional === 'no') throw unsafe(blobs.location)
    return await BlobStore.open(blobs, {
      cacheDir: options.cacheDir,
      create: options.create,
      signal: options.signal,
      onClose: () => blobs.close(),
    })
  } catch (error) {
    await blobs.close()
    throw error
  }
}

export async function probeS3(url: string, options: OpenRemoteOptions): Promise<ProbeFinding> {
  const blobs = blobsOf(url, options)
  try {
    return await blobs.probe(options.signal)
  } finally {
    await blobs.close()
  }
}

function blobsOf(url: string, { environment = {}, conditional }: OpenRemoteOptions): S3Blobs {
  return new S3Blobs(new S3Client(parseS3Url(url), findSettings(environment)), { conditional })
}
