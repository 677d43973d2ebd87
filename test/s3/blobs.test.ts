// What a remote asks of its files, on a real S3 server.
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { utf8, utf8Text } from '../../src/base/bytes.ts'
import { isVarveError } from '../../src/base/errors.ts'
import { temporaryDir } from '../support/temporary.ts'
import {
  blobsOf,
  clientOf,
  environmentOf,
  makeBucket,
  onS3,
  poorUser,
  server,
  withoutPoor,
} from './bucket.ts'

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    return `no error: ${String(await work)}`
  } catch (error) {
    return isVarveError(error) ? `${error.code} ${error.message}` : String(error)
  }
}

async function namesOf(entries: AsyncIterable<{ name: string }>): Promise<string[]> {
  const names: string[] = []
  for await (const { name } of entries) names.push(name)
  return names
}

onS3('files', () => {
  test.each(['', 'data', 'with space/and+plus', "100%/ü&=?#'()*!~;:@$,", 'a%20b/%2F'])(
    'under the prefix %j files are made once, read, listed and removed',
    async (prefix) => {
      const bucket = await makeBucket()
      const blobs = blobsOf(`s3://${bucket}/${prefix}`)
      expect(await blobs.read('format', 100)).toBe(null)
      expect(await blobs.create('format', utf8('one'))).toBe(true)
      expect(await blobs.create('format', utf8('two'))).toBe(false)
      expect(utf8Text((await blobs.read('format', 100))!)).toBe('one')
      expect(await blobs.create('m/00000000000000000001', utf8('first'))).toBe(true)
      expect(await namesOf(blobs.list(''))).toEqual(['format', 'm/00000000000000000001'])
      expect(await namesOf(blobs.list('m/'))).toEqual(['m/00000000000000000001'])
      const above = await namesOf(blobsOf(`s3://${bucket}`).list(''))
      expect(above).toEqual(
        ['format', 'm/00000000000000000001'].map((name) => (prefix === '' ? name : `${prefix}/${name}`)),
      )
      await blobs.remove(['format', 'never was'])
      expect(await namesOf(blobs.list(''))).toEqual(['m/00000000000000000001'])
    },
  )

  test('a stretch is read to the byte, and none is read beyond the end', async () => {
    const blobs = blobsOf(`s3://${await makeBucket()}`)
    await blobs.create('x', utf8('0123456789'))
    expect(utf8Text((await blobs.readRange('x', 3, 4))!)).toBe('3456')
    expect(utf8Text((await blobs.readRange('x', 0, 10))!)).toBe('0123456789')
    expect(await blobs.readRange('x', 5, 0)).toEqual(new Uint8Array(0))
    expect(await blobs.readRange('y', 0, 1)).toBe(null)
    expect(await codeOf(blobs.readRange('x', 8, 4))).toMatch(/^VARVE_CORRUPT .*shorter/)
    expect(await codeOf(blobs.readRange('x', 80, 4))).toMatch(/^VARVE_CORRUPT .*shorter/)
    expect(await codeOf(blobs.read('x', 9))).toMatch(/^VARVE_CORRUPT/)
  })

  test('of 16 that create one file at once exactly one wins, and it is its file', async () => {
    const url = `s3://${await makeBucket()}`
    for (let round = 0; round < 5; round++) {
      const writers = Array.from({ length: 16 }, () => blobsOf(url, { conditional: 'yes' }))
      const won = await Promise.all(
        writers.map((blobs, index) => blobs.create(`f${round}`, utf8(`writer ${index}`))),
      )
      expect(won.filter((one) => one)).toHaveLength(1)
      expect(utf8Text((await writers[0]!.read(`f${round}`, 100))!)).toBe(`writer ${won.indexOf(true)}`)
    }
  })

  test('16 that create one file with the same bytes still have one winner', async () => {
    const url = `s3://${await makeBucket()}`
    const won = await Promise.all(
      Array.from({ length: 16 }, () => blobsOf(url, { conditional: 'yes' }).create('same', utf8('bytes'))),
    )
    expect(won.filter((one) => one)).toHaveLength(1)
  })

  test('the probe finds that the store keeps conditional writes, and leaves nothing behind', async () => {
    const blobs = blobsOf(`s3://${await makeBucket()}/deep/inside`)
    expect(await blobs.probe()).toBe('kept')
    expect(await namesOf(blobs.list(''))).toEqual([])
  })

  test('the newest manifest is found among many with few requests, and not again when it is known', async () => {
    const blobs = blobsOf(`s3://${await makeBucket()}/r`)
    const manifest = (sequence: number): { sequence: number; bytes: Uint8Array } => ({
      sequence,
      bytes: utf8(`manifest ${sequence}`),
    })
    for (const n of [1, 2, 3]) await blobs.create(`m/${String(n).padStart(20, '0')}`, manifest(n).bytes)
    expect(await blobs.newest(null)).toEqual(manifest(3))
    expect(await blobs.newest(manifest(2))).toEqual(manifest(3))
    expect(await blobs.newest(manifest(3))).toBe(null)
    await blobs.remove(['m/00000000000000000001', 'm/00000000000000000002'])
    expect(await blobs.newest(manifest(1))).toEqual(manifest(3))
  })

  test('a bucket that is not there, wrong keys and no keys are told apart, and no key is in what is said', async () => {
    const bucket = await makeBucket()
    const { owner } = server()
    const wrongSecret = { ...owner, secret: 'a-wrong-secret' }
    const unknown = { name: '', key: 'NOSUCHKEY', secret: 'canary-secret' }
    const faults = await Promise.all([
      codeOf(blobsOf('s3://no-such-bucket-here').read('format', 10)),
      codeOf(blobsOf('s3://no-such-bucket-here').newest(null)),
      codeOf(blobsOf(`s3://${bucket}`, {}, environmentOf(wrongSecret)).read('format', 10)),
      codeOf(blobsOf(`s3://${bucket}`, {}, environmentOf(unknown)).read('format', 10)),
      codeOf(blobsOf(`s3://${bucket}`, {}, { AWS_ENDPOINT_URL: server().endpoint }).newest(null)),
    ])
    expect(faults.map((fault) => fault.replace(/ at http.*?'/, "'").replaceAll(bucket, 'BUCKET'))).toEqual([
      "VARVE_UNREACHABLE no bucket 'no-such-bucket-here'",
      "VARVE_UNREACHABLE no bucket 'no-such-bucket-here'",
      "VARVE_REFUSED 's3://BUCKET' does not accept these credentials",
      "VARVE_REFUSED 's3://BUCKET' does not accept these credentials",
      "VARVE_REFUSED 's3://BUCKET' refuses access",
    ])
  })

  test.skipIf(withoutPoor !== '')(`a bucket of somebody else's refuses access${withoutPoor}`, async () => {
    const theirs = blobsOf(`s3://${await makeBucket()}`, {}, environmentOf(poorUser()))
    expect(await codeOf(theirs.newest(null))).toMatch(/^VARVE_REFUSED .* refuses access/)
  })

  test.skipIf(withoutPoor !== '')(
    `a bucket that may only be read is reported as that, and is read${withoutPoor}`,
    async () => {
      const bucket = await makeBucket()
      await blobsOf(`s3://${bucket}`).create('format', utf8('f'))
      const policy = {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { AWS: ['arn:aws:iam:::user/poor'] },
            Action: ['s3:GetObject', 's3:ListBucket'],
            Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
          },
        ],
      }
      await clientOf(`s3://${bucket}`).send({
        method: 'PUT',
        key: '',
        query: { policy: '' },
        body: utf8(JSON.stringify(policy)),
      })
      const reader = blobsOf(`s3://${bucket}`, {}, environmentOf(poorUser()))
      expect(utf8Text((await reader.read('format', 10))!)).toBe('f')
      expect(await reader.probe()).toBe('read-only')
      expect(await codeOf(reader.create('x', utf8('x')))).toMatch(/^VARVE_REFUSED .* may be read only/)
    },
  )

  test.skipIf(withoutPoor !== '')(`a full store is an error of its own${withoutPoor}`, async () => {
    const poor = poorUser()
    const blobs = blobsOf(`s3://${await makeBucket(poor)}`, { conditional: 'yes' }, environmentOf(poor))
    const file = path.join(temporaryDir(), 'big')
    writeFileSync(file, randomBytes(4 << 20))
    expect(await codeOf(blobs.upload('packs/big', file))).toMatch(/^VARVE_DISK_FULL no space left at 's3:/)
    expect(await codeOf(blobs.create('m/1', randomBytes(4 << 20)))).toMatch(/^VARVE_DISK_FULL/)
  })
})
