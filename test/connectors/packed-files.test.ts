// Files that gzip has compressed as tables: they are read like others, whatever is wrong with one stops it alone, and what is
// neither read nor a table is told.
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { beforeEach, expect, test } from 'vitest'
import { UnpackedFile } from '../../src/connectors/files/unpacked-file.ts'
import { OpenedFolderFile } from '../../src/connectors/folder/opened-file.ts'
import type { Connector } from '../../src/connectors/interface.ts'
import { openEndpoint } from '../../src/connectors/open.ts'
import type { DeclaredTable } from '../../src/dataset/interface.ts'
import { apply, insert, readAll } from '../../src/contract/plans.ts'
import { temporaryDir } from '../support/temporary.ts'

let folder: string
beforeEach(() => {
  folder = temporaryDir()
})

function drop(name: string, bytes: string | Buffer): void {
  fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
  fs.writeFileSync(path.join(folder, name), bytes)
}

async function connected<T>(
  work: (connector: Connector) => Promise<T>,
  files: readonly DeclaredTable[] = [],
): Promise<T> {
  const url = `${pathToFileURL(folder).href.replace('file:', 'folder:')}?settle=0`
  const connector = await openEndpoint(url, { files })
  try {
    return await work(connector)
  } finally {
    await connector.close()
  }
}

const rowsOf = (name: string) => connected(async (connector) => (await readAll(connector, [name]))[0]!)

test('CSV, TSV and JSON Lines are read out of gzip, also of several parts, and beside files that are not compressed', async () => {
  drop('people.csv.gz', Buffer.concat([gzipSync('id,name\n1,Ada\n'), gzipSync('2,Grace\n')]))
  drop('tags.TSV.GZ', gzipSync('id\ttag\n1\ta\n'))
  drop('events.jsonl.gz', gzipSync('{"id":1,"v":true}\n'))
  drop('none.jsonl.gz', gzipSync(''))
  drop('orders/1.csv.gz', gzipSync('id,n\n1,1\n2,1\n'))
  drop('orders/2.csv', 'id,n\n2,2\n')
  const [people] = await connected((connector) => connector.discover(['people']))
  expect(people).toMatchObject({ files: ['people.csv.gz'], key: ['id'] })
  expect(await rowsOf('people')).toEqual([
    { id: '1', name: 'Ada' },
    { id: '2', name: 'Grace' },
  ])
  expect(await rowsOf('tags')).toEqual([{ id: '1', tag: 'a' }])
  expect(await rowsOf('events')).toHaveLength(1)
  expect(await rowsOf('orders')).toEqual(
    expect.arrayContaining([
      { id: '1', n: '1' },
      { id: '2', n: '2' },
    ]),
  )
})

test.each([
  ['cut short', (whole: Buffer) => whole.subarray(0, -9), 'unexpected end of file'],
  ['empty', () => Buffer.alloc(0), 'it has no bytes'],
  ['not compressed', () => Buffer.from('id,name\n1,Ada\n'), 'incorrect header check'],
  [
    'damaged',
    (whole: Buffer) => Buffer.concat([whole.subarray(0, -8), Buffer.alloc(8, 7)]),
    'incorrect data check',
  ],
  ['followed by others', (whole: Buffer) => Buffer.concat([whole, Buffer.from('more')]), 'incorrect header'],
  [
    'followed by others behind zeros',
    (whole: Buffer) => Buffer.concat([whole, Buffer.alloc(9), whole]),
    'has bytes behind the end',
  ],
])('a file that is %s waits, and says so; others go on', async (_, broken, message) => {
  drop('people.csv.gz', broken(gzipSync('id,name\n1,Ada\n2,Grace\n')))
  drop('tags.csv', 'id\n1\n')
  const [people, tags] = await connected((connector) => connector.discover(['people', 'tags']))
  expect(people!.trouble).toContain(`'people.csv.gz' `)
  expect(people!.trouble).toContain(message)
  expect(tags!.trouble).toBeUndefined()
})

test('a file whose end is broken behind what tells its columns waits when its rows are read', async () => {
  const rows = Array.from({ length: 50_000 }, (_, i) => `${i},${Math.sin(i)}\n`).join('')
  drop('people.csv.gz', gzipSync(`id,name\n${rows}`).subarray(0, -9))
  const declared = [{ table: 'people', key: ['id'] }]
  const reading = connected(async (connector) => readAll(connector, ['people']), declared)
  await expect(reading).rejects.toMatchObject({
    data: { waits: true },
    message: "'people.csv.gz' is no whole gzip file: unexpected end of file",
  })
})

test('a small file that unpacks to too much waits at the bound, in bounded memory', async () => {
  const member = gzipSync(Buffer.alloc(16 << 20))
  drop('bomb.csv.gz', Buffer.concat(Array.from({ length: 6 }, () => member)))
  const file = new UnpackedFile(
    await OpenedFolderFile.open(path.join(folder, 'bomb.csv.gz'), 'bomb.csv.gz', 0),
  )
  let bytes = 0
  const reading = async (): Promise<void> => {
    for await (const part of file.bytes()) bytes += part.length
  }
  await expect(reading()).rejects.toThrow("'bomb.csv.gz' unpacks to more than 64 MiB")
  expect(bytes).toBeLessThanOrEqual(64 << 20)
  await file.close()
  // A line without an end is given up long before.
  expect((await connected((connector) => connector.discover(['bomb'])))[0]!.trouble).toContain('bomb.csv.gz')
})

test('what would be written into a compressed file waits by name, and the file stays as it is', async () => {
  const bytes = gzipSync('id,name\n1,Ada\n')
  drop('people.csv.gz', bytes)
  await connected(async (connector) => {
    const applied = await apply(connector, [insert('people', { id: '2', name: 'Grace' })])
    expect(applied).toMatchObject({
      outcome: 'held-back',
      rows: [{ table: 'people', key: null, message: "'people.csv.gz' is only read: it is compressed" }],
    })
  })
  expect(fs.readFileSync(path.join(folder, 'people.csv.gz')).equals(bytes)).toBe(true)
  expect(fs.readdirSync(folder).filter((name) => name.endsWith('.csv'))).toEqual([])
})

test('files that may hold data and are not read are told by reason, with one of each', async () => {
  for (const name of [
    'a.xlsx',
    'b.parquet',
    'c.csv.zst',
    'late.csv.part',
    'x.part.csv.gz',
    'README.md',
    '.a.xlsx',
    'orders/d.json',
    'orders/2026/1.csv',
  ])
    drop(name, 'id\n1\n')
  drop('orders/1.csv', 'id\n1\n')
  await connected(async (connector) => {
    await connector.discover()
    expect(connector.passedOver).toEqual([
      { reason: 'of another format', count: 3, first: expect.any(String) },
      { reason: 'not finished, by the name', count: 2, first: expect.any(String) },
      {
        reason: 'compressed or packed otherwise than as .csv.gz and the like',
        count: 1,
        first: 'c.csv.zst',
      },
      { reason: 'deeper than one folder', count: 1, first: 'orders/2026/' },
    ])
    await expect(connector.discover(['c'])).rejects.toMatchObject({
      hint: expect.stringContaining("('c.csv.zst')"),
    })
  })
})
