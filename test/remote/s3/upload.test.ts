// Uploads in parts: what was sent before an interruption is not sent again, and a file appears whole or not at all.
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { type MemoryS3, startMemoryS3 } from '../../support/memory-s3.ts'
import { temporaryDir } from '../../support/temporary.ts'
import { blobsAt, faultOf } from './store.ts'

const partBytes = 1 << 20
const options = { conditional: 'yes', partBytes } as const

function localFile(bytes: number): { file: string; journal: string; body: Buffer } {
  const dir = temporaryDir()
  const body = randomBytes(bytes)
  writeFileSync(path.join(dir, 'pack'), body)
  return { file: path.join(dir, 'pack'), journal: path.join(dir, 'journal'), body }
}

function partsSent(store: MemoryS3, from = 0): number[] {
  const puts = store.calls
    .slice(from)
    .filter(({ method, query }) => method === 'PUT' && query.has('partNumber'))
  return puts.map(({ query }) => Number(query.get('partNumber'))).sort((a, b) => a - b)
}

test('a small file goes in one request, a large one in parts, and neither again', async () => {
  const store = await startMemoryS3()
  const [small, large] = [localFile(100_000), localFile(3.5 * partBytes)]
  const blobs = blobsAt(store, options)
  await blobs.upload('packs/small', small.file)
  expect(store.calls).toHaveLength(1)
  await blobs.upload('packs/large', large.file, { journal: large.journal })
  expect(partsSent(store)).toEqual([1, 2, 3, 4])
  expect(existsSync(large.journal)).toBe(false)
  expect(Buffer.compare(store.files.get('packs/large')!.body, large.body)).toBe(0)
  const before = store.calls.length
  await blobs.upload('packs/large', large.file)
  expect(store.calls.slice(before).map(({ method }) => method)).toEqual(['HEAD'])
})

test('after an interruption at each of the parts only the missing ones are sent', async () => {
  const store = await startMemoryS3()
  for (let stop = 1; stop <= 6; stop++) {
    const { file, journal, body } = localFile(6 * partBytes)
    const name = `packs/${stop}`
    const aborting = new AbortController()
    store.rule = ({ query }) => {
      if (query.get('partNumber') === String(stop)) aborting.abort()
      return undefined
    }
    expect(
      await faultOf(blobsAt(store, options).upload(name, file, { journal, signal: aborting.signal })),
    ).toMatch(/^VARVE_ABORTED/)
    expect(store.files.has(name)).toBe(false)
    store.rule = () => undefined
    const [parts] = [...store.uploads.values()].slice(-1)
    const there = [...parts!.keys()]
    const before = store.calls.length
    await blobsAt(store, options).upload(name, file, { journal })
    expect([...there, ...partsSent(store, before)].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6])
    expect(there.length).toBeGreaterThan(0)
    expect(Buffer.compare(store.files.get(name)!.body, body)).toBe(0)
  }
})

// s3rver 3.7.1 answers 405 to that question, others that lack it 501.
test.each([
  [405, 'MethodNotAllowed'],
  [501, 'NotImplemented'],
])('a store that cannot list parts (%i) gets all of them again', async (status, code) => {
  const store = await startMemoryS3()
  const { file, journal, body } = localFile(3 * partBytes)
  store.rule = ({ query }) => (query.get('partNumber') === '3' ? { refuse: { status: 403 } } : undefined)
  expect(await faultOf(blobsAt(store, options).upload('packs/x', file, { journal }))).toMatch(
    /^VARVE_REFUSED/,
  )
  const before = store.calls.length
  store.rule = ({ method, query }) =>
    method === 'GET' && query.has('uploadId') ? { refuse: { status, code } } : undefined
  await blobsAt(store, options).upload('packs/x', file, { journal })
  expect(partsSent(store, before)).toEqual([1, 2, 3])
  expect(Buffer.compare(store.files.get('packs/x')!.body, body)).toBe(0)
})

test('each of the parts is sent again when its connection is cut', async () => {
  const store = await startMemoryS3()
  const { file, body } = localFile(4 * partBytes)
  const cut = new Set<string>()
  store.rule = ({ query, method }) => {
    const step = `${method} ${query.toString()}`
    if (cut.has(step)) return undefined
    cut.add(step)
    return { cut: 'before' }
  }
  await blobsAt(store, options).upload('packs/x', file)
  expect(Buffer.compare(store.files.get('packs/x')!.body, body)).toBe(0)
})

test('a completion whose answer was lost counts when the file is there', async () => {
  const store = await startMemoryS3()
  const { file, journal, body } = localFile(2 * partBytes)
  let lost = 0
  store.rule = ({ method, query }) =>
    method === 'POST' && query.has('uploadId') && lost++ === 0 ? { cut: 'after' } : undefined
  await blobsAt(store, options).upload('packs/x', file, { journal })
  expect(Buffer.compare(store.files.get('packs/x')!.body, body)).toBe(0)
  expect(partsSent(store)).toEqual([1, 2])
  expect(existsSync(journal)).toBe(false)
})

test('a completion that fails behind a 200 is a failure, and the next run carries on', async () => {
  const store = await startMemoryS3()
  const { file, journal } = localFile(2 * partBytes)
  store.rule = ({ method, query }) =>
    method === 'POST' && query.has('uploadId')
      ? { refuse: { status: 200, code: 'InternalError' } }
      : undefined
  expect(await faultOf(blobsAt(store, options).upload('packs/x', file, { journal }))).toMatch(
    /^VARVE_UNREACHABLE: .* could not put an upload together/,
  )
  expect(existsSync(journal)).toBe(true)
  store.rule = () => undefined
  const before = store.calls.length
  await blobsAt(store, options).upload('packs/x', file, { journal })
  expect(partsSent(store, before)).toEqual([])
  expect(store.files.get('packs/x')!.body).toHaveLength(2 * partBytes)
})

test('an upload that the store forgot begins anew, and one that it always forgets is given up', async () => {
  const store = await startMemoryS3()
  const { file, journal, body } = localFile(2 * partBytes)
  let forgotten = 0
  store.rule = ({ query }) => {
    if (query.get('partNumber') === '2' && forgotten++ === 0) store.uploads.clear()
    return undefined
  }
  await blobsAt(store, options).upload('packs/x', file, { journal })
  expect(Buffer.compare(store.files.get('packs/x')!.body, body)).toBe(0)
  store.rule = ({ query }) => {
    if (query.has('partNumber')) store.uploads.clear()
    return undefined
  }
  expect(await faultOf(blobsAt(store, options).upload('packs/y', file, { journal }))).toMatch(
    /^VARVE_UNREACHABLE: .* drops uploads before they are complete/,
  )
})

test('without a journal a failed upload leaves no parts behind', async () => {
  const store = await startMemoryS3()
  const { file } = localFile(3 * partBytes)
  store.rule = ({ query }) => (query.get('partNumber') === '2' ? { refuse: { status: 507 } } : undefined)
  expect(await faultOf(blobsAt(store, options).upload('packs/x', file))).toMatch(/^VARVE_DISK_FULL/)
  expect(store.uploads.size).toBe(0)
  expect(store.files.size).toBe(0)
})

test.each([
  ['of another file', '{"version":1,"id":"x","key":"packs/other","size":1,"partBytes":1}'],
  ['that is damaged', '{"version":1,"id":'],
  ['that is too long', `"${'x'.repeat(100_000)}"`],
])('a journal %s counts for nothing', async (_, text) => {
  const store = await startMemoryS3()
  const { file, journal, body } = localFile(2 * partBytes)
  writeFileSync(journal, text)
  await blobsAt(store, options).upload('packs/x', file, { journal })
  expect(Buffer.compare(store.files.get('packs/x')!.body, body)).toBe(0)
})

test('the journal holds no credentials', async () => {
  const store = await startMemoryS3()
  const { file, journal } = localFile(2 * partBytes)
  store.rule = ({ query }) => (query.has('partNumber') ? { refuse: { status: 403 } } : undefined)
  await faultOf(blobsAt(store, options).upload('packs/x', file, { journal }))
  expect(readFileSync(journal, 'utf8')).not.toMatch(/AKTEST|secret-canary/)
})

test('uploads that nobody went on with for a week are given up by a gc, and no younger or strange ones', async () => {
  const store = await startMemoryS3()
  const ids = ['stale', 'young', 'strange', 'elsewhere']
  for (const id of ids) store.uploads.set(id, new Map())
  const daysAgo = (days: number): string => new Date(Date.now() - days * 24 * 3_600_000).toISOString()
  const upload = (key: string, id: string, days: number): string =>
    `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>${daysAgo(days)}</Initiated></Upload>`
  const listed = [
    upload(`packs/ab/${'ab'.repeat(32)}.pack`, 'stale', 8),
    upload(`packs/cd/${'cd'.repeat(32)}.pack`, 'young', 6),
    upload('packs/backup.tar', 'strange', 99),
    upload(`../packs/${'ef'.repeat(32)}.pack`, 'elsewhere', 99),
  ]
  const body = `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${listed.join('')}</ListMultipartUploadsResult>`
  store.rawAnswer.body = Buffer.from(body)
  expect(await blobsAt(store, options).removeUploads()).toBe(1)
  expect([...store.uploads.keys()]).toEqual(ids.slice(1))
})

test('a store that does not list uploads is left to its own rules', async () => {
  const store = await startMemoryS3()
  store.uploads.set('somebody’s', new Map())
  // It answers with a listing of objects.
  expect(await blobsAt(store, options).removeUploads()).toBe(0)
  store.rule = ({ query }) =>
    query.has('uploads') ? { refuse: { status: 501, code: 'NotImplemented' } } : undefined
  expect(await blobsAt(store, options).removeUploads()).toBe(0)
  expect(store.uploads.size).toBe(1)
})

test('what has lain there for half a day is sent again, by the clock of the store: a gc may be about to take it', async () => {
  const store = await startMemoryS3()
  const { file, body } = localFile(300 << 10)
  const sent = async (): Promise<string[]> => {
    const before = store.calls.length
    await blobsAt(store, options).upload('packs/x', file)
    return store.calls.slice(before).map(({ method }) => method)
  }
  expect(await sent()).toEqual(['HEAD', 'PUT'])
  expect(await sent()).toEqual(['HEAD'])
  store.files.set('packs/x', { body, headers: {}, storedMs: Date.now() - 13 * 3_600_000 })
  expect(await sent()).toEqual(['HEAD', 'PUT'])
  expect(await sent()).toEqual(['HEAD'])
})

test('a put that is answered by somebody else counts for nothing', async () => {
  const store = await startMemoryS3()
  const { file } = localFile(1000)
  store.rule = ({ method }) => (method === 'PUT' ? { refuse: { status: 200 } } : undefined)
  expect(await faultOf(blobsAt(store, options).upload('packs/x', file))).toMatch(
    /^VARVE_UNREACHABLE: .* does not answer as a store does/,
  )
  store.rule = ({ method, index }) =>
    method === 'PUT' && index < 4 ? { refuse: { status: 200 } } : undefined
  expect(await blobsAt(store, options).create('m/x', Buffer.from('made'))).toBe(true)
  expect(store.files.get('m/x')!.body.toString()).toBe('made')
})
