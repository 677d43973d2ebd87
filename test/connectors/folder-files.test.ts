// What a folder of files is as an endpoint, beyond the contract: which files make which tables, what stays of a file that is
// written, and what is kept out.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeEach, expect, test } from 'vitest'
import { OpenedFolderFile } from '../../src/connectors/folder/opened-file.ts'
import { FolderPlace } from '../../src/connectors/folder/place.ts'
import { readCheckpoint, takeOver, writeBase } from '../../src/connectors/files/state.ts'
import type { Connector } from '../../src/connectors/interface.ts'
import type { DeclaredTable } from '../../src/dataset/interface.ts'
import { openEndpoint } from '../../src/connectors/open.ts'
import { apply, heldBack, insert, readAll, remove, update } from '../../src/contract/plans.ts'
import { temporaryDir } from '../support/temporary.ts'

let folder: string
beforeEach(() => {
  folder = temporaryDir()
})

const drop = (name: string, text: string | Buffer): void => {
  fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
  fs.writeFileSync(path.join(folder, name), text)
}
const text = (name: string): string => fs.readFileSync(path.join(folder, name), 'utf8')
const url = (settle = 0): string =>
  `${pathToFileURL(folder).href.replace('file:', 'folder:')}?settle=${settle}`

async function connected<T>(
  work: (connector: Connector) => Promise<T>,
  files: readonly DeclaredTable[] = [],
): Promise<T> {
  const connector = await openEndpoint(url(), { files })
  try {
    return await work(connector)
  } finally {
    await connector.close()
  }
}

const troubles = (): Promise<Record<string, string | undefined>> =>
  connected(async (connector) =>
    Object.fromEntries((await connector.discover()).map(({ name, trouble }) => [name, trouble])),
  )
const rowsOf = (name: string, files: readonly DeclaredTable[] = []) =>
  connected(async (connector) => (await readAll(connector, [name]))[0]!, files)

test('each file is a table, a folder of files is one, and what is hidden or not complete is none', async () => {
  for (const name of [
    'people.csv',
    'tags.tsv',
    'events.jsonl',
    'more.ndjson',
    'orders/1.csv',
    'orders/2.CSV',
  ])
    drop(name, name.includes('json') ? '{"id":1}\n' : 'id\n1\n')
  for (const name of [
    '.hidden.csv',
    'late.csv.part',
    'late.part.csv',
    'x.tmp.csv',
    '~$book.csv',
    'notes.txt',
    'deep/er/x.csv',
    '.git/x.csv',
  ])
    drop(name, 'id\n1\n')
  const names = await connected(async (connector) => (await connector.discover()).map(({ name }) => name))
  expect(names.sort()).toEqual(['events', 'more', 'orders', 'people', 'tags'])
})

test('one changed row leaves every other byte of the file as it was', async () => {
  const before = '\ufeff"id";name;"note"\r\n"1";Ada;"a ""b"""\r\n"2";Grace;"x"\r\n"3"; Edsger ;""'
  drop('people.csv', before)
  const declared = [{ table: 'people', key: ['id'] }]
  await connected(async (connector) => {
    const row = { id: '2', name: 'Grace', note: 'x' }
    const changes = [update('people', row, { ...row, name: 'Grace; H.' })]
    expect(heldBack(await apply(connector, changes))).toBe('nothing')
  }, declared)
  expect(text('people.csv')).toBe(before.replace('Grace', '"Grace; H."'))
  expect(await rowsOf('people')).toContainEqual({ id: '3', name: ' Edsger ', note: '' })
})

test('rows that are not in order of their keys stay where they are, and new ones come last', async () => {
  drop('people.csv', 'id,name\n3,c\n1,a\n2,b\n')
  await connected(async (connector) => {
    const changes = [
      remove('people', { id: '1', name: 'a' }),
      insert('people', { id: '0', name: 'z' }),
      update('people', { id: '2', name: 'b' }, { id: '2', name: 'B' }),
    ]
    expect(heldBack(await apply(connector, changes))).toBe('nothing')
  })
  expect(text('people.csv')).toBe('id,name\n3,c\n2,B\n0,z\n')
})

test('JSON Lines keep spacing, order, what is missing and what is null', async () => {
  drop('e.jsonl', '{"id": 1, "v": null}\n{"v": {"a": [1.50, "é"]}, "id": 2}\n{"id": 3}\n')
  await connected(async (connector) => {
    const [table] = await connector.discover(['e'])
    expect(table!.columns.map(({ name, type }) => `${name} ${type}`)).toEqual(['id int', 'v json'])
    const changes = [insert('e', { id: '4', v: 'text' }), remove('e', { id: '3', v: null })]
    expect(heldBack(await apply(connector, changes))).toBe('nothing')
  })
  expect(text('e.jsonl')).toBe(
    '{"id": 1, "v": null}\n{"v": {"a": [1.50, "é"]}, "id": 2}\n{"id": 4, "v": "text"}\n',
  )
  await connected(async (connector) => {
    const changes = [remove('e', { id: '1', v: null }), remove('e', { id: '4', v: 'text' })]
    expect(heldBack(await apply(connector, changes))).toBe('nothing')
  })
  expect(text('e.jsonl')).toBe('{"v": {"a": [1.50, "é"]}, "id": 2}\n')
})

test('the last row of a JSON Lines file can go, and others come, as long as its columns are known', async () => {
  drop('e.jsonl', '{"id":1,"v":"x"}\n')
  const known = [
    {
      name: 'e',
      key: ['id'],
      columns: [
        { name: 'id', type: 'int' },
        { name: 'v', type: 'text' },
      ],
    },
  ] as const
  await connected(async (connector) => {
    expect(heldBack(await apply(connector, [remove('e', { id: '1', v: 'x' })]))).toBe('nothing')
    expect(text('e.jsonl')).toBe('')
    expect((await connector.discover(['e']))[0]!.trouble).toBe("'e.jsonl' is empty: nobody knows its columns")
    const tables = await connector.discover(['e'], known)
    expect(tables[0]!.columns.map(({ name }) => name)).toEqual(['id', 'v'])
  })
  const declared = [{ table: 'e', key: ['id'], columns: known[0].columns }]
  await connected(async (connector) => {
    expect(heldBack(await apply(connector, [insert('e', { id: '2', v: null })]))).toBe('nothing')
  }, declared)
  expect(text('e.jsonl')).toBe('{"id":2,"v":null}\n')
})

test('of a folder of files the later one counts, columns may come with time, and nothing is written there', async () => {
  drop('orders/2026-01.csv', 'id,amount\n1,10\n2,20\n')
  drop('orders/2026-02.csv', 'id,amount,note\n2,21,late\n3,30,\n')
  drop('orders/2026-03.jsonl', '{"id":3,"amount":31}\n')
  expect(await rowsOf('orders')).toEqual([
    { id: '1', amount: '10', note: null },
    { id: '2', amount: '21', note: 'late' },
    { id: '3', amount: '31', note: null },
  ])
  await connected(async (connector) => {
    const row = { id: '1', amount: '10', note: null }
    const applied = await apply(connector, [remove('orders', row)])
    expect(applied).toMatchObject({ outcome: 'held-back', rows: [{ reason: 'rejected' }] })
    expect(applied).toMatchObject({ rows: [{ message: expect.stringContaining('3 files') as string }] })
  })
  drop('orders/stray.csv', 'id,name\n1,Ada\n')
  expect((await troubles())['orders']).toMatch(/'orders\/stray.csv' is of another table than/)
})

test('a key is what was declared, or the fewest first columns that tell the rows apart', async () => {
  drop('a.csv', 'id,name\n1,x\n2,x\n')
  drop('b.csv', 'country,zip,name\nde,1,x\nfr,1,y\nde,2,z\n')
  drop('c.csv', 'x,y\n1,1\n1,1\n')
  drop('d.csv', 'x,y\n,1\n2,1\n')
  const keys = await connected(async (connector) =>
    Object.fromEntries((await connector.discover()).map(({ name, key }) => [name, key.join()])),
  )
  expect(keys).toEqual({ a: 'id', b: 'country,zip', c: '', d: '' })
  expect((await troubles())['c']).toContain('say which ones are the key')
  const [table] = await connected((one) => one.discover(['a']), [{ table: 'a', key: ['name', 'id'] }])
  expect(table!.key).toEqual(['name', 'id'])
  const [wrong] = await connected((one) => one.discover(['a']), [{ table: 'a', key: ['gone'] }])
  expect(wrong!.trouble).toBe("'a.csv' has no column 'gone' for its key")
})

test('what is no table, or is none of ours, stops its own table and is named', async () => {
  drop('good.csv', 'id\n1\n')
  drop('ragged.csv', 'id,n\n1,2\n3\n')
  drop('twice.csv', 'id,id\n1,2\n')
  drop('empty.csv', '')
  drop('latin.csv', Buffer.from('id,n\n1,\xe4\n', 'latin1'))
  drop('quote.csv', 'id,n\n1,"open\n')
  drop('broken.jsonl', '{"id":1}\n{"id":\n')
  drop('marked.jsonl', '\ufeff{"id":1}\n')
  drop('__proto__.csv', 'id,constructor\n1,x\n')
  drop('People.csv', 'id\n1\n')
  drop('people.csv', 'id\n2\n')
  drop('both.csv', 'id\n1\n')
  drop('both.jsonl', '{"id":1}\n')
  fs.symlinkSync('/etc/hostname', path.join(folder, 'link.csv'))
  fs.mkdirSync(path.join(folder, 'inner'))
  fs.symlinkSync('/etc/hostname', path.join(folder, 'inner/link.csv'))
  fs.symlinkSync(folder, path.join(folder, 'round'))
  execFileSync('mkfifo', [path.join(folder, 'pipe.csv')])
  const found = new Map(
    await connected(async (one) =>
      (await one.discover()).map(({ name, trouble }) => [name, trouble] as const),
    ),
  )
  expect(found.get('good')).toBe(undefined)
  expect(found.get('__proto__')).toBe(undefined)
  expect([found.get('People'), found.get('people')]).toEqual([undefined, undefined])
  expect(found.get('twice')).toContain("two columns are called 'id'")
  expect(found.get('empty')).toBe("'empty.csv' is empty: it has no header")
  expect(found.get('broken')).toContain("'broken.jsonl' line 2: line is not JSON")
  expect(found.get('marked')).toBe("'marked.jsonl' is not a table: it begins with a byte order mark (line 1)")
  expect(found.get('both')).toBe(
    "'both.csv' and 'both.jsonl' would both be the table 'both': leave one of them there, or put them into the folder 'both/' if together they are the table",
  )
  expect(found.get('link')).toBe("'link.csv' is a symbolic link")
  expect(found.get('inner')).toBe("'inner/link.csv' is a symbolic link")
  expect(found.get('pipe')).toBe("'pipe.csv' is not a file")
  expect(found.has('round')).toBe(false)
  for (const name of ['ragged', 'latin', 'quote']) {
    const trouble =
      found.get(name) ??
      (await rowsOf(name).then(
        () => '',
        (error: Error) => error.message,
      ))
    expect(trouble).toContain(`'${name}.csv' line`)
    if (name === 'latin') expect(trouble).toContain('save the file as UTF-8')
  }
  expect(await rowsOf('__proto__')).toEqual([{ id: '1', constructor: 'x' }])
})

test('what a file without quotes cannot hold is refused by name, and so is what would be read as quotes', async () => {
  drop('t.tsv', 'id\tv\n1\t5" disk\n')
  const refused: readonly [string, string][] = [
    ['a\tb', 'the file knows no quotes'],
    ['two\nlines', 'the file knows no quotes'],
    ['', 'the file knows no quotes'],
  ]
  for (const [v, message] of refused)
    await connected(async (connector) => {
      expect(await apply(connector, [insert('t', { id: '2', v })])).toMatchObject({
        rows: [{ reason: 'rejected', message: expect.stringContaining(message) as string }],
      })
    })
  drop('q.tsv', 'id\tv\n1\tx\n')
  await connected(async (connector) => {
    expect(heldBack(await apply(connector, [insert('q', { id: '2', v: '"quoted"' })]))).toBe('rejected 2')
    expect(heldBack(await apply(connector, [insert('q', { id: '2', v: '5" disk' })]))).toBe('nothing')
  })
  expect(text('q.tsv')).toBe('id\tv\n1\tx\n2\t5" disk\n')
})

test('a file that changes while it is read is not read by half, and one that is new is left alone for a while', async () => {
  drop('a.csv', `id,n\n${Array.from({ length: 200_000 }, (_, i) => `${i},x\n`).join('')}`)
  const file = await OpenedFolderFile.open(path.join(folder, 'a.csv'), 'a.csv', 0)
  const reading = async (): Promise<number> => {
    let bytes = 0
    for await (const part of file.bytes()) {
      if (bytes === 0) fs.appendFileSync(path.join(folder, 'a.csv'), 'more,y\n')
      bytes += part.length
    }
    return bytes
  }
  await expect(reading()).rejects.toThrow("'a.csv' is being written")
  await file.close()
  drop('b.csv', 'id\n1\n')
  const writtenMs = fs.statSync(path.join(folder, 'b.csv')).mtimeMs
  const later = await OpenedFolderFile.open(path.join(folder, 'b.csv'), 'b.csv', 300)
  expect(Date.now()).toBeGreaterThanOrEqual(Math.floor(writtenMs) + 299)
  await later.close()
})

test('what we have written ourselves need not be left alone before the next plan', async () => {
  drop('a.csv', 'id\n1\n')
  const old = new Date(Date.now() - 4_000_000)
  fs.utimesSync(path.join(folder, 'a.csv'), old, old)
  const connector = await openEndpoint(url(3_600), { files: [{ table: 'a', key: ['id'] }] })
  for (const id of ['2', '3', '4'])
    expect(heldBack(await apply(connector, [insert('a', { id })]))).toBe('nothing')
  await connector.close()
  expect(text('a.csv')).toBe('id\n1\n2\n3\n4\n')
})

test('of many workers that take over at once each gets a number of its own, and what others staged is gone', async () => {
  drop('a.csv', 'id\n1\n')
  const connectors = await Promise.all(Array.from({ length: 8 }, () => openEndpoint(url())))
  const taken = await Promise.all(
    connectors.flatMap((connector) => [connector.takeOver('shop'), connector.takeOver('shop')]),
  )
  expect(taken.map(({ fence }) => fence).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 16 }, (_, i) => i + 1),
  )
  for (const connector of connectors) await connector.close()
  expect(fs.readdirSync(folder).sort()).toEqual(['.varve-sync.16.json', 'a.csv'])
})

test('a file that is replaced keeps its rights, and a new table is made of what is known of it', async () => {
  drop('a.csv', 'id,n\n1,x\n')
  fs.chmodSync(path.join(folder, 'a.csv'), 0o640)
  const columns = [
    { name: 'id', type: 'int' as const },
    { name: 'paid', type: 'bool' as const },
  ]
  await connected(
    async (connector) => {
      expect(heldBack(await apply(connector, [insert('a', { id: '2', n: 'y' })]))).toBe('nothing')
      const made = ['10', '9', '1'].map((id) => insert('made', { id, paid: null }))
      expect(heldBack(await apply(connector, made))).toBe('nothing')
      await expect(connector.discover(['other'])).rejects.toMatchObject({ code: 'VARVE_PATH_NOT_FOUND' })
    },
    [{ table: 'made', key: ['id'], columns }],
  )
  expect(fs.statSync(path.join(folder, 'a.csv')).mode & 0o777).toBe(0o640)
  expect(text('made.csv')).toBe('id,paid\n1,\n9,\n10,\n')
})

test('an address is the whole path of a folder that is there', async () => {
  for (const wrong of [
    'folder:drop',
    'folder:./drop',
    'folder:///x?settle=soon',
    'folder:///x?mode=2',
    'folder://host/x',
  ])
    await expect(openEndpoint(wrong), wrong).rejects.toMatchObject({ code: 'VARVE_USAGE' })
  await expect(openEndpoint(`folder://${folder}/none`)).rejects.toMatchObject({
    code: 'VARVE_UNREACHABLE',
    hint: expect.stringContaining('mounted') as string,
  })
  const connector = await openEndpoint(`folder:${folder}`)
  expect(connector.location).toBe(`folder://${fs.realpathSync(folder)}`)
  await connector.close()
})

test('a folder that is away amid a round is one that cannot be reached, and no fault of its files', async () => {
  const folder = path.join(temporaryDir(), 'drop')
  fs.mkdirSync(folder)
  fs.writeFileSync(path.join(folder, 'people.csv'), 'id\n1\n')
  const place = await FolderPlace.open({ folder, settleMs: 0 })
  fs.renameSync(folder, `${folder} away`)
  const steps = [
    () => place.list(),
    () => place.identity(),
    () => place.readState(),
    () => place.writeState('{}', { text: null, version: null }),
    () => place.clearStaged('x'),
    () => place.stage('people.csv', (async function* () {})(), null, 'x'),
  ]
  for (const step of steps) await expect(step()).rejects.toMatchObject({ code: 'VARVE_UNREACHABLE' })
  fs.renameSync(`${folder} away`, folder)
  expect(await place.list()).toEqual([{ path: 'people.csv' }])
  await place.close()
})

test('whoever is overtaken amid its files does not say what they were brought to', async () => {
  const place = await FolderPlace.open({ folder: temporaryDir(), settleMs: 0 })
  const [late, early] = ['a'.repeat(64), 'b'.repeat(64)]
  const plan = { link: 'shop', tables: [], async *changes() {} }
  const { fence } = await takeOver(place, 'shop')
  const other = await takeOver(place, 'shop')
  await writeBase(place, { ...plan, fence: other.fence, base: early })
  await expect(writeBase(place, { ...plan, fence, base: late })).rejects.toMatchObject({
    code: 'VARVE_NOT_POSSIBLE',
    data: { passing: true },
  })
  expect(await readCheckpoint(place, 'shop')).toEqual({ fence: other.fence, base: early })
  await place.close()
})

test('whoever names the file instead of the table is told what the table is called', async () => {
  drop('people.csv', 'id\n1\n')
  const failure = connected((connector) => connector.discover(['people.csv']))
  await expect(failure).rejects.toMatchObject({
    code: 'VARVE_PATH_NOT_FOUND',
    hint: "tables are named without the file's ending: 'people'",
  })
})
