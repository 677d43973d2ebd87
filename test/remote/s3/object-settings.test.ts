// How objects are to be kept, and who pays: as a remote's settings or variables say, on the requests that S3 wants it on.
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { objectSettings } from '../../../src/http/s3/object-settings.ts'
import { Repository } from '../../../src/index.ts'
import type { Manifest } from '../../../src/store/interface.ts'
import { environmentFor } from '../../../src/remote/remote-settings.ts'
import { S3Blobs } from '../../../src/remote/transports/s3/s3-blobs.ts'
import { S3Client } from '../../../src/http/s3/client.ts'
import { findSettings } from '../../../src/http/s3/settings.ts'
import { startMemoryS3, testEnvironment } from '../../support/memory-s3.ts'
import { temporaryDir } from '../../support/temporary.ts'
import { faultOf } from './store.ts'

const encryption = 'x-amz-server-side-encryption'
const keyId = 'x-amz-server-side-encryption-aws-kms-key-id'
const storageClass = 'x-amz-storage-class'
const payer = 'x-amz-request-payer'

test('a new object is encrypted, a large one gets its class, and every request says who pays', async () => {
  const store = await startMemoryS3()
  const environment = {
    ...testEnvironment,
    AWS_ENDPOINT_URL: store.endpoint,
    VARVE_S3_ENCRYPTION: 'aws:kms',
    VARVE_S3_KMS_KEY_ID: 'arn:aws:kms:eu-central-1:1:key/k',
    VARVE_S3_STORAGE_CLASS: 'STANDARD_IA',
    VARVE_S3_REQUEST_PAYER: 'requester',
  }
  const client = new S3Client({ bucket: 'bucket', prefix: '' }, findSettings(environment))
  const blobs = new S3Blobs(client, { conditional: 'yes', partBytes: 1 << 20 })
  const file = path.join(temporaryDir(), 'pack')
  writeFileSync(file, randomBytes(2.5 * (1 << 20)))
  await blobs.upload('packs/large', file)
  await blobs.create('idx/small', randomBytes(100))
  await blobs.read('idx/small', 1000)
  await blobs.close()
  const seen = store.calls.map(({ method, query, headers }) => [
    `${method}${query.has('uploads') ? ' begin' : query.has('partNumber') ? ' part' : query.has('uploadId') ? ' end' : ''}`,
    headers[encryption] === 'aws:kms' && headers[keyId] === 'arn:aws:kms:eu-central-1:1:key/k',
    headers[storageClass] === 'STANDARD_IA',
    headers[payer] === 'requester',
  ])
  const part = ['PUT part', false, false, true]
  expect(seen).toEqual([
    ['HEAD', false, false, true],
    ['POST begin', true, true, true],
    part,
    part,
    part,
    ['POST end', false, false, true],
    ['PUT', true, false, true],
    ['GET', false, false, true],
  ])
})

test('a repository says it for one of its remotes, before what the variables say', async () => {
  const dir = temporaryDir()
  await using repo = await Repository.init(dir)
  await repo.addRemote('cold', '/somewhere/else')
  await repo.setConfig('remote.cold.storageClass', 'GLACIER_IR')
  const manifest = { config: await repo.config() } as Manifest
  const before = { VARVE_S3_STORAGE_CLASS: 'STANDARD', HOME: '/x' }
  expect(environmentFor(manifest, 'cold', before)).toEqual({
    VARVE_S3_STORAGE_CLASS: 'GLACIER_IR',
    HOME: '/x',
  })
  expect(environmentFor(manifest, 'other', before)).toBe(before)
})

test.each([
  [{ VARVE_S3_ENCRYPTION: 'rot13' }, 'encryption'],
  [{ VARVE_S3_STORAGE_CLASS: 'DEEP_ARCHIVE' }, 'storageClass'],
  [{ VARVE_S3_STORAGE_CLASS: 'a\r\nb: c' }, 'storageClass'],
  [{ VARVE_S3_REQUEST_PAYER: 'you' }, 'requestPayer'],
  [{ VARVE_S3_KMS_KEY_ID: 'k', VARVE_S3_ENCRYPTION: 'AES256' }, 'kmsKeyId'],
])('%j is refused', async (environment, setting) => {
  expect(await faultOf((async () => objectSettings(environment))())).toMatch(
    new RegExp(`^VARVE_REFUSED: the ${setting} of the S3 store is not usable`),
  )
})
