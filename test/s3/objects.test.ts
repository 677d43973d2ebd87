// CSV objects in a bucket keep the contracts of connectors and links on a real S3 server, while another program writes there.
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { utf8, utf8Text } from '../../src/base/bytes.ts'
import { openEndpoint } from '../../src/connectors/open.ts'
import { createExclusively } from '../../src/http/s3/create.ts'
import { download } from '../../src/http/s3/download.ts'
import { replaceExactly } from '../../src/http/s3/replace.ts'
import { type TextFiles, filesFixture } from '../connectors/files-fixture.ts'
import { connectorContract } from '../../src/contract/connector.ts'
import { apply, heldBack, insert, readAll, update } from '../../src/contract/plans.ts'
import { killedRoundsContract } from '../../src/contract/killed-rounds.ts'
import { linkFaultsContract } from '../../src/contract/link-faults.ts'
import { linkMasksContract } from '../../src/contract/link-masks.ts'
import { linkContract } from '../../src/contract/links.ts'
import { clientOf, environmentOf, makeBucket, onS3, onStore, whyNoS3 } from './bucket.ts'

const whole = { offset: 0, length: null, bytesMax: 64 << 20 }

function textFiles(url: string): TextFiles {
  const client = clientOf(url)
  const keyOf = (name: string): string => client.address.prefix + name
  return {
    url,
    environment: environmentOf(),
    read: async (name) => utf8Text((await download(client, keyOf(name), whole, undefined))!.bytes),
    async backup() {
      const names = ['people.csv', '.varve-sync.json']
      const saved: (Uint8Array | null)[] = []
      for (const name of names)
        saved.push((await download(client, keyOf(name), whole, undefined))?.bytes ?? null)
      return async () => {
        for (const [i, name] of names.entries()) {
          const [key, bytes] = [keyOf(name), saved[i] ?? null]
          const there = await download(client, key, whole, undefined)
          if (bytes === null) await client.send({ method: 'DELETE', key, expected: [404] })
          else if (there === null) await createExclusively(client, key, bytes, undefined)
          else await replaceExactly(client, key, bytes, there.headers['etag']!)
        }
      }
    },
    async change(name, change) {
      for (;;) {
        const found = await download(client, keyOf(name), whole, undefined)
        const after = utf8(change(found === null ? null : utf8Text(found.bytes)))
        const isDone =
          found === null
            ? await createExclusively(client, keyOf(name), after, undefined)
            : await replaceExactly(client, keyOf(name), after, found.headers['etag']!)
        if (isDone) return
      }
    },
  }
}

const fixture = filesFixture(
  whyNoS3 === null ? `CSV objects ${onStore}` : 'CSV objects in S3',
  whyNoS3 === null ? '' : ` (skipped: ${whyNoS3})`,
  async () => {
    const bucket = await makeBucket()
    let count = 0
    return {
      stop: () => Promise.resolve(),
      fresh: () => Promise.resolve(textFiles(`s3://${bucket}/with space/${++count}`)),
    }
  },
)

connectorContract(fixture)
linkContract(fixture)
linkMasksContract(fixture)
killedRoundsContract(fixture)
linkFaultsContract(fixture)

onS3('objects of a bucket', () => {
  async function opened(): Promise<{
    files: TextFiles
    url: string
    open: () => ReturnType<typeof openEndpoint>
  }> {
    const url = `s3://${await makeBucket()}`
    return { files: textFiles(url), url, open: () => openEndpoint(url, { environment: environmentOf() }) }
  }

  test('objects under a prefix of their own are one table, and others are none', async () => {
    const { files, open } = await opened()
    for (const [name, text] of [
      ['orders/1.csv', 'id,n\n1,a\n2,b\n'],
      ['orders/2.csv', 'id,n\n2,c\n'],
      ['people.jsonl', '{"id":1}\n'],
      ['deep/er/x.csv', 'id\n1\n'],
      ['.hidden.csv', 'id\n1\n'],
      ['notes.txt', 'x'],
    ] as const)
      await files.change(name, () => text)
    const connector = await open()
    expect((await connector.discover()).map(({ name }) => name).sort()).toEqual(['orders', 'people'])
    expect((await readAll(connector, ['orders']))[0]).toEqual([
      { id: '1', n: 'a' },
      { id: '2', n: 'c' },
    ])
    await connector.close()
  })

  test('objects that gzip has compressed are read, and one that is damaged waits alone', async () => {
    const { url, open } = await opened()
    const client = clientOf(url)
    const put = (name: string, bytes: Uint8Array) =>
      createExclusively(client, client.address.prefix + name, bytes, undefined)
    const rows = Array.from({ length: 80_000 }, (_, i) => `${i},${Math.sin(i)}\n`).join('')
    await put('large.csv.gz', gzipSync(`id,v\n${rows}`))
    await put('orders/1.csv.gz', gzipSync('id,n\n1,a\n2,b\n'))
    await put('orders/2.csv', utf8('id,n\n2,c\n'))
    await put('cut.csv.gz', gzipSync(`id,v\n${rows}`).subarray(0, -9))
    await put('people.csv', utf8('id\n1\n'))
    await put('people.csv.gz', gzipSync('id\n1\n'))
    const connector = await open()
    const tables = await connector.discover(['large', 'orders', 'cut', 'people'])
    expect(tables.map(({ trouble }) => trouble)).toEqual([
      undefined,
      undefined,
      "'cut.csv.gz' is no whole gzip file: unexpected end of file",
      expect.stringContaining("'people.csv' and 'people.csv.gz' would both be the table 'people'"),
    ])
    const [large, orders] = await readAll(connector, ['large', 'orders'])
    expect(large).toHaveLength(80_000)
    expect(orders).toEqual([
      { id: '1', n: 'a' },
      { id: '2', n: 'c' },
    ])
    const applied = await apply(connector, [insert('large', { id: '-1', v: '0' })])
    expect(applied).toMatchObject({ rows: [{ message: "'large.csv.gz' is only read: it is compressed" }] })
    await connector.close()
  })

  test('an object that is replaced between the last look and the put is not overwritten', async () => {
    const { files, open } = await opened()
    await files.change('a.csv', () => 'id,n\n1,x\n')
    const connector = await open()
    const client = clientOf(files.url)
    const stale = (await download(client, 'a.csv', whole, undefined))!.headers['etag']!
    await files.change('a.csv', () => 'id,n\n1,theirs\n')
    expect(await replaceExactly(client, 'a.csv', utf8('ours'), stale)).toBe(false)
    expect(heldBack(await apply(connector, [update('a', { id: '1', n: 'x' }, { id: '1', n: 'ours' })]))).toBe(
      'changed 1',
    )
    expect(await files.read('a.csv')).toBe('id,n\n1,theirs\n')
    await connector.close()
  })

  test('of writers that change one object at once all rows are there in the end', async () => {
    const { files, open } = await opened()
    await files.change('a.csv', () => 'id\n0\n')
    const write = async (id: number): Promise<void> => {
      const connector = await open()
      for (;;) {
        const done = await apply(connector, [insert('a', { id: String(id) })], { link: `l${id}` }).then(
          (applied) => heldBack(applied) === 'nothing',
          (error: { data?: { passing?: boolean } }) => {
            if (error.data?.passing !== true) throw error
            return false
          },
        )
        if (done) break
      }
      await connector.close()
    }
    await Promise.all([1, 2, 3, 4, 5, 6].map(write))
    expect((await files.read('a.csv')).trim().split('\n').sort()).toEqual([
      '0',
      '1',
      '2',
      '3',
      '4',
      '5',
      '6',
      'id',
    ])
  })
})
