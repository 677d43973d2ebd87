// Stores that are slow to list, in another region, of another time, cut off, or that lie.
import { describe, expect, test } from 'vitest'
import { utf8, utf8Text } from '../../../src/base/bytes.ts'
import { type MemoryS3, startMemoryS3 } from '../../support/memory-s3.ts'
import { blobsAt, faultOf } from './store.ts'

function nameOf(sequence: number): string {
  return `m/${String(sequence).padStart(20, '0')}`
}

function manifest(sequence: number): { sequence: number; bytes: Uint8Array } {
  return { sequence, bytes: utf8(`no. ${sequence}`) }
}

function put(store: MemoryS3, sequence: number): void {
  store.files.set(nameOf(sequence), { body: Buffer.from(`no. ${sequence}`), headers: {} })
}

describe('the newest manifest', () => {
  test.each([1, 999, 1000, 1001, 2000, 5500, 12_345])('of %i is found with few requests', async (count) => {
    const store = await startMemoryS3()
    for (let n = 1; n <= count; n++) put(store, n)
    expect((await blobsAt(store).newest(null))?.sequence).toBe(count)
    expect(store.calls.length).toBeLessThan(count < 1000 ? 3 : 16)
  })

  test('of none is an error', async () => {
    expect(await faultOf(blobsAt(await startMemoryS3()).newest(null))).toMatch(
      /^VARVE_UNREACHABLE: no repository at/,
    )
  })

  test('is asked for once when there is nothing new, twice else', async () => {
    const store = await startMemoryS3()
    const blobs = blobsAt(store)
    for (const n of [1, 2, 3]) put(store, n)
    expect(await blobs.newest(manifest(3))).toBe(null)
    expect(store.calls).toHaveLength(1)
    expect(await blobs.newest(manifest(2))).toEqual(manifest(3))
    expect(store.calls).toHaveLength(3)
  })

  test('is the newest although gc removed the one that was known, and those after it', async () => {
    const store = await startMemoryS3()
    for (const n of [7, 8, 9]) put(store, n)
    expect(await blobsAt(store).newest(manifest(2))).toEqual(manifest(9))
  })

  test.each([2, 3, 50])('of a store that was made anew is told from no. %i of the old one', async (known) => {
    const store = await startMemoryS3()
    for (const n of [1, 2, 3]) put(store, n)
    const old = { sequence: known, bytes: utf8('of another store') }
    expect(await blobsAt(store).newest(old)).toEqual(manifest(3))
  })

  test('is found by its number where a listing lags behind what was read, and behind a lost race', async () => {
    const store = await startMemoryS3()
    const one = blobsAt(store)
    for (const n of [1, 2, 3]) put(store, n)
    store.unlisted = (key) => key > nameOf(1)
    expect(await one.newest(null)).toEqual(manifest(1))
    expect(await one.newest(manifest(3))).toBe(null)
    expect(await one.create(nameOf(2), utf8('mine'))).toBe(false)
    expect(await one.newest(manifest(1))).toEqual(manifest(3))
    expect(await one.create(nameOf(4), utf8('no. 4'))).toBe(true)
    expect(await one.newest(manifest(3))).toEqual(manifest(4))
    store.unlisted = () => true
    expect(await one.newest(manifest(4))).toBe(null)
  })

  test('that is listed and cannot be had is an error, not an older one', async () => {
    const store = await startMemoryS3()
    put(store, 1)
    store.rule = ({ method, key }) =>
      method === 'GET' && key !== '' ? { refuse: { status: 404, code: 'NoSuchKey' } } : undefined
    expect(await faultOf(blobsAt(store).newest(null))).toMatch(
      /^VARVE_CORRUPT: .* lists manifests that it does not have/,
    )
  })
})

test('a clock that is two hours off is corrected by the store’s own', async () => {
  const store = await startMemoryS3()
  await blobsAt(store).create('format', utf8('f'))
  const theirs = (): number => Date.now() + 7_200_000
  store.rule = ({ headers }) => {
    const [, y, mo, d, h, mi, s] = /^(\d{4})(..)(..)T(..)(..)(..)Z$/
      .exec(String(headers['x-amz-date']))!
      .map(Number)
    const sent = Date.UTC(y!, mo! - 1, d!, h!, mi!, s!)
    if (Math.abs(sent - theirs()) < 900_000) return undefined
    const date = new Date(theirs()).toUTCString()
    return { refuse: { status: 403, code: 'RequestTimeTooSkewed', headers: { date } } }
  }
  const blobs = blobsAt(store)
  const read = await Promise.all(Array.from({ length: 8 }, () => blobs.read('format', 10)))
  expect(read.map((bytes) => utf8Text(bytes!))).toEqual(Array.from({ length: 8 }, () => 'f'))
  expect(await blobs.create('m/1', utf8('x'))).toBe(true)
})

test('a clock that cannot be corrected is named as the cause', async () => {
  const store = await startMemoryS3()
  store.rule = () => ({
    refuse: { status: 403, code: 'RequestTimeTooSkewed', headers: { date: 'yesterday' } },
  })
  expect(await faultOf(blobsAt(store).read('format', 10))).toMatch(
    /^VARVE_REFUSED: .*this computer's clock is wrong/,
  )
})

test('a bucket in another region is asked there', async () => {
  const store = await startMemoryS3()
  await blobsAt(store).create('format', utf8('f'))
  const headers = { 'x-amz-bucket-region': 'eu-west-7' }
  store.rule = (call) =>
    String(call.headers['authorization']).includes('/eu-west-7/s3/')
      ? undefined
      : { refuse: { status: 400, code: 'AuthorizationHeaderMalformed', headers } }
  const blobs = blobsAt(store)
  const read = await Promise.all(Array.from({ length: 8 }, () => blobs.read('format', 10)))
  expect(read.map((bytes) => utf8Text(bytes!))).toEqual(Array.from({ length: 8 }, () => 'f'))
})

test.each(['eu-west-7', 'evil.example.org/', ''])(
  'a bucket that is never in the region it names (%j) is refused',
  async (region) => {
    const store = await startMemoryS3()
    const headers = { 'x-amz-bucket-region': region, location: 'http://169.254.169.254/' }
    store.rule = () => ({ refuse: { status: 301, code: 'PermanentRedirect', headers } })
    expect(await faultOf(blobsAt(store).read('format', 10))).toBe(
      "VARVE_REFUSED: bucket 'bucket' is in another region",
    )
    expect(store.calls.length).toBeLessThan(3)
  },
)

test.each([
  [{ status: 507 }, /^VARVE_DISK_FULL: no space left/],
  [{ status: 403, code: 'QuotaExceeded' }, /^VARVE_DISK_FULL: no space left/],
  [{ status: 507, code: 'XMinioStorageFull' }, /^VARVE_DISK_FULL: no space left/],
  [{ status: 403, code: 'SignatureDoesNotMatch' }, /^VARVE_REFUSED: .* does not accept these credentials/],
  [{ status: 400, code: 'ExpiredToken' }, /^VARVE_REFUSED: the credentials for .* have run out/],
  [{ status: 403 }, /^VARVE_REFUSED: .* refuses access/],
  [{ status: 401 }, /^VARVE_REFUSED: .* refuses access/],
  [{ status: 302, headers: { location: 'http://169.254.169.254/' } }, /^VARVE_REFUSED: .* not followed/],
  [{ status: 418, code: 'constructor' }, /^VARVE_REFUSED: .* answers 418: constructor/],
  [{ status: 400, code: 'toString' }, /^VARVE_REFUSED: .* answers 400 toString/],
  [{ status: 418, code: 'Teapot' }, /^VARVE_REFUSED: .* answers 418: Teapot/],
  [{ status: 400, code: '<b>\u001b[31m' }, /^VARVE_REFUSED: 's3:\S+ at \S+' answers 400$/],
  [{ status: 503, code: 'SlowDown' }, /^VARVE_UNREACHABLE: .* answers 503: SlowDown/],
])('an answer of %j is said plainly', async (refuse, message) => {
  const store = await startMemoryS3()
  // Stores repeat what was sent in their messages; none of that is repeated by us.
  store.rule = (call) => ({
    refuse: { ...refuse, message: `you sent ${String(call.headers['authorization'])} secret-canary` },
  })
  expect(await faultOf(blobsAt(store).create('x', utf8('x')))).toMatch(message)
})

// versitygw 1.8.0 answers so to an unknown key, whatever is asked for.
test('a 404 that is about the key says so, and not that something is not there', async () => {
  const store = await startMemoryS3()
  store.rule = () => ({ refuse: { status: 404, code: 'XAdminUserNotFound' } })
  const blobs = blobsAt(store)
  const asked = [
    () => blobs.read('format', 10),
    () => blobs.newest(null),
    () => blobs.create('x', utf8('x')),
  ] as const
  for (const ask of asked)
    expect(await faultOf(ask())).toMatch(/^VARVE_REFUSED: .* does not accept these credentials/)
})

describe('a connection that is cut', () => {
  const text = 'all of these bytes, in this order'

  test('at any byte of an answer costs nothing but another request', async () => {
    const store = await startMemoryS3()
    const asked = new Set<string>()
    store.rule = ({ key }) => {
      const isFirst = !asked.has(key)
      asked.add(key)
      return isFirst ? { cutAnswerAt: Number(key.slice(1)) } : undefined
    }
    const lengths = Array.from({ length: 250 }, (_, at) => at)
    const blobs = blobsAt(store)
    for (const at of lengths)
      for (const kind of ['w', 'r']) store.files.set(`${kind}${at}`, { body: Buffer.from(text), headers: {} })
    const read = await Promise.all([
      ...lengths.map((at) => blobs.read(`w${at}`, 100)),
      ...lengths.map((at) => blobs.readRange(`r${at}`, 0, text.length)),
    ])
    for (const bytes of read) expect(utf8Text(bytes!)).toBe(text)
    expect(store.calls.length).toBeGreaterThan(700)
  }, 120_000)

  test('goes on where it stopped', async () => {
    const store = await startMemoryS3()
    const body = Buffer.alloc(4 << 20, 'x')
    store.files.set('x', { body, headers: {} })
    store.rule = ({ index }) => (index < 3 ? { cutAnswerAt: 1 << 20 } : undefined)
    expect(Buffer.compare((await blobsAt(store).read('x', 8 << 20))!, body)).toBe(0)
    const froms = store.calls.map(({ headers }) => Number(/=(\d+)-/.exec(String(headers['range']))?.[1] ?? 0))
    expect(froms[0]).toBe(0)
    expect(froms[3]).toBeGreaterThan(2_500_000)
  })

  test('goes on with no other file than it began with', async () => {
    const store = await startMemoryS3()
    store.files.set('x', { body: Buffer.alloc(2 << 20, 'x'), headers: {} })
    store.rule = ({ index }) => {
      if (index === 1) store.files.set('x', { body: Buffer.alloc(2 << 20, 'y'), headers: {} })
      return index === 0 ? { cutAnswerAt: 1 << 20 } : undefined
    }
    expect(await faultOf(blobsAt(store).read('x', 8 << 20))).toMatch(
      /^VARVE_CORRUPT: .* changed while it was read/,
    )
  })

  test('always is an error of its own', async () => {
    const store = await startMemoryS3()
    store.files.set('x', { body: Buffer.alloc(1000), headers: {} })
    store.rule = () => ({ cutAnswerAt: 30 })
    expect(await faultOf(blobsAt(store).read('x', 1000))).toMatch(/^VARVE_UNREACHABLE: cannot reach/)
  })
})

describe('a store that lies', () => {
  test('sends more than was asked for: not a byte further is kept', async () => {
    const store = await startMemoryS3()
    store.files.set('x', { body: Buffer.alloc(1 << 20), headers: {} })
    expect(await faultOf(blobsAt(store).read('x', 1000))).toMatch(/^VARVE_CORRUPT/)
    store.rule = () => ({ ignore: ['range'] })
    expect(await faultOf(blobsAt(store).readRange('x', 10, 1000))).toMatch(/^VARVE_(CORRUPT|UNREACHABLE)/)
    expect(await faultOf(blobsAt(store).readRange('x', 0, 1000))).toMatch(/^VARVE_(CORRUPT|UNREACHABLE)/)
  })

  test.each([
    [
      'entities',
      '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><ListBucketResult>&b;</ListBucketResult>',
    ],
    ['no XML', 'hello'],
    ['nothing', ''],
    ['another thing', '<html></html>'],
    ['depth', '<a>'.repeat(100_000)],
    ['bytes that are no text', Buffer.from([0x3c, 0x61, 0x3e, 0xff, 0xfe])],
    ['endless names', '<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>'],
    [
      'names that do not decode',
      '<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>%ff</Key></Contents></ListBucketResult>',
    ],
  ])('in a listing, with %s, is refused', async (_, body) => {
    const store = await startMemoryS3()
    store.rawAnswer.body = Buffer.from(body)
    expect(await faultOf(blobsAt(store).newest(null))).toMatch(/^VARVE_CORRUPT/)
  })

  test('in a listing, with names of others, is not believed', async () => {
    const store = await startMemoryS3()
    store.rawAnswer.body = Buffer.from(
      '<ListBucketResult><Contents><Key>../../etc/passwd</Key></Contents><Contents><Key>m/99</Key></Contents><Contents><Key>m/99999999999999999999</Key></Contents></ListBucketResult>',
    )
    expect(await faultOf(blobsAt(store).newest(null))).toMatch(/^VARVE_UNREACHABLE: no repository at/)
  })
})
