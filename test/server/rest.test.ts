// Browsing, querying and comparing over HTTP. `call` holds every answer against the OpenAPI document.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { Repository } from '../../src/api/repository.ts'
import { commitOn } from '../remote/history.ts'
import { type Serving, serve } from './serving.ts'

const author = { author: { name: 'Ada', email: 'ada@example.org' } }
const base = '/v1/repos/shop'

interface Row {
  readonly [column: string]: unknown
}

/** A working folder with a table of one key column, one of two, and files. */
async function shop(): Promise<Serving & { repo: Repository; first: string; second: string }> {
  const serving = await serve()
  const folder = path.join(serving.dir, 'shop')
  const repo = await Repository.init(folder, author)
  const write = (name: string, text: string): void => {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    fs.writeFileSync(path.join(folder, name), text)
  }
  const rows = Array.from({ length: 1200 }, (_, i) => `${i},"n ${i}",${i}.50\n`)
  write('items.csv', `id,name,price\n${rows.join('')}`)
  write('sales.csv', 'country,year,sum\nDE,2019,1\nDE,2020,2\nFR,2019,3\nFR,2020,"4,5"\n')
  write('docs/read me.txt', 'one\ntwo\nthree\n')
  await repo.track('items.csv', { key: ['id'] })
  await repo.track('sales.csv', { key: ['country', 'year'] })
  await repo.add(['.'])
  const first = (await repo.commit({ message: 'first' })).id
  write('items.csv', `id,name,price\n${rows.slice(1).join('').replace('"n 7"', '"seven"')}`)
  write('docs/read me.txt', 'one\n2\nthree\n')
  await repo.add(['.'])
  const second = (await repo.commit({ message: 'second' })).id
  await repo.createTag('v1', { revision: first, message: 'the first' })
  await repo.createBranch('feature/x', { startPoint: first })
  // Nobody's business but the owner's.
  await repo.setConfig('user.email', 'secret@example.org')
  await repo.addRemote('backup', '/srv/secret')
  write('staged.txt', 'not committed')
  await repo.add(['staged.txt'])
  return { ...serving, repo, first, second }
}

test('a repository, its branches, tags and commits', async () => {
  const { call, first, second } = await shop()
  expect((await call('/v1/repos')).json.items).toMatchObject([
    { name: 'shop', branch: 'main', branches: 2, tags: 1 },
  ])
  expect((await call(`${base}/branches`)).json.items).toEqual([
    { name: 'feature/x', commit: first, subject: 'first', current: false },
    { name: 'main', commit: second, subject: 'second', current: true },
  ])
  expect((await call(`${base}/tags`)).json.items).toMatchObject([
    { name: 'v1', commit: first, annotated: true },
  ])
  const page = await call(`${base}/commits?limit=1`)
  expect(page.json.items.map((one: Row) => one['id'])).toEqual([second])
  const rest = await call(`${base}/commits?limit=1&cursor=${page.json.cursor}`)
  expect(rest.json).toMatchObject({ items: [{ id: first, refs: ['feature/x', 'tag: v1'] }], cursor: null })
  expect((await call(`${base}/commits?revision=v1..main`)).json.items).toHaveLength(1)
  expect((await call(`${base}/commits?path=sales.csv`)).json.items).toHaveLength(1)
  expect((await call(`${base}/commits/${first}`)).json.message).toBe('first')
  expect((await call(`${base}/commits/${'0'.repeat(64)}`)).status).toBe(404)
  expect((await call(`${base}/commits?revision=gone`)).status).toBe(404)
})

test('the tree, whole and in pages, at any revision', async () => {
  const { call, first } = await shop()
  const all = (await call(`${base}/tree`)).json.items.map((one: Row) => one['path'])
  expect(all).toEqual(['docs/read me.txt', 'items.csv', 'sales.csv', 'varve.yaml'])
  const paged: string[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const { json } = await call(`${base}/tree?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`)
    paged.push(...json.items.map((one: Row) => one['path']))
    cursor = json.cursor
  }
  expect(paged).toEqual(all)
  const below = await call(`${base}/tree?path=docs&revision=v1`)
  expect(below.json).toMatchObject({
    commit: first,
    items: [{ path: 'docs/read me.txt', kind: 'file', size: 14 }],
  })
})

test('what lies directly in a folder, in pages', async () => {
  const { call, first } = await shop()
  const seen: unknown[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const { json } = await call(`${base}/tree?depth=one&limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`)
    seen.push(...json.items.map((one: Row) => [one['path'], one['kind'], one['size']]))
    cursor = json.cursor
  }
  expect(seen).toEqual([
    ['docs', 'folder', 0],
    ['items.csv', 'table', 1199],
    ['sales.csv', 'table', 4],
    ['varve.yaml', 'file', expect.any(Number)],
  ])
  const below = await call(`${base}/tree?depth=one&path=docs/&revision=v1`)
  expect(below.json).toMatchObject({ commit: first, items: [{ path: 'docs/read me.txt', kind: 'file' }] })
  expect((await call(`${base}/tree?depth=one&path=items.csv`)).status).toBe(404)
  expect((await call(`${base}/tree?depth=one&path=none`)).status).toBe(404)
  expect((await call(`${base}/tree?depth=two`)).status).toBe(400)
  const misspelt = await call(`${base}/tree?revison=main`)
  expect([misspelt.status, misspelt.json.error.hint]).toEqual([
    400,
    expect.stringMatching(/^there are: .*revision/),
  ])
})

test('a refused request is told what to do next', async () => {
  const { call } = await shop()
  const hintOf = async (target: string, options: object = {}): Promise<unknown> =>
    (await call(target, options)).json.error.hint
  expect(await hintOf('/v1/nothing')).toContain('/openapi.json')
  expect(await hintOf('/openapi.json', { method: 'PUT' })).toContain('/openapi.json')
  expect(await hintOf(base, { token: 'wrong' })).toContain('Authorization: Bearer')
  expect(await hintOf(`${base}/sql`, { method: 'POST', body: 'SELECT 1' })).toContain('application/json')
  expect(await hintOf(`${base}/file?path=docs`)).toContain('name a file')
  expect(await hintOf(`${base}/commits/${'0'.repeat(64)}`)).toContain('commits at /commits')
  expect(await hintOf(`${base}/tree?revision=zzz`)).toContain('/v1/repos/{repo}/branches')
  expect(await hintOf(`${base}/rows?table=zzz`)).toBe('paths are at /v1/repos/{repo}/tree')
})

test('the commits of a row, in pages, and those of a cell', async () => {
  const { call, first, second } = await shop()
  const target = `${base}/rows/commits?table=items&key=7`
  const page = await call(`${target}&limit=1`)
  expect(page.json.items).toMatchObject([
    {
      id: second,
      path: 'items.csv',
      keyColumns: ['id'],
      change: { kind: 'changed', cells: [{ column: 'name' }] },
    },
  ])
  const rest = await call(`${target}&limit=1&cursor=${page.json.cursor}`)
  expect(rest.json).toMatchObject({ items: [{ id: first, change: { kind: 'added' } }], cursor: null })
  expect((await call(`${target}&column=price`)).json.items).toMatchObject([{ id: first }])
  expect((await call(`${target}&revision=v1`)).json.items).toMatchObject([{ id: first }])
  expect((await call(`${base}/rows/commits?table=sales&key=DE`)).status).toBe(400)
  expect((await call(`${base}/rows/commits?table=none&key=DE`)).status).toBe(404)
})

test('bytes of a file, whole and in parts, never as a page of ours', async () => {
  const { call } = await shop()
  const target = `${base}/file?path=${encodeURIComponent('docs/read me.txt')}`
  const whole = await call(target)
  expect(whole.text).toBe('one\n2\nthree\n')
  expect(whole.headers).toMatchObject({
    'content-type': 'application/octet-stream',
    'content-disposition': 'attachment',
    'x-content-type-options': 'nosniff',
  })
  const part = async (range: string): Promise<unknown[]> => {
    const { status, text, headers } = await call(target, { headers: { range } })
    return [status, status === 416 ? '' : text, headers['content-range']]
  }
  expect(await part('bytes=4-4')).toEqual([206, '2', 'bytes 4-4/12'])
  expect(await part('bytes=6-')).toEqual([206, 'three\n', 'bytes 6-11/12'])
  expect(await part('bytes=-3')).toEqual([206, 'ee\n', 'bytes 9-11/12'])
  expect(await part('bytes=0-99999')).toEqual([206, 'one\n2\nthree\n', 'bytes 0-11/12'])
  expect(await part('bytes=12-')).toEqual([416, '', 'bytes */12'])
  expect(await part('bytes=0-1,3-4')).toEqual([200, 'one\n2\nthree\n', undefined])
  expect((await call(`${base}/file?path=docs`)).status).toBe(404)
  expect((await call(`${base}/file?path=../../etc/passwd`)).status).toBe(404)
  expect((await call(`${base}/file?path=sales.csv&revision=v1`)).text).toContain('FR,2020,"4,5"')
})

test('rows by key, by a leading part of it, by range, by columns, backwards', async () => {
  const { call } = await shop()
  const rows = async (query: string): Promise<Row[]> => (await call(`${base}/rows?${query}`)).json.rows
  expect(await rows('table=items&key=7')).toEqual([{ id: 7, name: 'seven', price: '7.50' }])
  expect(await rows('table=items&key=0')).toEqual([])
  expect(await rows('table=items&key=0&revision=v1')).toEqual([{ id: 0, name: 'n 0', price: '0.50' }])
  expect(await rows('table=sales.csv&key=DE&key=2020')).toEqual(
    [{ country: 'DE', year: 2020, sum: '2' }].map((row) => ({ ...row, sum: expect.anything() })),
  )
  expect((await rows('table=sales&key=FR')).map((row) => row['year'])).toEqual([2019, 2020])
  expect(
    (await rows('table=items&from=1&before=4&column=price&column=id')).map((row) => Object.entries(row)),
  ).toEqual(
    [1, 2, 3].map((id) => [
      ['price', `${id}.50`],
      ['id', id],
    ]),
  )
  expect((await rows('table=items&limit=2&order=descending')).map((row) => row['id'])).toEqual([1199, 1198])
  expect((await rows('table=items&limit=1&order=descending&before=5')).map((row) => row['id'])).toEqual([4])
  const refused = await call(`${base}/rows?table=items&column=nope`)
  expect([refused.status, refused.json.error.data.columns]).toEqual([400, ['id', 'name', 'price']])
  expect((await call(`${base}/rows?table=docs`)).status).toBe(404)
  expect((await call(`${base}/rows?table=items&key=1&key=2`)).status).toBe(400)
  expect((await call(`${base}/rows?table=items&limit=10001`)).status).toBe(400)
  expect((await call(`${base}/rows?table=items&limit=0`)).status).toBe(400)
})

test.each(['ascending', 'descending'])(
  'pages of rows (%s) are of one version, whatever is committed meanwhile',
  async (order) => {
    const { call, repo } = await shop()
    const ids: number[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const target = `${base}/rows?table=items&limit=500&order=${order}`
      const { json } = await call(cursor === '' ? target : `${target}&cursor=${cursor}`)
      ids.push(...json.rows.map((row: Row) => row['id']))
      cursor = json.cursor
      await repo.transaction('main', (tx) =>
        tx.table('items').put({ id: 5000 + ids.length, name: 'late', price: '1' }),
      )
    }
    const expected = Array.from({ length: 1199 }, (_, i) => i + 1)
    expect(ids).toEqual(order === 'ascending' ? expected : expected.toReversed())
  },
)

test('a leading part of a key is a part of its own, and not the beginning of a longer one', async () => {
  const { call, repo } = await shop()
  await repo.transaction('main', async (tx) => {
    const pairs = tx.createTable('pairs', { key: ['a', 'b'] })
    await pairs.putAll(['DE', 'DE\0', 'DE\0x', 'DEx'].map((a) => ({ a, b: 1 })))
    await pairs.putAll([{ a: 'DE', b: 'ÿ' }])
  })
  const rows = async (query: string): Promise<Row[]> =>
    (await call(`${base}/rows?table=pairs&${query}`)).json.rows
  expect(await rows('key=DE')).toEqual([
    { a: 'DE', b: 1 },
    { a: 'DE', b: 'ÿ' },
  ])
  expect(await rows('key=DE%00')).toEqual([{ a: 'DE\0', b: 1 }])
  expect((await rows('key=DE&order=descending')).map(({ b }) => b)).toEqual(['ÿ', 1])
})

test('a truth may be a part of a key', async () => {
  const { call, repo } = await shop()
  await repo.transaction('main', async (tx) => {
    const columns = [
      { name: 'isOpen', type: 'bool' },
      { name: 'n', type: 'int' },
    ] as const
    const doors = tx.createTable('doors', { key: ['isOpen', 'n'], columns })
    await doors.putAll([true, false].flatMap((isOpen) => [1, 2].map((n) => ({ isOpen, n }))))
  })
  const rows = async (query: string): Promise<Row[]> =>
    (await call(`${base}/rows?table=doors&${query}`)).json.rows
  expect(await rows('key=true&key=2')).toEqual([{ isOpen: true, n: 2 }])
  expect(await rows('key=false')).toHaveLength(2)
  expect(await rows('from=true')).toHaveLength(2)
})

test('a question mark in a parameter is a part of it', async () => {
  const { call, dir, repo } = await shop()
  fs.writeFileSync(path.join(dir, 'shop', 'what?.txt'), 'that')
  await repo.add(['.'])
  await repo.commit({ message: 'what' })
  expect((await call(`${base}/file?path=what?.txt`)).text).toBe('that')
})

test('pages of large rows have fewer of them, and all rows are on some page', async () => {
  const { call, dir, repo, second } = await shop()
  const text = (id: number): string => String(id).padEnd(2 << 20, `${id}-`)
  fs.writeFileSync(
    path.join(dir, 'shop', 'big.csv'),
    ['id,small,text', ...Array.from({ length: 5 }, (_, id) => `${id},${id},${text(id)}`), ''].join('\n'),
  )
  await repo.track('big.csv', { key: ['id'] })
  await repo.add(['.'])
  await repo.commit({ message: 'big' })
  const pages = async (target: string): Promise<{ rows: Row[] }[]> => {
    const found: { rows: Row[] }[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const { json, bytes } = await call(cursor === '' ? target : `${target}&cursor=${cursor}`)
      expect(bytes.length).toBeLessThan(10 << 20)
      found.push(json)
      cursor = json.cursor
    }
    return found
  }
  const read = await pages(`${base}/rows?table=big`)
  expect(read.map(({ rows }) => rows.length)).toEqual([3, 2])
  const ids = read.flatMap(({ rows }) => rows.map((row) => Number(row['id'])))
  expect(ids.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4])
  expect(read[1]!.rows[0]!['text']).toBe(text(ids[3]!))
  expect((await pages(`${base}/rows?table=big&column=small`)).map(({ rows }) => rows.length)).toEqual([5])
  const changed = await pages(`${base}/diff/file?path=big.csv&from=${second}`)
  expect(changed.map(({ rows }) => rows.length)).toEqual([3, 2])
})

test('rows as CSV, and whole tables in three formats', async () => {
  const { call, second } = await shop()
  const csv = await call(`${base}/rows?table=sales&format=csv&limit=3`)
  expect(csv.text).toBe('country,year,sum\nDE,2019,1\nDE,2020,2\nFR,2019,3\n')
  expect(csv.headers).toMatchObject({ 'varve-commit': second, 'content-disposition': 'attachment' })
  const next = await call(`${base}/rows?table=sales&format=csv&cursor=${String(csv.headers['varve-cursor'])}`)
  expect(next.text).toBe('country,year,sum\nFR,2020,"4,5"\n')
  expect((await call(`${base}/table?table=sales`)).text.split('\n')).toHaveLength(6)
  expect((await call(`${base}/table?table=sales&format=tsv`)).text).toContain('FR\t2020\t4,5\n')
  expect((await call(`${base}/table?table=items&format=jsonl`)).text.split('\n')).toHaveLength(1200)
})

test('what differs: paths with counts, rows and cells, lines; in pages', async () => {
  const { call, first, second } = await shop()
  const { json } = await call(`${base}/diff?from=v1&to=main`)
  expect(json).toMatchObject({ from: first, to: second, cursor: null })
  expect(json.items).toMatchObject([
    { path: 'docs/read me.txt', kind: 'text', lines: { added: 1, removed: 1 } },
    { path: 'items.csv', kind: 'table', rows: { added: 0, removed: 1, changed: 1, cells: 1 } },
  ])
  const target = `${base}/diff/file?from=v1&path=items.csv&limit=1`
  const page = (await call(target)).json
  expect(page.rows).toMatchObject([{ kind: 'removed', key: [0], after: null }])
  const rest = (await call(`${target}&cursor=${page.cursor}`)).json
  expect(rest).toMatchObject({
    rows: [{ kind: 'changed', key: [7], cells: [{ column: 'name', before: 'n 7', after: 'seven' }] }],
    cursor: null,
  })
  const lines = (await call(`${base}/diff/file?from=v1&path=${encodeURIComponent('docs/read me.txt')}`)).json
  expect(lines.hunks[0].lines).toEqual([' one', '-two', '+2', ' three'])
  expect((await call(`${base}/diff/file?from=v1&path=sales.csv`)).status).toBe(404)
  expect((await call(`${base}/compare?base=feature/x&head=main`)).json).toEqual({
    base: first,
    head: second,
    ahead: 1,
    behind: 0,
    mergeBases: [first],
  })
})

test('settings, the state of the working folder and other remotes stay the owner’s', async () => {
  const { call, repo } = await shop()
  await repo.fetch('backup').catch(() => {})
  const { decodeLogEntry } = await import('../../src/store/manifest-file.ts')
  const served = decodeLogEntry((await call(`${base}/store/newest`)).bytes, 'served')
  expect([...(served.refs as ReadonlyMap<string, unknown>).keys()].sort()).toEqual([
    'refs/heads/feature/x',
    'refs/heads/main',
    'refs/tags/v1',
  ])
  expect([...served.manifest.config]).toEqual([])
  expect(served.manifest.operation).toEqual({ name: 'serve', message: '', author: '' })
  for (const target of ['/tree?revision=INDEX', '/tree?revision=INDEX_BASE', '/commits?revision=INDEX'])
    expect((await call(base + target)).status).toBe(404)
  expect((await call(`${base}/file?path=staged.txt`)).status).toBe(404)
})

test('parameters and bodies that are wrong are refused with a word on why', async () => {
  const { call, dir, stateDir } = await shop()
  for (const target of [
    '/tree?limit=x',
    '/tree?limit=-1',
    '/tree?nope=1',
    '/rows',
    '/tree?path=a&path=b',
    '/rows?table=items&order=up',
    '/commits?cursor=!!',
    '/tree?cursor=WyJyb3dzIl0',
  ])
    expect([target, (await call(base + target)).status]).toEqual([target, 400])
  const post = async (body: string | object, type = 'application/json'): Promise<number> =>
    (
      await call('/v1/repos', {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        headers: { 'content-type': type },
      })
    ).status
  expect(await post('{"name":"x"}', 'text/plain')).toBe(415)
  expect(await post('name=x', 'application/x-www-form-urlencoded')).toBe(415)
  for (const body of [
    '',
    '{',
    '[]',
    'null',
    '{"name":1}',
    '{"name":"../x"}',
    '{"name":"a/b"}',
    '{"name":".varve"}',
    '{"name":"x","y":1}',
  ])
    expect([body, await post(body)]).toEqual([body, 400])
  expect(await post({ name: 'shop' })).toBe(409)
  expect(await post({ name: 'x'.repeat(5 << 20) })).toBe(413)
  expect(fs.readdirSync(dir)).toEqual(['shop'])
  const answers = JSON.stringify([
    (await call(`${base}/file?path=nope`)).json,
    (await call(`${base}/commits?revision=nope`)).json,
  ])
  expect(answers).not.toContain(dir)
  expect(answers).not.toContain(stateDir)
})

test('a new repository is there at once', async () => {
  const { call } = await serve()
  const made = await call('/v1/repos', { method: 'POST', body: { name: 'new-one' } })
  expect([made.status, made.json]).toEqual([
    201,
    { name: 'new-one', branch: 'main', branches: 0, tags: 0, sequence: 1 },
  ])
  expect((await call('/v1/repos/new-one/branches')).json).toEqual({ items: [], cursor: null })
  expect((await call('/v1/repos/new-one/tree')).status).toBe(404)
})

test('pages of names that are not UTF-8 leave none out', async () => {
  const serving = await serve()
  const store = await serving.repository('old')
  await commitOn(store, 'refs/heads/main', {
    files: { 'caf\udce8': '1', 'caf\udce9': '2', 'caf\udcea': '3' },
  })
  const found: string[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const { json } = await serving.call(
      `/v1/repos/old/tree?limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`,
    )
    found.push(...json.items.map(({ path: name }: Row) => name))
    cursor = json.cursor as string | null
  }
  expect(found).toEqual(['caf\udce8', 'caf\udce9', 'caf\udcea'])
})
