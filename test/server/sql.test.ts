// Questions in SQL, answered in this process: what the bounds of a process of its own hold is in sql-bounds.test.ts.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { Repository } from '../../src/api/repository.ts'
import type { Limits } from '../../src/server/interface.ts'
import { cellsOf, readPage } from './reading.ts'
import { type Called, type Serving, serve } from './serving.ts'

const author = { author: { name: 'Ada', email: 'ada@example.org' } }

interface Shop extends Serving {
  readonly ask: (body: object, headers?: Record<string, string>, token?: string | null) => Promise<Called>
  readonly commits: readonly string[]
}

/** Two versions of a table of prices, the older one tagged. */
async function shop(limits: Partial<Limits> = {}): Promise<Shop> {
  const serving = await serve({ limits })
  const repo = await Repository.init(path.join(serving.dir, 'shop'), author)
  const put = async (
    rows: readonly { id: number; price: number; note: string | null }[],
  ): Promise<string> => {
    const { commit } = await repo.transaction('main', (tx) => {
      const table =
        commits.length === 0 ? tx.createTable('data/prices', { key: ['id'] }) : tx.table('data/prices')
      return table.putAll(rows)
    })
    return commit!.id
  }
  const commits: string[] = []
  commits.push(
    await put([
      { id: 1, price: 10, note: 'a "b", c' },
      { id: 2, price: 20, note: null },
    ]),
  )
  await repo.createTag('v1')
  commits.push(await put([{ id: 2, price: 25, note: null }]))
  await repo.close()
  const ask: Shop['ask'] = (body, headers = {}, token) =>
    serving.call('/v1/repos/shop/sql', {
      method: 'POST',
      body,
      headers,
      ...(token === undefined ? {} : { token }),
    })
  return { ...serving, ask, commits }
}

test('rows of any versions, as JSON with what was asked', async () => {
  const { ask, commits } = await shop()
  const sql =
    'SELECT id, old.price AS was, new.price FROM "prices@v1" old JOIN prices new USING (id) WHERE was <> new.price;'
  expect((await ask({ sql })).json).toEqual({
    columns: [
      { name: 'id', type: 'int' },
      { name: 'was', type: 'int' },
      { name: 'price', type: 'int' },
    ],
    tables: [
      { name: 'prices@v1', path: 'data/prices', commit: commits[0] },
      { name: 'prices', path: 'data/prices', commit: commits[1] },
    ],
    rowCount: 1,
    rowsRead: 4,
    rows: [{ id: 2, was: 20, price: 25 }],
  })
  const then = await ask({ sql: 'SELECT price FROM "data/prices" ORDER BY id', revision: 'v1' })
  expect(then.json.rows).toEqual([{ price: 10 }, { price: 20 }])
  expect((await ask({ sql: 'SELECT 1 AS one WHERE 0' })).json.rows).toEqual([])
})

test('as CSV and JSON Lines where that is accepted, and as nothing else', async () => {
  const { ask } = await shop()
  const sql = 'SELECT id, note FROM prices ORDER BY id'
  const csv = await ask({ sql }, { accept: 'text/csv' })
  expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8')
  expect(csv.text).toBe('id,note\n1,"a ""b"", c"\n2,\n')
  const lines = await ask({ sql }, { accept: 'text/html;q=0.1, application/jsonl' })
  expect(lines.text).toBe('{"id":1,"note":"a \\"b\\", c"}\n{"id":2,"note":null}\n')
  expect((await ask({ sql }, { accept: '*/*' })).json.rowCount).toBe(2)
  expect((await ask({ sql }, { accept: 'image/png' })).status).toBe(406)
})

test('what was read stays for the next query, of wrong ones too, and no folder of a query does', async () => {
  const { ask, stateDir } = await shop()
  const sql = 'SELECT sum(price) AS sum FROM prices'
  const kept = (): string[] => fs.readdirSync(path.join(stateDir, 'sql'))
  expect((await ask({ sql })).json).toMatchObject({ rowsRead: 2, rows: [{ sum: 35 }] })
  expect(kept()).toEqual(['of-shop.sqlite'])
  expect((await ask({ sql: 'SELECT nothing FROM prices' })).status).toBe(400)
  expect((await ask({ sql })).json).toMatchObject({ rowsRead: 0, rows: [{ sum: 35 }] })
  expect(kept()).toEqual(['of-shop.sqlite'])
})

test('nothing stays where there is no room for it', async () => {
  const { ask, stateDir } = await shop({ queryCacheBytesMax: 1000 })
  expect((await ask({ sql: 'SELECT * FROM prices' })).status).toBe(200)
  expect(fs.readdirSync(path.join(stateDir, 'sql'))).toEqual([])
})

test('what is no question is refused, and says why', async () => {
  const { ask } = await shop()
  const fault = async (body: object, revision?: string): Promise<string> => {
    const { status, json } = await ask(revision === undefined ? body : { ...body, revision })
    return `${status} ${json.error.code}: ${json.error.message}`
  }
  expect(await fault({ sql: 'DELETE FROM prices' })).toMatch(
    /^400 VARVE_USAGE: the query cannot be run: a query only reads/,
  )
  expect(await fault({ sql: 'SELECT * FROM costs' })).toBe(
    "404 VARVE_PATH_NOT_FOUND: no table 'costs' in 'HEAD'",
  )
  expect(await fault({ sql: 'SELECT * FROM prices' }, 'v9')).toMatch(/^404 VARVE_REF_NOT_FOUND/)
  expect(await fault({ sql: 'SELECT * FROM "Pragma_database_list"' })).toMatch(/^400 VARVE_USAGE/)
  expect(await fault({ sql: 7 })).toMatch(/^400 VARVE_USAGE/)
  expect(await fault({ sql: 'SELECT 1', worktree: true })).toMatch(/^400 VARVE_USAGE/)
  expect(await fault({ sql: `SELECT ${'1+'.repeat(40_000)}1` })).toMatch(
    /^400 VARVE_USAGE: a query has at most/,
  )
})

test('more rows, bytes and room than are given are refused', async () => {
  const numbers =
    'WITH RECURSIVE c(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM c LIMIT 4000) SELECT i, hex(zeroblob(500)) h FROM c'
  const few = await shop({ queryRowsMax: 3999 })
  expect(await few.ask({ sql: numbers })).toMatchObject({
    status: 422,
    json: { error: { code: 'VARVE_REFUSED' } },
  })
  const small = await shop({ queryAnswerBytesMax: 1 << 20 })
  await expect(small.ask({ sql: numbers })).rejects.toThrow()
  expect((await small.ask({ sql: 'SELECT 1' })).status).toBe(200)
  const tight = await shop({ queryFileBytesMax: 1 << 20 })
  expect((await tight.ask({ sql: numbers })).json.error.message).toBe(
    'the query needs more room for its tables and rows than is given here',
  )
})

test('reading is enough, and needed', async () => {
  const { ask, token } = await shop()
  const sql = 'SELECT 1 AS one'
  expect((await ask({ sql }, {}, null)).status).toBe(401)
  expect((await ask({ sql }, {}, await token({ scope: 'read', repositories: 'shop' }))).status).toBe(200)
  expect((await ask({ sql }, {}, await token({ scope: 'read', repositories: 'other' }))).status).toBe(404)
  expect((await ask({ sql }, { origin: 'https://elsewhere.example' })).status).toBe(403)
})

test('a page asks and shows the first rows, or what is wrong', async () => {
  const { call } = await shop()
  const show = async (query: string): Promise<ReturnType<typeof readPage>> =>
    readPage(await call(`/shop/sql${query}`))
  const empty = await show('')
  expect(empty.all('textarea')).toHaveLength(1)
  expect(empty.all('table')).toEqual([])
  const hostile = 'SELECT id, \'<b>\' || note AS "</textarea><i>" FROM prices ORDER BY id'
  const found = await show(`?query=${encodeURIComponent(hostile)}&revision=v1`)
  expect(found.all('textarea')[0]!.text).toBe(hostile)
  expect(cellsOf(found)).toEqual([
    ['1', '<b>a "b", c'],
    ['2', ''],
  ])
  const many = await show(
    `?query=${encodeURIComponent('WITH RECURSIVE c(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM c LIMIT 900) SELECT i FROM c')}`,
  )
  expect(cellsOf(many)).toHaveLength(200)
  expect(many.text).toContain('900 rows, of which 200 are shown')
  expect((await show('?query=SELECT+*+FROM+costs')).text).toContain("no table 'costs'")
})
