// Objects that are replaced on S3 stores which answer oddly: whoever is told that he has replaced one has, and nobody else is
// overwritten. What real stores do is tried in test/s3.
import { afterAll, describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { openEndpoint } from '../../src/connectors/open.ts'
import { S3FilePlace } from '../../src/connectors/s3/place.ts'
import { parseS3Url } from '../../src/http/s3/address.ts'
import { S3Client } from '../../src/http/s3/client.ts'
import { headObject, replaceExactly } from '../../src/http/s3/replace.ts'
import { findSettings } from '../../src/http/s3/settings.ts'
import { apply, heldBack, insert, readAll } from '../../src/contract/plans.ts'
import { type MemoryS3, startMemoryS3, testEnvironment } from '../support/memory-s3.ts'
import type { Behaviour } from '../support/s3-behaviour.ts'

const opened: { close(): Promise<void> }[] = []
afterAll(async () => {
  for (const one of opened.splice(0)) await one.close()
})

const environmentOf = (store: MemoryS3) => ({ ...testEnvironment, AWS_ENDPOINT_URL: store.endpoint })

function clientOf(store: MemoryS3): S3Client {
  const client = new S3Client(parseS3Url('s3://bucket'), findSettings(environmentOf(store)))
  opened.push(client)
  return client
}

async function open(store: MemoryS3) {
  const connector = await openEndpoint('s3://bucket', { environment: environmentOf(store) })
  opened.push(connector)
  return connector
}

const text = (store: MemoryS3, key = 'a.csv'): string | undefined => store.files.get(key)?.body.toString()
const put = (store: MemoryS3, body: string, key = 'a.csv'): void => {
  store.files.set(key, { body: Buffer.from(body), headers: {} })
}

describe('an object is replaced', () => {
  const odd: readonly [string, Behaviour][] = [
    ['the connection is cut before', { cut: 'before' }],
    ['the connection is cut after', { cut: 'after' }],
    ['it is done, and the store says 500', { say: { status: 500, code: 'InternalError' } }],
    [
      'it is not done, and the store says 409',
      { refuse: { status: 409, code: 'ConditionalRequestConflict' } },
    ],
    ['it is not done, and the store says 503', { refuse: { status: 503, code: 'SlowDown' } }],
  ]
  for (const replacing of ['as written', 'bare'] as const)
    test.each(odd)(`once, where %s (tags ${replacing})`, async (_, behaviour) => {
      const store = await startMemoryS3()
      store.replacing = replacing
      put(store, 'before')
      const client = clientOf(store)
      const { tag } = (await headObject(client, 'a.csv'))!
      let puts = 0
      store.rule = ({ method }) =>
        method === 'PUT' && puts++ === (replacing === 'bare' ? 1 : 0) ? behaviour : undefined
      expect(await replaceExactly(client, 'a.csv', utf8('after'), tag)).toBe(true)
      expect(text(store)).toBe('after')
    })

  test.each(odd)('not, where somebody else was faster and %s', async (_, behaviour) => {
    const store = await startMemoryS3()
    put(store, 'before')
    const client = clientOf(store)
    const { tag } = (await headObject(client, 'a.csv'))!
    put(store, 'theirs')
    store.rule = ({ method }) => (method === 'PUT' && behaviour.say === undefined ? behaviour : undefined)
    expect(await replaceExactly(client, 'a.csv', utf8('ours'), tag)).toBe(false)
    expect(text(store)).toBe('theirs')
    store.files.delete('a.csv')
    store.rule = () => undefined
    expect(await replaceExactly(client, 'a.csv', utf8('ours'), tag)).toBe(false)
  })
})

test('a store that knows no conditions is only read', async () => {
  const store = await startMemoryS3()
  store.replacing = 'ignored'
  put(store, 'id\n1\n')
  const connector = await open(store)
  expect(await readAll(connector, ['a'])).toEqual([[{ id: '1' }]])
  await expect(apply(connector, [insert('a', { id: '2' })])).rejects.toMatchObject({
    code: 'VARVE_REFUSED',
    message: expect.stringContaining('does not keep conditional writes') as string,
  })
  expect(text(store)).toBe('id\n1\n')
})

test.each([
  ['made', { creating: 'looking first' }],
  ['made, and begun first', { creating: 'looking at the head' }],
  ['replaced', { replacing: 'looking first' }],
] as const)(
  'a store that loses races of objects that are %s is only read, however often it is asked',
  async (_, how) => {
    const store = Object.assign(await startMemoryS3(), how)
    put(store, 'id\n1\n')
    for (let round = 0; round < 2; round++) {
      const connector = await open(store)
      expect(await readAll(connector, ['a'])).toEqual([[{ id: '1' }]])
      await expect(apply(connector, [insert('a', { id: '2' })])).rejects.toMatchObject({
        code: 'VARVE_REFUSED',
        message: expect.stringContaining('does not keep conditional writes') as string,
        hint: expect.stringContaining("mode 'capture'") as string,
      })
    }
    expect([...store.files.keys()]).toEqual(['a.csv'])
  },
)

test('a store is asked once whether it keeps races, also where nothing may be deleted', async () => {
  const store = await startMemoryS3()
  put(store, 'id\n1\n')
  let asked = 0
  store.rule = ({ method, key }) => {
    if (key.includes('.varve-probe-')) asked++
    return method === 'DELETE' ? { refuse: { status: 403, code: 'AccessDenied' } } : undefined
  }
  expect(heldBack(await apply(await open(store), [insert('a', { id: '2' })]))).toBe('nothing')
  const once = asked
  expect(once).toBeGreaterThan(64)
  store.files.delete('.varve-sync.json')
  expect(heldBack(await apply(await open(store), [insert('a', { id: '3' })]))).toBe('nothing')
  expect(asked).toBe(once)
  expect(await readAll(await open(store), ['a'])).toEqual([[{ id: '1' }, { id: '2' }, { id: '3' }]])
})

test('a round that reads nothing new asks for no object', async () => {
  const store = await startMemoryS3()
  put(store, 'id\n1\n')
  put(store, '{"id":1}\n', 'b/1.jsonl')
  const connector = await open(store)
  const known = await connector.discover(['a', 'b'])
  await connector.discover(['a', 'b'], known)
  const before = store.calls.length
  const snapshot = await connector.snapshot([])
  for (const table of await connector.discover(['a', 'b'], known))
    expect(await snapshot.digest(table)).toMatch(/^[0-9a-f]{64}$/)
  expect(store.calls.slice(before).every(({ key }) => key === '')).toBe(true)
})

test('an object that is replaced while it is read is not read by half', async () => {
  const store = await startMemoryS3()
  const body = `id,n\n${Array.from({ length: 100_000 }, (_, i) => `${i},some text\n`).join('')}`
  put(store, body)
  const connector = await open(store)
  const tables = await connector.discover(['a'])
  const snapshot = await connector.snapshot(tables)
  store.rule = ({ headers }) => {
    if (String(headers['range']).startsWith('bytes=524288-')) put(store, `${body}more,x\n`)
    return undefined
  }
  const reading = async (): Promise<void> => {
    for await (const _ of snapshot.rows(tables[0]!));
  }
  await expect(reading()).rejects.toMatchObject({
    data: { waits: true },
    message: "'a.csv' is being written",
  })
})

test('an answer to a put that is lost costs nothing', async () => {
  const store = await startMemoryS3()
  put(store, 'id\n1\n')
  const connector = await open(store)
  store.rule = ({ method, key }) => (method === 'PUT' && key === 'a.csv' ? { cut: 'after' } : undefined)
  expect(heldBack(await apply(connector, [insert('a', { id: '2' })]))).toBe('nothing')
  expect(text(store)).toBe('id\n1\n2\n')
  expect(await connector.checkpoint('shop')).toEqual({ fence: 1, base: 'a'.repeat(64) })
})

test('an object that somebody replaces between the last look and the put is not overwritten', async () => {
  const store = await startMemoryS3()
  put(store, 'id\n1\n')
  const place = new S3FilePlace(clientOf(store))
  async function* bytes() {
    yield utf8('id\n1\n2\n')
  }
  const staged = await place.stage('a.csv', bytes(), await place.open('a.csv', 'now'))
  expect(await staged.isCurrent()).toBe(true)
  put(store, 'id\n1\n3\n')
  await expect(staged.put()).rejects.toMatchObject({ code: 'VARVE_NOT_POSSIBLE', data: { passing: true } })
  expect(text(store)).toBe('id\n1\n3\n')
})
