// Links whose tables are named by patterns.
import fs from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { beforeEach, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { temporaryDir } from '../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
let repo: Repository
let file: string
let warnings: string[]

beforeEach(async () => {
  const root = path.join(temporaryDir(), 'repo')
  warnings = []
  repo = await Repository.init(root, { author, onWarning: (message) => warnings.push(message) })
  file = path.join(path.dirname(root), 'shop.db')
  const db = new DatabaseSync(file)
  db.exec(`CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE order_lines (id INTEGER PRIMARY KEY, item TEXT); CREATE TABLE orders (id INTEGER PRIMARY KEY);
    CREATE TABLE journal (line TEXT); INSERT INTO people VALUES (1, 'Ada'); CREATE VIEW names AS SELECT name FROM people`)
  db.close()
})

const add = (tables: string[]): Promise<{ readonly tables: readonly string[] }> =>
  repo.addLink('shop', { endpoint: `sqlite://${file}`, mode: 'capture', tables })

test('a pattern stands for the tables that are there and can be kept in step', async () => {
  const { tables } = await add(['*'])
  expect(tables.toSorted()).toEqual(['order_lines', 'orders', 'people'])
  expect(warnings).toEqual(["left out 'journal': has no key"])
  expect(fs.readFileSync(path.join(repo.root!, 'varve.yaml'), 'utf8')).not.toContain('*')
  const receipt = await repo.sync('shop')
  expect(receipt.tables.map(({ table }) => table).toSorted()).toEqual(tables.toSorted())
})

test('patterns and names go together, and each table is there once', async () => {
  expect((await add(['order*', 'people', 'orders'])).tables.toSorted()).toEqual([
    'order_lines',
    'orders',
    'people',
  ])
})

test('a pattern that matches nothing, or nothing that can be kept in step, is refused', async () => {
  await expect(add(['sales.*'])).rejects.toMatchObject({
    code: 'VARVE_PATH_NOT_FOUND',
    message: "no table matches 'sales.*'",
    hint: expect.stringContaining('people'),
  })
  await expect(add(['jour*'])).rejects.toMatchObject({
    code: 'VARVE_RULE_VIOLATED',
    hint: "'journal': has no key",
  })
  expect(await repo.links()).toEqual([])
})

test('a table whose own name looks like a pattern is that table', async () => {
  const db = new DatabaseSync(file)
  db.exec('CREATE TABLE "people*" (id INTEGER PRIMARY KEY)')
  db.close()
  expect((await add(['people*'])).tables).toEqual(['people*'])
})

test('a template has the same tables at both endpoints', async () => {
  const other = path.join(path.dirname(file), 'other.db')
  fs.copyFileSync(file, other)
  const db = new DatabaseSync(other)
  db.exec('CREATE TABLE more (id INTEGER PRIMARY KEY)')
  db.close()
  const links = await repo.useLinkTemplate('databases-in-step', 'shop', {
    endpoints: [`sqlite://${file}`, `sqlite://${other}`],
    tables: ['*'],
  })
  expect(links).toHaveLength(2)
  for (const { tables } of links) expect(tables.toSorted()).toEqual(['order_lines', 'orders', 'people'])
})

test.skipIf(!hasPostgres)(
  `a partition comes with its table, or by its own name${withoutPostgres}`,
  async () => {
    const postgres = await startPostgres()
    try {
      const endpoint = await postgres.database('shop')
      const db = await postgres.client(endpoint)
      await db.query(`
      CREATE TABLE events (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
      CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')`)
      const linked = async (name: string, tables: string[]): Promise<readonly string[]> =>
        (await repo.addLink(name, { endpoint, mode: 'capture', tables })).tables
      expect(await linked('all', ['*'])).toEqual(['events'])
      expect(await linked('one', ['events_2026'])).toEqual(['events_2026'])
      expect(warnings).toEqual([])
    } finally {
      await postgres.stop()
    }
  },
  60_000,
)
