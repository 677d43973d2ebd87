// Links with a folder of files: what drops into it, what is written there, and files on one side with a database on the
// other.
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { DatabaseSync } from '@photostructure/sqlite'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Link } from '../../src/sync/interface.ts'
import { endpointLine, follow } from '../../src/sync/follow.ts'
import { openLink } from '../../src/sync/open-link.ts'
import { pendingSync } from '../../src/sync/pending/approval.ts'
import { discardPending } from '../../src/sync/pending/discard.ts'
import { BranchLinks, heldBackOf } from '../support/branch-links.ts'
import { temporaryDir } from '../support/temporary.ts'

let links: BranchLinks
let folder: string
beforeEach(() => {
  links = new BranchLinks()
  folder = path.join(temporaryDir(), 'drop')
  fs.mkdirSync(folder)
})

const url = (): string => `${pathToFileURL(folder).href.replace('file:', 'folder:')}?settle=0`
const drop = (name: string, text: string): void => {
  fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
  fs.writeFileSync(path.join(folder, `${name}.part`), text)
  fs.renameSync(path.join(folder, `${name}.part`), path.join(folder, name))
}
const text = (name: string): string => fs.readFileSync(path.join(folder, name), 'utf8')

describe('a folder of files', () => {
  test('files that drop in become rows, and a table that is broken waits while the others go on', async () => {
    drop('people.csv', 'id,name\n1,Ada\n')
    drop('orders/1.csv', 'id,amount\n1,1.50\n')
    drop('broken.csv', 'id,name\n1\n')
    const link = links.link(url(), ['people', 'orders', 'broken'], { mode: 'capture' })
    const first = await links.sync(link)
    expect(heldBackOf(first)).toEqual([expect.stringContaining("schema broken: 'broken.csv' line 2")])
    expect(await links.rows('people')).toEqual([{ id: 1, name: 'Ada' }])
    drop('orders/2.csv', 'id,amount,note\n2,2.00,new\n1,1.75,\n')
    drop('broken.csv', 'id,name\n1,mended\n')
    drop('people.csv', 'id,name\n1,Ada\n1,twice\n')
    const second = await links.sync(link)
    expect(heldBackOf(second)).toEqual([expect.stringMatching(/key '1'.*which columns are its key/)])
    const declared = { ...link, files: [{ table: 'people', key: ['id'] }] }
    expect(heldBackOf(await links.sync(declared))).toEqual([expect.stringMatching(/key '1' [^;]*$/)])
    expect(await links.rows('orders')).toEqual([
      { id: 1, amount: 1.75, note: null },
      { id: 2, amount: 2, note: 'new' },
    ])
    expect(await links.rows('broken')).toEqual([{ id: 1, name: 'mended' }])
    expect(await links.rows('people')).toEqual([{ id: 1, name: 'Ada' }])
    drop('people.csv', 'id,name\n1,Ada\n2,Grace\n')
    expect(heldBackOf(await links.sync(link))).toEqual([])
    expect(await links.rows('people')).toHaveLength(2)
  })

  test('a type is what it was when rows were first seen, whatever a later cell looks like', async () => {
    drop('a.csv', 'id,n\n')
    const link = links.link(url(), ['a'], { mode: 'capture' })
    await links.sync(link)
    drop('a.csv', 'id,n\n1,10\n2,\n')
    expect(heldBackOf(await links.sync(link))).toEqual([])
    drop('a.csv', 'id,n\n1,10\n2,n/a\n3,"4,5"\n')
    expect(heldBackOf(await links.sync(link))).toEqual([])
    expect(await links.rows('a')).toEqual([
      { id: 1, n: 10 },
      { id: 2, n: 'n/a' },
      { id: 3, n: '4,5' },
    ])
    drop('a.csv', 'id,m\n1,10\n')
    expect(heldBackOf(await links.sync(link))).toEqual([expect.stringContaining("column 'n' is gone")])
    expect(await links.rows('a')).toHaveLength(3)
  })

  test('a value that does not fit the type that the first rows have is kept as it stands, and written so', async () => {
    const fits = Array.from({ length: 40_000 }, (_, i) => `${i},${i},2024-01-01,${i}.5,true\n`)
    const others = ['40000,abc,31.12.2024,"1,5",TRUE\n', '40001,007,,1.50,yes\n', '40002,1e400,x,,\n']
    drop('late.csv', `id,n,day,price,paid\n${[...fits, ...others].join('')}`)
    const link = links.link(url(), ['late'], { mode: 'capture' })
    expect(heldBackOf(await links.sync(link))).toEqual([])
    expect((await links.rows('late')).slice(40_000)).toEqual([
      { id: 40_000, n: 'abc', day: '31.12.2024', price: '1,5', paid: 'TRUE' },
      { id: 40_001, n: '007', day: null, price: 1.5, paid: 'yes' },
      { id: 40_002, n: expect.anything() as unknown, day: 'x', price: null, paid: null },
    ])
    const [read, out] = [folder, path.join(folder, 'out')]
    fs.mkdirSync(out)
    folder = out
    const mirror = links.link(url(), ['late'], { name: 'out', mode: 'mirror' })
    expect(heldBackOf(await links.sync(mirror))).toEqual([])
    const written = text('late.csv')
    folder = read
    expect(written).toBe(text('late.csv'))
  })

  test('lines of JSON that are spelled otherwise are the same rows', async () => {
    const long = 'é'.repeat(900)
    const rows = [
      { id: 1, name: 'Ada', note: null, tags: ['a'] },
      { id: 2, name: long, note: long },
      { id: 3, name: 'x', note: 'y', tags: {} },
    ]
    drop('plain.jsonl', rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
    const [a, b, c] = rows
    const odd = [
      `{ "id": 1, "name": "\\u0041da", "note": null, "tags": ["a"] }\r\n`,
      `${JSON.stringify({ note: b!.note, name: long, id: 2 })}\n`,
      `${JSON.stringify(c)}\r\n`,
    ]
    drop('odd.jsonl', odd.join(''))
    const link = links.link(url(), ['plain', 'odd'], { mode: 'capture' })
    expect(heldBackOf(await links.sync(link))).toEqual([])
    expect(await links.rows('odd')).toEqual(await links.rows('plain'))
    drop('odd.jsonl', rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
    expect((await links.sync(link)).tables.map(({ table, captured }) => [table, captured])).toEqual([
      ['plain', { added: 0, changed: 0, removed: 0 }],
      ['odd', { added: 0, changed: 0, removed: 0 }],
    ])
    expect(a).toBeDefined()
  })

  test('a file that has changed is looked at anew for its columns, and one that has not keeps its shape', async () => {
    drop('e.jsonl', '{"id":1,"v":1}\n')
    const link = links.link(url(), ['e'], { mode: 'capture' })
    await links.sync(link)
    await links.sync(link)
    drop('e.jsonl', '{"id":1,"v":1,"more":"x"}\n')
    expect(heldBackOf(await links.sync(link))).toEqual([])
    expect(await links.rows('e')).toEqual([{ id: 1, v: 1, more: 'x' }])
    const declared = { ...link, files: [{ table: 'e', key: ['v'] }] }
    expect(heldBackOf(await links.sync(declared))).toEqual([
      expect.stringContaining('the key is v and was id'),
    ])
  })

  test('the reading of a large file is told, and of a small one nothing is', async () => {
    drop('small.csv', 'id\n1\n')
    const row = `,${'x'.repeat(1000)}\n`
    drop('large.csv', `id,v\n${Array.from({ length: 9000 }, (_, i) => `${9000 - i}${row}`).join('')}`)
    const told = new Map<string, { done: number; total: number }>()
    const connector = await openLink(links.link(url(), []), {
      onProgress: ({ phase, done, total }) => void told.set(phase, { done, total }),
    })
    try {
      expect((await connector.discover()).map(({ name, key }) => [name, key])).toEqual([
        ['large', ['id']],
        ['small', ['id']],
      ])
    } finally {
      await connector.close()
    }
    const { size } = fs.statSync(path.join(folder, 'large.csv'))
    expect([...told]).toEqual([['reading large.csv', { done: size, total: size }]])
  })

  test('an empty folder is filled from the branch, with types that stay, and rows of a quiet round are not written', async () => {
    await links.repository.transaction('main', (tx) => {
      const table = tx.createTable('data/a', {
        key: ['id'],
        columns: [
          { name: 'id', type: 'int' },
          { name: 'price', type: 'decimal' },
          { name: 'paid', type: 'bool' },
          { name: 'note', type: 'text' },
        ],
      })
      table.put({ id: 1, price: 1.5, paid: true, note: '' })
      table.put({ id: 2, price: null, paid: null, note: null })
    })
    const link = links.link(url(), ['a'])
    const receipt = await links.sync(link)
    expect(receipt.tables[0]).toMatchObject({ written: { added: 2 } })
    expect(text('a.csv').split('\n')).toEqual(['id,price,paid,note', '1,1.5,true,""', '2,,,', ''])
    const before = fs.statSync(path.join(folder, 'a.csv'), { bigint: true })
    const quiet = await links.sync(link)
    expect([quiet.commit, quiet.heldBack]).toEqual([receipt.commit, receipt.heldBack])
    expect(fs.statSync(path.join(folder, 'a.csv'), { bigint: true }).mtimeNs).toBe(before.mtimeNs)
  })

  test('files that are gone are rows that vanish in masses: that waits, and what is discarded is written again', async () => {
    drop('a.csv', 'id,n\n1,x\n2,y\n')
    drop('b.csv', 'id,n\n1,x\n')
    const link = links.link(url(), ['a', 'b'])
    await links.sync(link)
    fs.rmSync(path.join(folder, 'a.csv'))
    drop('b.csv', 'id,n\n1,z\n')
    const receipt = await links.sync(link)
    expect(heldBackOf(receipt)).toEqual(["guard a: all 2 rows of 'a' are gone from the endpoint"])
    expect([(await links.rows('a')).length, await links.rows('b')]).toEqual([2, [{ id: 1, n: 'z' }]])
    await discardPending(links.repo, null, link)
    expect(heldBackOf(await links.sync(link))).toEqual([])
    expect(text('a.csv')).toBe('id,n\n1,x\n2,y\n')
    fs.rmSync(path.join(folder, 'a.csv'))
    await links.sync(link)
    await links.sync(link, { approve: (await pendingSync(links.repo, 'drop'))!.commit })
    expect(await links.rows('a')).toEqual([])
  })

  test('another folder under the same name, and one that is brought back from a backup, stop the link', async () => {
    drop('a.csv', 'id,n\n1,x\n2,y\n')
    const link = links.link(url(), ['a'])
    await links.sync(link)
    await links.edit('a', { put: [{ id: 1, n: 'ours' }] })
    await links.sync(link)
    const backup = path.join(path.dirname(folder), 'backup')
    fs.cpSync(folder, backup, { recursive: true })
    await links.edit('a', { put: [{ id: 2, n: 'later' }] })
    await links.sync(link)
    for (const name of fs.readdirSync(folder)) fs.rmSync(path.join(folder, name))
    fs.cpSync(backup, folder, { recursive: true })
    const restored = await links.sync(link)
    expect(heldBackOf(restored)[0]).toContain('guard a:')
    expect(text('a.csv')).toBe('id,n\n1,ours\n2,y\n')
    expect(heldBackOf(await links.sync(link, { allow: ['restored'] }))).toEqual([])
    expect(text('a.csv')).toBe('id,n\n1,ours\n2,later\n')
    fs.renameSync(folder, `${folder}.old`)
    fs.cpSync(backup, folder, { recursive: true })
    expect(heldBackOf(await links.sync(link))[0]).toContain('guard a:')
    expect(text('a.csv')).toBe('id,n\n1,ours\n2,y\n')
  })

  test('files on one side and an SQLite file on the other: types and every digit go both ways', async () => {
    const file = path.join(path.dirname(folder), 'shop.db')
    const db = new DatabaseSync(file)
    db.exec(
      `CREATE TABLE goods (id INTEGER PRIMARY KEY, name TEXT, price NUMERIC, weight REAL, day DATE, sold BOOLEAN)`,
    )
    drop('goods.csv', 'id,name,price,weight,day,sold\n1,"Tea, green",2.5,0.25,2024-02-29,true\n2,,,,,\n')
    const files = links.link(url(), ['goods'], { name: 'files' })
    const base = links.link(`sqlite://${file}`, ['goods'], { name: 'base' })
    const rounds = async (): Promise<string[]> => {
      const held: string[] = []
      for (const link of [files, base, files, base]) held.push(...heldBackOf(await links.sync(link)))
      return held
    }
    expect(await rounds()).toEqual([])
    const shown = (): unknown[] => db.prepare('SELECT * FROM goods ORDER BY id').all()
    expect(shown()).toEqual([
      { id: 1, name: 'Tea, green', price: 2.5, weight: 0.25, day: '2024-02-29', sold: 1 },
      { id: 2, name: null, price: null, weight: null, day: null, sold: null },
    ])
    db.exec(`UPDATE goods SET sold = 0, name = '' WHERE id = 2;
      INSERT INTO goods VALUES (9007199254740993, 'big', 0.125, 1e300, '0001-01-01', 1)`)
    expect(await rounds()).toEqual([])
    expect(text('goods.csv').split('\n').slice(1, -1)).toEqual([
      '1,"Tea, green",2.5,0.25,2024-02-29,true',
      '2,"",,,,false',
      expect.stringMatching(/^9007199254740993,big,0\.125,1e\+?300,0001-01-01,true$/),
    ])
    drop('goods.csv', text('goods.csv').replace('2,"",,,,false\n', '').replace('2.5', '2.75'))
    expect(await rounds()).toEqual([])
    expect(db.prepare('SELECT CAST(id AS TEXT) id, price FROM goods ORDER BY goods.id').all()).toEqual([
      { id: '1', price: 2.75 },
      { id: '9007199254740993', price: 0.125 },
    ])
    db.close()
  })

  test('a link that is followed hears of a file when it is there, in a folder that is new as well', async () => {
    drop('people.csv', 'id,name\n1,Ada\n')
    drop('orders/1.csv', 'id\n1\n')
    const link = links.link(url(), ['people', 'orders'], { mode: 'capture' })
    const abort = new AbortController()
    // Nobody looks by himself within this test: what is heard was told.
    const options = { signal: abort.signal, pollMs: 3_600_000 }
    const open = async () =>
      endpointLine(
        { repo: links.repo, folder: null, connector: await openLink(link), link, options },
        options,
      )
    const seen: string[] = []
    const ended = (async () => {
      for await (const receipt of follow(links.repo, link, open, options))
        seen.push(receipt.tables.map(({ captured }) => captured.added).join())
    })()
    const eventually = { timeout: 60_000, interval: 20 }
    await expect.poll(() => seen, eventually).toEqual(['1,1'])
    drop('people.csv', 'id,name\n1,Ada\n2,Grace\n')
    await expect.poll(() => seen, eventually).toEqual(['1,1', '1,0'])
    drop('orders/2.csv', 'id\n2\n3\n')
    await expect.poll(() => seen, eventually).toEqual(['1,1', '1,0', '0,2'])
    abort.abort()
    await ended
  })

  test('what cannot be told apart in CSV is refused by name, and the rest is written', async () => {
    drop('a.csv', 'id,n,b\n1,5,x\n')
    const link: Link = links.link(url(), ['a'])
    await links.sync(link)
    await links.edit('a', {
      put: [
        { id: 2, n: '7', b: 'y' },
        { id: 3, n: 7, b: 'z' },
        { id: 4, n: 8, b: 9 },
      ],
    })
    expect(heldBackOf(await links.sync(link))).toEqual([
      "rejected a 2: column 'n' would keep the text '7' as 7",
      "rejected a 4: column 'b' would keep 9 as the text '9'",
    ])
    expect(text('a.csv')).toBe('id,n,b\n1,5,x\n3,7,z\n')
  })
})
