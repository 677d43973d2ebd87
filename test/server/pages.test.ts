// Pages for people: what they show, in a repository whose names, cells and files try to become markup.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { Repository } from '../../src/api/repository.ts'
import { cellsOf, linkOf, readPage } from './reading.ts'
import { type CallOptions, type Called, type Serving, callTo, serve } from './serving.ts'

const evil = '"><script>alert(1)</script><img src=x onerror=alert(2)>\'&lt;'
/** As a name of a file: no character that a file system or Varve refuses. */
const evilName = `'"&<img src=x onerror=alert(3)>;.txt`
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

interface Shop extends Serving {
  readonly repo: Repository
  readonly first: string
  readonly second: string
  readonly get: (target: string, options?: CallOptions) => Promise<Called>
}

async function shop(): Promise<Shop> {
  const serving = await serve()
  const folder = path.join(serving.dir, 'shop')
  const repo = await Repository.init(folder, { author: { name: `Ada ${evil}`, email: 'ada@example.org' } })
  const write = (name: string, content: string | Buffer): void => {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    fs.writeFileSync(path.join(folder, name), content)
  }
  const quoted = `"${evil.replaceAll('"', '""')}"`
  const rows = Array.from({ length: 250 }, (_, i) => `${i},n ${i},${i}.50\n`)
  write('items.csv', `id,name,${quoted}\n${rows.join('')}${quoted},${quoted},\u202eabc\n`)
  write('sales.csv', 'country,year,sum\nDE,2019,1\nDE,2020,2\nFR,2019,3\nFR,2020,"4,5"\n')
  write('docs/read me.txt', 'one\n\ttwo\n<b>three</b>\n')
  write(`docs/${evilName}`, evil)
  write('page.html', '<script>alert(4)</script>')
  write('drawing.svg', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(5)"/>')
  write('dot.png', png)
  write('no-picture.png', '<script>alert(6)</script>')
  write('bytes.bin', Buffer.from([0, 1, 2, 255]))
  await repo.track('items.csv', { key: ['id'] })
  await repo.track('sales.csv', { key: ['country', 'year'] })
  await repo.add(['.'])
  const first = (await repo.commit({ message: `first ${evil}\n\nbody ${evil}` })).id
  write('items.csv', `id,name,${quoted}\n${rows.slice(1).join('').replace(',n 7,', ',seven,')}new,,\n`)
  write('docs/read me.txt', 'one\n2\n<b>three</b>\n')
  await repo.add(['.'])
  const second = (await repo.commit({ message: 'second' })).id
  await repo.createTag('v1', { revision: first, message: evil })
  await repo.createBranch('feature/x', { startPoint: first })
  const get = (target: string, options: CallOptions = {}): Promise<Called> =>
    callTo(serving.url, target, { token: serving.admin, ...options })
  return { ...serving, repo, first, second, get }
}

test('repositories, and the way into one', async () => {
  const { get, repository } = await shop()
  await repository('empty')
  const page = readPage(await get('/'))
  expect(cellsOf(page)).toMatchObject([
    ['empty', '', '', '0', '0'],
    ['shop', 'second', expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d$/), '2', '1'],
  ])
  expect(linkOf(page, 'shop', '/')).toBe('/shop/files')
  expect(readPage(await get('/empty')).text).toContain('There is no commit')
  expect(readPage(await get('/shop')).all('title')[0]!.text).toBe('Files · shop · Varve')
})

test('folders with sizes and numbers of rows, at any revision', async () => {
  const { get, first } = await shop()
  const page = readPage(await get('/shop/files'))
  const rows = cellsOf(page)
  expect(rows[0]).toEqual(['docs/', '', ''])
  expect(rows).toContainEqual(['items.csv', '250', ''])
  expect(rows).toContainEqual(['bytes.bin', '', '4 B'])
  const below = linkOf(page, 'docs/', '/shop/files')
  expect(cellsOf(readPage(await get(below))).map(([name]) => name)).toEqual([
    '.. folder above',
    evilName,
    'read me.txt',
  ])
  const old = readPage(await get(`/shop/files?revision=${first}`))
  expect(cellsOf(old)).toContainEqual(['items.csv', '251', ''])
  expect(linkOf(old, 'items.csv', '/shop/files')).toBe(`/shop/table?revision=${first}&table=items.csv`)
  expect((await get('/shop/files?path=none')).status).toBe(404)
})

test('a table in pages, by key, and from a key on', async () => {
  const { get } = await shop()
  const page = readPage(await get('/shop/table?table=items'))
  expect(
    page
      .all('th')
      .slice(0, 3)
      .map(({ text }) => text),
  ).toEqual(['idtext, key', 'nametext', `${evil}text`])
  const seen = cellsOf(page)
  let [at, next] = ['/shop/table', page]
  for (let i = 0; i < 2; i++) {
    at = linkOf(next, 'Next 100 rows', at)
    next = readPage(await get(at))
    seen.push(...cellsOf(next))
  }
  expect(seen).toHaveLength(250)
  expect(new Set(seen.map(([id]) => id)).size).toBe(250)
  expect(next.all('a').map(({ text }) => text)).not.toContain('Next 100 rows')
  const one = readPage(await get('/shop/table?table=items.csv&key=7'))
  expect(cellsOf(one)).toEqual([['7', 'seven', '7.50']])
  const some = readPage(await get('/shop/table?table=sales.csv&key=DE&key='))
  expect(cellsOf(some)).toEqual([
    ['DE', '2019', '1'],
    ['DE', '2020', '2'],
  ])
  const none = readPage(await get('/shop/table?table=sales.csv&key=ES&key='))
  const onwards = readPage(await get(linkOf(none, 'Rows from there on', '/shop/table')))
  expect(cellsOf(onwards).map(([country]) => country)).toEqual(['FR', 'FR'])
  const last = readPage(await get('/shop/table?table=sales.csv&order=descending'))
  expect(cellsOf(last)[0]).toEqual(['FR', '2020', '4,5'])
})

test('cells that try to become markup stay text, and directions are shown', async () => {
  const { get, first } = await shop()
  const page = readPage(
    await get(`/shop/table?table=items.csv&revision=${first}&key=${encodeURIComponent(evil)}`),
  )
  expect(cellsOf(page)).toEqual([[evil, evil, '\\u202eabc']])
  expect(
    page.all('input').filter(({ attributes }) => attributes['name'] === 'key')[0]!.attributes['value'],
  ).toBe(evil)
})

test('history with its graph, in pages, and of a path', async () => {
  const { get, repo, second } = await shop()
  for (let i = 0; i < 51; i++) await repo.commit({ message: `empty ${i}`, allowEmpty: true })
  const page = readPage(await get('/shop/history'))
  expect(page.all('svg')).toHaveLength(50)
  expect(page.all('circle')).toHaveLength(50)
  const older = linkOf(page, 'Older commits', '/shop/history')
  const rest = readPage(await get(older))
    .all('td')
    .map(({ text }) => text)
  expect(rest.filter((text) => text.startsWith('second'))).toHaveLength(1)
  expect(rest.find((text) => text.startsWith('first'))).toContain(`first ${evil}`)
  expect(rest).toContain(second.slice(0, 8))
  const touched = readPage(await get('/shop/history?path=sales.csv'))
  expect(touched.all('tr').filter((row) => row.all('td').length > 0)).toHaveLength(1)
})

test('texts with numbered lines, pictures by their bytes, and nothing that runs', async () => {
  const { get } = await shop()
  expect(cellsOf(readPage(await get(`/shop/file?path=${encodeURIComponent('docs/read me.txt')}`)))).toEqual([
    ['1', 'one'],
    ['2', '2'],
    ['3', '<b>three</b>'],
  ])
  const evilFile = readPage(await get(`/shop/file?path=${encodeURIComponent(`docs/${evilName}`)}`))
  expect(cellsOf(evilFile)).toEqual([['1', evil]])
  for (const name of ['page.html', 'drawing.svg', 'no-picture.png'])
    expect(cellsOf(readPage(await get(`/shop/file?path=${name}`)))[0]![1]).toContain('alert(')
  expect(readPage(await get('/shop/file?path=bytes.bin')).text).toContain('These bytes are not text')
  const page = readPage(await get('/shop/file?path=dot.png'))
  const source = page.all('img').find(({ attributes }) => attributes['class'] === 'picture')!.attributes[
    'src'
  ]!
  const picture = await get(
    new URL(source, 'http://host/shop/file').pathname + new URL(source, 'http://host/shop/file').search,
  )
  expect(picture.headers).toMatchObject({
    'content-type': 'image/png',
    'content-disposition': 'attachment',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  })
  expect(picture.bytes.equals(png)).toBe(true)
  for (const name of ['drawing.svg', 'no-picture.png', 'page.html'])
    expect((await get(`/shop/picture?path=${name}`)).status).toBe(404)
  const download = await get('/shop/download?path=page.html')
  expect(download.headers).toMatchObject({
    'content-type': 'application/octet-stream',
    'content-disposition': "attachment; filename*=UTF-8''page.html",
  })
  const hostile = await get(`/shop/download?path=${encodeURIComponent(`docs/${evilName}`)}`)
  expect(hostile.headers['content-disposition']).toBe(
    `attachment; filename*=UTF-8''${encodeURIComponent(evilName).replaceAll("'", '%27').replace('(', '%28').replace(')', '%29')}`,
  )
  expect((await get('/shop/export?table=sales.csv')).text).toContain('FR,2020,"4,5"')
})

test('branches and tags', async () => {
  const { get, first, second } = await shop()
  const page = readPage(await get('/shop/refs'))
  expect(cellsOf(page).map((row) => row.slice(0, 2))).toEqual([
    ['main current', second.slice(0, 8)],
    ['feature/x', first.slice(0, 8)],
  ])
  expect(cellsOf(page, 1)[0]!.slice(0, 3)).toEqual(['v1', first.slice(0, 8), evil])
})

test('a commit: what it says and what it changed, by row, cell and line', async () => {
  const { get, first, second } = await shop()
  const page = readPage(await get(`/shop/commit/${second}`))
  expect(page.all('h1')[0]!.text).toBe('second')
  expect(cellsOf(page)).toEqual([
    ['docs/read me.txt', 'changed', '+1 −1 lines'],
    ['items.csv', 'changed', '+1 −2 ~1 rows'],
  ])
  expect(cellsOf(page, 1).map((cells) => cells.join('|'))).toEqual([
    '…|…||from line 1',
    '1|1||one',
    '2||−removed|\ttwo'.replace('\t', ''),
    '|2|+added|2',
    '3|3||<b>three</b>',
  ])
  expect(cellsOf(page, 2)).toEqual(
    [
      ['− removed', evil, evil, '\\u202eabc'],
      ['− removed', '0', 'n 0', '0.50'],
      ['~ changed', '7', 'n 7→seven', '7.50'],
      ['+ added', 'new', '', ''],
    ].sort((a, b) => (a[1]! < b[1]! ? -1 : 1)),
  )
  const changed = page.all('tr').filter(({ attributes }) => attributes['class'] === 'changed')
  expect(
    changed.flatMap((row) => [...row.all('del'), ...row.all('ins')].map(({ name, text }) => [name, text])),
  ).toEqual([
    ['del', 'n 7'],
    ['ins', 'seven'],
  ])
  const start = readPage(await get(`/shop/commit/${first}`))
  expect(start.all('h1')[0]!.text).toBe(`first ${evil}`)
  expect(start.all('div').find(({ attributes }) => attributes['class'] === 'message')!.text).toBe(
    `body ${evil}`,
  )
  expect(start.text).toContain('none: the first commit')
  expect(cellsOf(start)).toContainEqual(['bytes.bin', 'added', 'nothing → 4 B'])
  for (const id of ['0'.repeat(64), 'main', evil])
    expect((await get(`/shop/commit/${encodeURIComponent(id)}`)).status).toBe(404)
})

test('any two revisions, and all changes of one table in pages', async () => {
  const { get } = await shop()
  const page = readPage(await get('/shop/compare?from=main&to=v1'))
  expect(page.text).toContain('is 0 commits ahead of')
  const other = readPage(await get(linkOf(page, 'The other way round', '/shop/compare')))
  expect(other.text).toContain('is 1 commit ahead of')
  const initial = `/shop/compare?from=${'0'.repeat(64)}&to=v1&path=items.csv`
  const keys: string[] = []
  for (let at: string | null = initial; at !== null;) {
    const shown = readPage(await get(at))
    keys.push(...cellsOf(shown).map((cells) => cells[1]!))
    const hasMore = shown.all('a').some(({ text }) => text === 'More changes')
    at = hasMore ? linkOf(shown, 'More changes', '/shop/compare') : null
  }
  expect([keys.length, new Set(keys).size]).toEqual([251, 251])
  expect((await get('/shop/compare?from=v1&to=main&path=sales.csv')).status).toBe(404)
  expect((await get('/shop/compare?from=v1&to=none')).status).toBe(404)
  const names = readPage(await get('/shop/compare'))
    .all('option')
    .map(({ attributes }) => attributes['value'])
  expect(names).toEqual(['feature/x', 'main', 'v1'])
})

test('a commit of many paths is shown in pages', async () => {
  const { get, repo, dir } = await shop()
  fs.mkdirSync(path.join(dir, 'shop/many'))
  for (let i = 100; i < 220; i++) fs.writeFileSync(path.join(dir, `shop/many/${i}.txt`), `${i}`)
  await repo.add(['.'])
  const { id } = await repo.commit({ message: 'many' })
  const seen: string[] = []
  for (let at: string | null = `/shop/commit/${id}`; at !== null;) {
    const page = readPage(await get(at))
    seen.push(...cellsOf(page).map(([name]) => name!))
    at = page.all('a').some(({ text }) => text === 'More paths') ? linkOf(page, 'More paths', at) : null
  }
  expect(seen).toEqual(Array.from({ length: 120 }, (_, i) => `many/${100 + i}.txt`))
})

test('a row: its cells, and which commits changed it', async () => {
  const { get, first, repo } = await shop()
  const table = readPage(await get('/shop/table?table=items.csv&key=7'))
  const page = readPage(await get(linkOf(table, '7', '/shop/table')))
  expect(cellsOf(page)).toEqual([
    ['id text', '7'],
    ['name text', 'seven'],
    [`${evil} text`, '7.50'],
  ])
  const sections = page.all('section').map((one) => one.all('p')[0]!.text)
  expect(sections).toEqual(['name n 7→seven', 'The row was added.'])
  const gone = readPage(await get('/shop/row?table=items.csv&key=0'))
  expect(gone.text).toContain('no row with this key')
  expect(gone.all('section').map((one) => one.all('p')[0]!.text)).toEqual([
    'The row was removed.',
    'The row was added.',
  ])
  const old = readPage(
    await get(`/shop/row?revision=${first}&table=items.csv&key=${encodeURIComponent(evil)}`),
  )
  expect(cellsOf(old)[0]).toEqual(['id text', evil])
  expect((await get('/shop/row?table=sales.csv&key=DE')).status).toBe(400)
  for (let i = 0; i < 31; i++)
    await repo.transaction('main', (tx) =>
      tx.table('sales.csv').put({ country: 'DE', year: '2019', sum: `s${i}` }),
    )
  const many = readPage(await get('/shop/row?table=sales.csv&key=DE&key=2019'))
  expect(many.all('section')).toHaveLength(30)
  const older = readPage(await get(linkOf(many, 'Older changes', '/shop/row')))
  expect(older.all('section').map((one) => one.all('p')[0]!.text)).toEqual(['sum 1→s0', 'The row was added.'])
})

test('what is too large is cut, and says so', async () => {
  const { get, repo } = await shop()
  const names = Array.from({ length: 100 }, (_, i) => `c${i}`)
  const long = 'x'.repeat(100_000)
  await repo.transaction('main', async (tx) => {
    const row = Object.fromEntries(names.map((name) => [name, long]))
    tx.createTable('wide.csv', { key: ['id'] }).put({ id: 'one', ...row })
    await tx.writeFile('long.txt', `${long}\n${'y\n'.repeat(6000)}`)
    await tx.writeFile('huge.txt', `é${'éz\n'.repeat(150_000)}`)
  })
  const table = await get('/shop/table?table=wide.csv')
  expect(table.bytes.length).toBeLessThan(40_000)
  expect(readPage(table).text).toContain('40 more columns')
  expect(cellsOf(readPage(table))[0]![1]).toBe(`${'x'.repeat(240)}…`)
  const row = await get('/shop/row?table=wide.csv&key=one')
  expect(cellsOf(readPage(row))).toHaveLength(101)
  const text = readPage(await get('/shop/file?path=long.txt'))
  expect(text.text).toContain('The first 5,000 lines')
  expect(cellsOf(text)[0]![1]).toBe(`${'x'.repeat(2000)}…`)
  // Cut in the middle of a letter.
  expect(readPage(await get('/shop/file?path=huge.txt')).text).toContain('The first 5,000 lines')
  const commit = await get('/shop/commit/' + (await repo.commitInfo('main')).id)
  expect(commit.bytes.length).toBeLessThan(300_000)
  const lines: string[] = []
  for (let at = linkOf(readPage(commit), 'long.txt', '/shop/commit/x'); at !== '';) {
    const page = readPage(await get(at))
    lines.push(...cellsOf(page).flatMap(([, number]) => (number === '…' ? [] : number!)))
    at = page.all('a').some((link) => link.text === 'More changes')
      ? linkOf(page, 'More changes', '/shop/compare')
      : ''
  }
  expect(lines).toEqual(Array.from({ length: 6001 }, (_, i) => `${i + 1}`))
})

test('a file that was moved and changed is compared with what it was', async () => {
  const { get, repo } = await shop()
  const lines = (last: string): string => Array.from({ length: 100 }, (_, i) => `line ${i}\n`).join('') + last
  await repo.transaction('main', (tx) => tx.writeFile('old.txt', lines('before\n')))
  const { commit } = await repo.transaction('main', async (tx) => {
    tx.remove('old.txt')
    await tx.writeFile('new.txt', lines('after\n'))
  })
  const page = readPage(await get(`/shop/commit/${commit!.id}`))
  expect(cellsOf(page)).toEqual([['new.txt', 'renamed from old.txt', '+1 −1 lines']])
  const alone = readPage(await get(linkOf(page, 'new.txt', `/shop/commit/${commit!.id}`)))
  expect(alone.all('tr').flatMap(({ attributes }) => attributes['class'] ?? [])).toEqual(
    expect.arrayContaining(['removed', 'added']),
  )
  expect(alone.all('tr')).toHaveLength(6)
})

test('JSON and YAML by value, with a link to their lines', async () => {
  const { get, call, repo } = await shop()
  const feature = (name: string): object => ({ id: 1, properties: { name } })
  const write = (features: readonly object[]) =>
    repo.transaction('main', (tx) => tx.writeFile('a.json', `${JSON.stringify({ features })}\n`))
  const before = await write([feature('a')])
  const more = Array.from({ length: 150 }, (_, i) => ({ id: i + 2 }))
  const { commit } = await write([feature(evil), ...more])
  const page = readPage(await get(`/shop/commit/${commit!.id}`))
  expect(cellsOf(page, 1).slice(0, 2)).toEqual([
    ['~ changed', '$.features[id=1].properties.name', `"a"→${JSON.stringify(evil)}`],
    ['+ added', '$.features[id=2]', '{"id":2}'],
  ])
  const alone = readPage(await get(linkOf(page, 'a.json', `/shop/commit/${commit!.id}`)))
  const rest = readPage(await get(linkOf(alone, 'More changes', '/shop/compare')))
  expect([alone, rest].map((one) => cellsOf(one).length)).toEqual([100, 51])
  const lines = readPage(await get(linkOf(alone, 'By line', '/shop/compare')))
  expect(cellsOf(lines)[0]).toEqual(['…', '…', '', 'from line 1'])
  const target = `/v1/repos/shop/diff/file?from=${before.commit!.id}&to=${commit!.id}&path=a.json`
  expect((await call(target)).json).toMatchObject({ values: [], hunks: [{ oldStart: 1 }] })
  const first = (await call(`${target}&by=values&limit=100`)).json
  expect(first.hunks).toEqual([])
  expect(first.values[0]).toEqual({
    kind: 'changed',
    path: '$.features[id=1].properties.name',
    before: '"a"',
    after: JSON.stringify(evil),
  })
  const last = (await call(`${target}&by=values&cursor=${first.cursor}`)).json
  expect([first.values.length, last.values.length, last.cursor]).toEqual([100, 51, null])
})

test('what checks said about a commit', async () => {
  const { get, second, call } = await shop()
  const target = `/v1/repos/shop/commits/${second}/checks`
  await call(target, { method: 'POST', body: { name: 'rules', state: 'failure', summary: evil } })
  const page = readPage(await get(`/shop/commit/${second}`))
  expect(page.text).toContain(`rules: failure ${evil}`)
})
