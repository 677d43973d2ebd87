// The S3 transport's files over a store in memory, and what its errors say.
import { inspect } from 'node:util'
import { afterAll, expect } from 'vitest'
import { isVarveError } from '../../../src/base/errors.ts'
import { parseS3Url } from '../../../src/http/s3/address.ts'
import { S3Client } from '../../../src/http/s3/client.ts'
import { S3Blobs, type S3BlobsOptions } from '../../../src/remote/transports/s3/s3-blobs.ts'
import { findSettings } from '../../../src/http/s3/settings.ts'
import { type MemoryS3, testEnvironment } from '../../support/memory-s3.ts'

const opened: S3Blobs[] = []

afterAll(async () => {
  for (const blobs of opened.splice(0)) await blobs.close()
})

export function blobsAt(store: MemoryS3, options: S3BlobsOptions = { conditional: 'yes' }): S3Blobs {
  const environment = { ...testEnvironment, AWS_ENDPOINT_URL: store.endpoint }
  const blobs = new S3Blobs(new S3Client(parseS3Url('s3://bucket'), findSettings(environment)), options)
  opened.push(blobs)
  return blobs
}

export async function faultOf(work: Promise<unknown>): Promise<string> {
  try {
    return `no error: ${String(await work)}`
  } catch (error) {
    // Whatever is shown of an error, on whatever level of detail: no key is in it.
    const everything = inspect(error, { depth: Infinity, showHidden: true }) + JSON.stringify(error)
    expect(everything).not.toMatch(/secret-canary|AKTEST|Signature=/)
    return isVarveError(error) ? `${error.code}: ${error.message}` : String(error)
  }
}
