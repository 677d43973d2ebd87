// Cursors: all that is on any page is on one, whatever it is called; and what is no cursor of ours is told so.
import { expect, test } from 'vitest'
import { DataRepository } from '../../src/api/data-repository.ts'
import { commitOn } from '../remote/history.ts'
import { linkOf, readPage } from './reading.ts'
import { type Serving, serve } from './serving.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
const base = '/v1/repos/shop'

async function shop(): Promise<Serving & { readonly repo: DataRepository }> {
  const serving = await serve()
  const repo = DataRepository.over(await serving.repository('shop'), { author })
  for (const round of [1, 2, 3]) {
    await repo.transaction(
      'main',
      async (tx) => {
        const table = round === 1 ? tx.createTable('items', { key: ['id'] }) : tx.table('items')
        for (const id of [1, 2, 3]) table.put({ id: `${'key '.repeat(220)}${id}`, round })
        for (const name of ['a', 'b', 'c']) await tx.writeFile(`notes/${name}.txt`, `round ${round}\n`)
      },
      { message: `round ${round}` },
    )
  }
  return { ...serving, repo }
}

const key = encodeURIComponent(`${'key '.repeat(220)}1`)
const routes: Readonly<Record<string, string>> = {
  commits: '/commits?limit=1',
  tree: '/tree?limit=1',
  folder: '/tree?depth=one&path=notes&limit=1',
  rows: '/rows?table=items&limit=1',
  'row commits': `/rows/commits?table=items&limit=1&key=${key}`,
  paths: '/diff?from=main~1&to=main&limit=1',
  changes: '/diff/file?from=main~1&to=main&path=items&limit=1',
}

test('what no page gave is no cursor: 400, and how to go on', async () => {
  const { call } = await shop()
  const written = (...parts: unknown[]): string => Buffer.from(JSON.stringify(parts)).toString('base64url')
  const nowhere = 'ab'.repeat(32)
  const ours = new Map<string, string>()
  for (const [name, route] of Object.entries(routes)) {
    const { status, json } = await call(base + route)
    expect([name, status, typeof json.cursor]).toEqual([name, 200, 'string'])
    ours.set(name, json.cursor as string)
    expect((await call(`${base}${route}&cursor=${json.cursor}`)).status).toBe(200)
  }
  for (const [name, route] of Object.entries(routes)) {
    const mine = ours.get(name)!
    const kind = (JSON.parse(Buffer.from(mine, 'base64url').toString()) as string[])[0]
    const madeUp = [
      '',
      'AAAA',
      written(kind),
      written(kind, nowhere, 0),
      written(kind, nowhere, ''),
      written(kind, nowhere, nowhere, 0),
      written(kind, nowhere, nowhere, '', 0),
      written(kind, nowhere, '', 'entry'),
      `${mine}A`,
      `${mine}AAAA`,
      mine.slice(0, -2),
      ...[...ours].flatMap(([other, cursor]) => (other === name ? [] : [cursor])),
    ]
    for (const cursor of madeUp) {
      const { status, json } = await call(`${base}${route}&cursor=${cursor}`)
      expect([name, cursor, status, json.error?.code]).toEqual([name, cursor, 400, 'VARVE_USAGE'])
      expect(json.error.hint).toMatch(/first page|openapi/)
    }
    const letters = await call(`${base}${route}&cursor=!!`)
    expect([name, letters.status]).toEqual([name, 400])
  }
})

test('a page for people whose cursor is none goes back to the first', async () => {
  const { call } = await shop()
  for (const [target, first] of [
    ['/shop/history?path=items&cursor=AAAA', '?path=items'],
    ['/shop/files?cursor=AAAA&path=notes', '?path=notes'],
    ['/shop/table?table=items&cursor=AAAA', '?table=items'],
    ['/shop/compare?from=main~1&to=main&cursor=AAAA', '?from=main%7E1&to=main'],
    ['/shop?cursor=AAAA', '?'],
  ] as const) {
    const { status, headers } = await call(target)
    if (target === '/shop?cursor=AAAA') expect(status).toBe(400)
    else expect([target, status, headers['location']]).toEqual([target, 303, first])
  }
})

test('pages of rows with long keys, and of names that are long and no UTF-8, leave none out', async () => {
  const { call, repository } = await shop()
  const store = await repository('old')
  const folder = Array.from({ length: 3 }, () => '\udce8'.repeat(250)).join('/')
  const names = [1, 2, 3].map((i) => `${folder}/${'\udce9'.repeat(240)}${i}`)
  await commitOn(store, 'refs/heads/main', { files: Object.fromEntries(names.map((name) => [name, name])) })
  await commitOn(store, 'refs/heads/main', { files: Object.fromEntries(names.map((name) => [name, 'new'])) })
  const pages = async (target: string): Promise<unknown[]> => {
    const found: unknown[] = []
    for (let at = target; ;) {
      const { status, json } = await call(at)
      expect(status).toBe(200)
      found.push(...(json.items ?? json.rows))
      if (json.cursor === null) return found
      at = `${target}&cursor=${json.cursor}`
    }
  }
  expect(await pages('/v1/repos/old/tree?limit=1')).toMatchObject(names.map((path) => ({ path })))
  expect(await pages('/v1/repos/old/diff?from=main~1&to=main&limit=1')).toMatchObject(
    names.map((path) => ({ path, state: 'modified' })),
  )
  expect(await pages(`${base}/rows?table=items&limit=1`)).toHaveLength(3)
})

test('the pages of a comparison by branches are of the commits that the first one was of', async () => {
  const { call, repo } = await shop()
  await repo.transaction('main', async (tx) => {
    for (let i = 0; i < 60; i++) await tx.writeFile(`many/${i}.txt`, 'text\n')
  })
  const target = '/shop/compare?from=main~1&to=main'
  const next = linkOf(readPage(await call(target)), 'More changes', target)
  await repo.transaction('main', (tx) => tx.remove('many/9.txt'))
  const paths = readPage(await call(next))
    .all('tbody')
    .at(-1)!
    .all('tr')
  expect(paths.length).toBeGreaterThan(0)
  expect(readPage(await call(next)).text).toContain('many/9.txt')
})
