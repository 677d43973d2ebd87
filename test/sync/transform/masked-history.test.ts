// Masked rows on their ways through history: edited, derived, merged, taken back, carried in files. Wherever they come to, no
// link writes them over the values in the SQLite file that they were read from.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { beforeEach, expect, test } from 'vitest'
import { Repository } from '../../../src/index.ts'
import type { LinkMode } from '../../../src/dataset/interface.ts'
import { loadTable, markTable } from '../../../src/table/table-object.ts'
import { oneWayOf } from '../../../src/table/one-way.ts'
import { Tree } from '../../../src/files/tree.ts'
import { readCommit, writeCommit } from '../../../src/history/commit.ts'
import type { CommitCid } from '../../../src/encoding/cid.ts'
import { withWriter } from '../../../src/repo/context.ts'
import { identityKey } from '../../../src/sync/state.ts'
import { fault } from '../../support/fault.ts'
import { temporaryDir } from '../../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
const refused = expect.stringMatching(/^VARVE_REFUSED: the branch has of 'people' what a transform/)
const [ada, grace] = [
  { id: 1, name: 'Ada', age: 36 },
  { id: 2, name: 'Grace', age: 85 },
]
const hidden = (row: object): object => ({ ...row, name: '[redacted]' })

let dir: string
let database: string
let repo: Repository

beforeEach(async () => {
  dir = temporaryDir()
  database = path.join(dir, 'shop.db')
  write(`CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, age INTEGER);
    INSERT INTO people VALUES (1, 'Ada', 36), (2, 'Grace', 85)`)
  repo = await Repository.init(path.join(dir, 'first'), { author })
  writeFileSync(path.join(repo.root!, 'varve.yaml'), 'links: {}\n')
  declare(repo, 'shop', 'capture', { masked: true })
  await repo.add(['varve.yaml'])
  await repo.commit({ message: 'begin' })
  await repo.sync('shop')
  return () => repo.close()
})

function write(sql: string): void {
  const file = new DatabaseSync(database)
  file.exec(sql)
  file.close()
}

function there(sql = 'SELECT * FROM people ORDER BY id'): object[] {
  const file = new DatabaseSync(database)
  const rows = file.prepare(sql).all()
  file.close()
  return rows.map((row) => ({ ...row }))
}

interface Declared {
  readonly each?: boolean
  readonly masked?: boolean
  readonly into?: string
  readonly tables?: string
}

/** The link as varve.yaml has it from now on, and no other. */
function declare(
  at: Repository,
  name: string,
  mode: LinkMode,
  { masked = false, each = false, into = 'shop', tables = 'people' }: Declared = {},
): void {
  const transform = masked ? ', transform: {people: {columns: {name: {mask: redact}}}}' : ''
  const file = path.join(at.root!, 'varve.yaml')
  const others = readFileSync(file, 'utf8').replace(/^links: .*\n/m, '')
  const rest = `into: ${into}${transform}${each ? ', commits: each' : ''}`
  const link = `{endpoint: 'sqlite://${database}', mode: ${mode}, tables: [${tables}], ${rest}}`
  writeFileSync(file, `links: {${name}: ${link}}\n${others}`)
}

async function rows(at: Repository, table: string, revision = 'main'): Promise<object[]> {
  const all: object[] = []
  for await (const row of (await at.at(revision)).table(table).scan()) all.push({ ...row })
  return all
}

async function expectRefused(at: Repository, into = 'shop'): Promise<void> {
  for (const mode of ['mirror', 'materialize', 'two-way'] as const) {
    declare(at, 'back', mode, { into })
    expect(await fault(at.sync('back'))).toEqual(refused)
  }
  expect(there()).toEqual([ada, grace])
}

test('edited, and with a column of its own', async () => {
  await repo.transaction('main', (tx) =>
    tx.table('shop/people').put({ id: 3, name: 'new', age: 1, more: 'x' }),
  )
  await expectRefused(repo)
})

test('merged with a branch that has the values, and has the values itself from then on', async () => {
  await repo.createBranch('masked')
  declare(repo, 'shop', 'capture')
  await repo.sync('shop')
  expect(await rows(repo, 'shop/people')).toEqual([ada, grace])
  await repo.transaction('masked', (tx) => tx.table('shop/people').put({ id: 3, name: 'new', age: 1 }))
  write(`UPDATE people SET age = 37 WHERE id = 1`)
  await repo.sync('shop')
  declare(repo, 'shop', 'capture', { masked: true })
  await repo.restore(['varve.yaml'])
  await repo.merge('masked')
  expect(await rows(repo, 'shop/people')).toEqual([
    { ...ada, age: 37 },
    grace,
    { id: 3, name: 'new', age: 1 },
  ])
  declare(repo, 'back', 'mirror')
  expect(await fault(repo.sync('back'))).toEqual(refused)
  // A table as it was read is one that was read without the mask.
  await repo.restore(['shop/people'], { source: 'refs/links/shop/live', staged: true })
  await repo.commit({ message: 'as it was read' })
  await repo.sync('back')
  expect(there()).toEqual([{ ...ada, age: 37 }, grace])
})

test('brought back by a revert of what had brought the values: in no mode are they a change of the branch', async () => {
  declare(repo, 'shop', 'capture')
  await repo.sync('shop')
  await repo.restore(['varve.yaml'])
  await repo.revert(['HEAD'], { mainline: 1 })
  expect(await rows(repo, 'shop/people')).toEqual([hidden(ada), hidden(grace)])
  for (const mode of ['two-way', 'mirror', 'materialize'] as const) {
    declare(repo, 'shop', mode)
    expect(await fault(repo.sync('shop'))).toEqual(refused)
  }
  declare(repo, 'shop', 'capture')
  await repo.sync('shop')
  declare(repo, 'shop', 'mirror')
  expect(await fault(repo.sync('shop'))).toEqual(refused)
  expect(there()).toEqual([ada, grace])
})

test('between two commits that are written one by one: the one that has them is passed over', async () => {
  const plain = async (): Promise<unknown> => {
    declare(repo, 'shop', 'capture')
    return repo.sync('shop')
  }
  const back = async (): Promise<unknown> => {
    declare(repo, 'back', 'mirror', { each: true })
    return repo.sync('back')
  }
  const put = (row: object): Promise<unknown> =>
    repo.transaction('main', (tx) => tx.table('shop/people').put(row as never))
  await plain()
  await put({ ...ada, age: 37 })
  await back()
  write(`CREATE TABLE seen (name TEXT);
    CREATE TRIGGER look AFTER UPDATE ON people BEGIN INSERT INTO seen VALUES (new.name); END`)
  await put({ ...ada, age: 38 })
  await back()
  declare(repo, 'shop', 'capture', { masked: true })
  await repo.sync('shop')
  await plain()
  await put({ ...ada, age: 39 })
  await put({ ...ada, age: 40 })
  await back()
  expect(there('SELECT name FROM seen')).toEqual(Array.from({ length: 3 }, () => ({ name: 'Ada' })))
  expect(there()).toEqual([{ ...ada, age: 40 }, grace])
})

test.each(['a shallow clone', 'a bundle'])('in %s', async (how) => {
  const [isBundle, file] = [how === 'a bundle', path.join(dir, 'all.bundle')]
  if (isBundle) await repo.createBundle(file)
  const options = isBundle ? { author } : { author, depth: 1 }
  await using other = await Repository.clone(isBundle ? file : repo.root!, path.join(dir, 'other'), options)
  await expectRefused(other)
})

test('derived: not over the table that it is made of, but into another one of the same system', async () => {
  const file = path.join(repo.root!, 'varve.yaml')
  appendFileSync(
    file,
    `derive:
  made/people: {from: {people: shop/people}, sql: 'SELECT id, name, age FROM people WHERE age > 40', key: id}
  made/counted: {from: {people: made/people}, sql: 'SELECT count(*) AS n FROM people', key: n}
`,
  )
  await repo.add(['varve.yaml'])
  await repo.commit({ message: 'derive' })
  await repo.derive()
  await expectRefused(repo, 'made')
  write('CREATE TABLE counted (n INTEGER PRIMARY KEY)')
  declare(repo, 'back', 'mirror', { into: 'made', tables: 'counted' })
  expect((await repo.sync('back')).tables[0]!.written.added).toBe(1)
  // Made of values, it may go there.
  declare(repo, 'shop', 'capture')
  await repo.sync('shop')
  await repo.derive()
  declare(repo, 'back', 'materialize', { into: 'made' })
  expect((await repo.sync('back')).heldBack).toEqual([])
})

test.each([
  ['says where the rows lie', { table: 'people', path: 'shop/people' }],
  ['does not', 'people'],
])(
  'of an earlier version: the next round of the link says it, and its note, which %s, holds until then',
  async (_, table) => {
    await forgetSources()
    const { store } = repo.repo
    const identity = (await store.manifest()).config.get(identityKey('shop'))!
    await store.update(() => ({
      config: new Map([['link.shop.oneWay', JSON.stringify({ identity, tables: [table] })]]),
      operation: { name: 'config', message: '', author: '' },
    }))
    await expectRefused(repo)
    await using before = await Repository.clone(repo.root!, path.join(dir, 'before'), { author })
    await before.fetch()
    declare(repo, 'shop', 'capture', { masked: true })
    const receipt = await repo.sync('shop')
    expect(receipt.tables[0]!.captured).toEqual({ added: 0, changed: 0, removed: 0 })
    expect((await repo.sync('shop')).commit).toBe(receipt.commit)
    await before.pull()
    await expectRefused(before)
    declare(repo, 'shop', 'capture')
    await repo.sync('shop')
    expect((await store.manifest()).config.has('link.shop.oneWay')).toBe(false)
    declare(repo, 'back', 'mirror')
    await repo.sync('back')
    expect(there()).toEqual([ada, grace])
  },
)

test('of an earlier version: a round of the link without the table leaves the note of it', async () => {
  const { store } = repo.repo
  const identity = (await store.manifest()).config.get(identityKey('shop'))!
  const note = JSON.stringify({ identity, tables: ['people'] })
  await store.update(() => ({
    config: new Map([['link.shop.oneWay', note]]),
    operation: { name: 'config', message: '', author: '' },
  }))
  write('CREATE TABLE orders (id INTEGER PRIMARY KEY)')
  declare(repo, 'shop', 'capture', { tables: 'orders' })
  await repo.sync('shop')
  expect((await store.manifest()).config.get('link.shop.oneWay')).toBe(note)
})

/** As an earlier version left it: no table names its source. */
async function forgetSources(): Promise<void> {
  await withWriter(repo.repo, async (writer, nodes) => {
    const io = { writer, nodes }
    const manifest = await repo.repo.store.manifest()
    const plain = async (ref: string, at: string): Promise<readonly [string, CommitCid]> => {
      const commit = await readCommit(nodes.reader, manifest.refs.get(ref) as CommitCid)
      const tree = await Tree.load(nodes, commit.tree)
      const entry = await tree.get(at as never)
      if (entry?.kind !== 'table') throw new Error('no table')
      expect(oneWayOf(await loadTable(nodes.reader, entry.table))).toHaveLength(1)
      const table = (await markTable(io, entry.table, [])) as typeof entry.table
      const unmarked = await tree.update(writer, new Map([[at as never, { ...entry, table }]]))
      return [ref, writeCommit(writer, { ...commit, tree: unmarked.cid })]
    }
    const refs = new Map(
      await Promise.all(
        ['refs/heads/main', 'refs/links/shop/live', 'refs/links/shop/base'].map((ref) =>
          plain(ref, 'shop/people'),
        ),
      ),
    )
    const index = (await readCommit(nodes.reader, refs.get('refs/heads/main')!)).tree
    await repo.repo.store.update(
      () => ({
        refs: new Map([...refs, ['INDEX', index], ['INDEX_BASE', index]] as never),
        operation: { name: 'test', message: '', author: '' },
      }),
      { writer },
    )
  })
}
