// Links that find the changes of an SQLite file by triggers: exact to the row, whatever statement another process writes with,
// and compared where the triggers could not see.
import fs from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Connector } from '../../src/connectors/interface.ts'
import { follow, endpointLine } from '../../src/sync/follow.ts'
import type { Link, Receipt } from '../../src/sync/interface.ts'
import { readMark } from '../../src/sync/log/mark.ts'
import { openLink } from '../../src/sync/open-link.ts'
import { Dice } from '../property/random-merges.ts'
import { ShopLink } from '../support/shop-link.ts'
import { type SqliteWriter, startSqliteWriter } from '../support/sqlite-writer.ts'
import { temporaryDir } from '../support/temporary.ts'

describe('change tables of SQLite', () => {
  let writer: SqliteWriter
  let dir: string
  let file: string
  let count = 0

  beforeAll(() => {
    writer = startSqliteWriter()
    dir = temporaryDir()
  })
  afterAll(() => writer.stop())
  beforeEach(async () => {
    file = `${dir}/shop${++count}.db`
    await writer.query(file, 'PRAGMA journal_mode = WAL')
  })

  function linkTo(tables: readonly string[], setting: Partial<Link> = {}): ShopLink {
    return ShopLink.over(`sqlite://${file}`, { changes: 'log', mode: 'capture', tables, ...setting })
  }

  /** A round that has to do without reading the tables. */
  function onlyByLog(connector: Connector): Connector {
    return new Proxy(connector, {
      get(target, name) {
        if (name === 'snapshot') throw new Error('the tables are read')
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
  }

  async function live(shop: ShopLink): Promise<unknown> {
    return (await shop.store.manifest()).refs.get('refs/links/shop/live')
  }

  /** What was last read is what a comparison finds. */
  async function expectExact(shop: ShopLink): Promise<void> {
    const before = await live(shop)
    const compared = ShopLink.over(shop.link.endpoint, { ...shop.link, changes: 'compare', name: 'other' })
    await compared.sync()
    const rows = async (one: ShopLink): Promise<unknown[]> => {
      const all: unknown[] = []
      for (const table of shop.link.tables) all.push(await one.branchRows(table))
      return all
    }
    expect(await rows(shop)).toEqual(await rows(compared))
    expect(await live(shop)).toBe(before)
  }

  async function own(): Promise<string[]> {
    const rows = await writer.query(
      file,
      "SELECT name FROM sqlite_schema WHERE name LIKE 'varve%' ORDER BY 1",
    )
    return rows.map(({ name }) => name!)
  }

  const shapes: readonly (readonly [what: string, tables: readonly string[], sql: readonly string[]])[] = [
    [
      'rows that REPLACE removes for their unique values',
      ['people'],
      [
        'CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT UNIQUE, a, b, UNIQUE (a, b))',
        "INSERT INTO people VALUES (1, 'Ada', 1, 1), (2, 'Grace', 2, 2), (3, 'Edsger', 3, 3), (4, 'x', NULL, 4)",
        '--',
        "INSERT OR REPLACE INTO people VALUES (9, 'Ada', 9, 9)",
        "REPLACE INTO people VALUES (10, 'Barbara', 2, 2)",
        "UPDATE OR REPLACE people SET name = 'Barbara' WHERE id = 3",
        "INSERT INTO people VALUES (11, 'y', NULL, 4)",
        "INSERT OR IGNORE INTO people VALUES (12, 'y', 5, 5)",
        "INSERT INTO people VALUES (9, 'z', 6, 6) ON CONFLICT (id) DO UPDATE SET b = 60",
      ],
    ],
    [
      'conflict clauses of the table itself, and of its key',
      ['people'],
      [
        'CREATE TABLE people (id INTEGER PRIMARY KEY ON CONFLICT REPLACE, mail TEXT COLLATE NOCASE UNIQUE ON CONFLICT REPLACE)',
        "INSERT INTO people VALUES (1, 'a'), (2, 'b'), (3, 'c')",
        '--',
        "INSERT INTO people VALUES (4, 'A')",
        "INSERT INTO people VALUES (2, 'C')",
        'UPDATE people SET id = 2 WHERE id = 4',
      ],
    ],
    [
      'composite keys WITHOUT ROWID, and keys that change',
      ['people'],
      [
        'CREATE TABLE people (a TEXT, b INTEGER, v, PRIMARY KEY (a, b)) WITHOUT ROWID',
        "INSERT INTO people VALUES ('x', 1, 1), ('x', 2, 2), ('y', 1, 3)",
        '--',
        "UPDATE people SET b = b + 10 WHERE a = 'x'",
        "UPDATE OR REPLACE people SET a = 'x', b = 11 WHERE a = 'y'",
        'DELETE FROM people WHERE b = 12',
        "INSERT INTO people VALUES ('it''s', -5, x'00ff')",
      ],
    ],
    [
      'keys that a collation or a column without a type takes for the same',
      ['people', 'loose'],
      [
        'CREATE TABLE people (id TEXT COLLATE NOCASE PRIMARY KEY, v)',
        'CREATE TABLE loose (id PRIMARY KEY NOT NULL, v)',
        "INSERT INTO people VALUES ('a', 1), ('b', 2)",
        "INSERT INTO loose VALUES (1, 1), ('1', 2), (2.5, 3), (x'31', 4)",
        '--',
        "UPDATE people SET id = 'A' WHERE id = 'a'",
        "REPLACE INTO people VALUES ('B', 3)",
        'UPDATE loose SET id = 1.0 WHERE v = 1',
        "DELETE FROM loose WHERE id = '1'",
        'UPDATE loose SET v = 9 WHERE id = 2.5',
      ],
    ],
    [
      'rows that REPLACE removes for the number that SQLite gave them',
      ['people', 'named'],
      [
        'CREATE TABLE people (id TEXT PRIMARY KEY, v)',
        'CREATE TABLE named (rowid TEXT PRIMARY KEY, v)',
        "INSERT INTO people VALUES ('a', 1), ('b', 2), ('c', 3)",
        "INSERT INTO named VALUES ('a', 1), ('b', 2)",
        '--',
        "REPLACE INTO people (rowid, id, v) VALUES (1, 'd', 4)",
        "UPDATE OR REPLACE people SET rowid = 2 WHERE id = 'c'",
        "REPLACE INTO named (oid, rowid, v) VALUES (1, 'c', 3)",
        "UPDATE people SET v = 5 WHERE id = 'd'",
      ],
    ],
    [
      'rows that foreign keys remove and change, also from a row that is replaced',
      ['people', 'orders'],
      [
        'CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT UNIQUE)',
        'CREATE TABLE orders (id INTEGER PRIMARY KEY, person REFERENCES people (id) ON DELETE CASCADE ON UPDATE CASCADE)',
        "INSERT INTO people VALUES (1, 'a'), (2, 'b'), (3, 'c')",
        'INSERT INTO orders VALUES (1, 1), (2, 1), (3, 2), (4, 3)',
        '--',
        "REPLACE INTO people VALUES (5, 'a')",
        'UPDATE people SET id = 20 WHERE id = 2',
        'DELETE FROM people WHERE id = 3',
      ],
    ],
    [
      'all rows removed at once, and triggers of the user that write on',
      ['people', 'orders'],
      [
        'CREATE TABLE people (id INTEGER PRIMARY KEY, n)',
        'CREATE TABLE orders (id INTEGER PRIMARY KEY, n)',
        'CREATE TRIGGER user AFTER INSERT ON people BEGIN REPLACE INTO orders VALUES (1, NEW.n); UPDATE people SET n = n + 1 WHERE id = NEW.id; END',
        'INSERT INTO people VALUES (1, 1), (2, 2)',
        'INSERT INTO orders VALUES (7, 7)',
        '--',
        'DELETE FROM people WHERE id <> 2',
        'INSERT INTO people VALUES (3, 30)',
        'DELETE FROM orders',
        'INSERT INTO people VALUES (4, 40)',
      ],
    ],
  ]

  test.each(shapes)('%s are found', async (_, tables, sql) => {
    const at = sql.indexOf('--')
    await writer.run(file, sql.slice(0, at))
    const shop = linkTo(tables)
    await shop.sync()
    for (const statement of sql.slice(at + 1)) {
      await writer.run(file, [statement])
      expect((await shop.sync({ allow: ['deletes'] }, onlyByLog)).notes).toEqual([])
      await expectExact(shop)
    }
  })

  test('random writes of all kinds are exact, transaction after transaction', async () => {
    const seed = process.env['CI'] === undefined ? Date.now() % 1_000_000 : 1
    const dice = new Dice(seed)
    const n = (below: number): number => dice.roll(below)
    await writer.run(file, [
      `CREATE TABLE people (id INTEGER PRIMARY KEY, mail TEXT UNIQUE COLLATE NOCASE, boss REFERENCES people (id)
         ON DELETE SET NULL ON UPDATE CASCADE, n INTEGER)`,
      'CREATE TABLE pairs (a, b, v, PRIMARY KEY (a, b)) WITHOUT ROWID',
      'CREATE UNIQUE INDEX half ON pairs (v) WHERE v > 3',
    ])
    const shop = linkTo(['people', 'pairs'])
    await shop.sync()
    const mail = (): string => `'${'aAbBcC'[n(6)]}${n(4)}'`
    const or = (): string => ['OR REPLACE', 'OR IGNORE', 'OR REPLACE'][n(3)]!
    const statement = (): string =>
      [
        `INSERT ${or()} INTO people VALUES (${n(12)}, ${mail()}, NULL, ${n(9)})`,
        `INSERT ${or()} INTO people (mail, n) VALUES (${mail()}, ${n(9)})`,
        `UPDATE ${or()} people SET id = ${n(12)} WHERE id = ${n(12)}`,
        `UPDATE ${or()} people SET mail = ${mail()} WHERE id = ${n(12)}`,
        `UPDATE OR IGNORE people SET boss = (SELECT min(id) FROM people) WHERE id = ${n(12)}`,
        `DELETE FROM people WHERE id = ${n(12)}`,
        `INSERT ${or()} INTO pairs VALUES (${n(3)}, ${['1', '1.0', "'1'", "x'31'"][n(4)]}, ${n(8)})`,
        `UPDATE ${or()} pairs SET b = ${['1', '1.0', "'1'"][n(3)]} WHERE a = ${n(3)}`,
        `UPDATE ${or()} pairs SET v = ${n(8)} WHERE a = ${n(3)}`,
        `DELETE FROM pairs WHERE v = ${n(8)}`,
      ][n(10)]!
    for (let round = 0; round < 40; round++) {
      const recursive = n(4) === 0 ? ['PRAGMA recursive_triggers = ON'] : []
      const statements = [...recursive, ...Array.from({ length: 1 + n(12) }, statement)]
      await writer.run(file, statements)
      expect((await shop.sync({ allow: ['deletes'] }, onlyByLog)).notes).toEqual([])
      await expectExact(shop).catch((error: unknown) => {
        throw new Error(`seed ${seed}, after ${statements.join('; ')}`, { cause: error })
      })
    }
  })

  async function people(): Promise<ShopLink> {
    await writer.run(file, [
      'CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, age INTEGER)',
      "INSERT INTO people VALUES (1, 'Ada', 36), (2, 'Grace', 85), (3, 'Edsger', 72)",
    ])
    const shop = linkTo(['people'])
    await shop.sync()
    return shop
  }

  test.each([
    [
      'a trigger is dropped',
      ['DROP TRIGGER varve_changes_update_people', 'UPDATE people SET age = 1 WHERE id = 1'],
    ],
    [
      'the table is made anew',
      [
        'DROP TABLE people',
        'CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, age INTEGER)',
        "INSERT INTO people VALUES (1, 'b', 2)",
      ],
    ],
    [
      'a unique index comes',
      ['CREATE UNIQUE INDEX one ON people (name)', "REPLACE INTO people VALUES (9, 'Ada', 2)"],
    ],
    ['a column is added', ['ALTER TABLE people ADD city TEXT', "UPDATE people SET city = 'x'"]],
    ['its changes are removed', ['UPDATE people SET age = 1', 'DELETE FROM varve_changes']],
    ['its place is forgotten', ['UPDATE people SET age = 1', 'DELETE FROM varve_log']],
    ['its tables are dropped', ['DROP TABLE varve_changes', 'DROP TABLE varve_log']],
    [
      'another link makes the triggers anew',
      ['DROP TRIGGER varve_changes_insert_people', "INSERT INTO people VALUES (4, 'x', 1)"],
      true,
    ],
  ] as [string, string[], boolean?][])(
    'when %s the tables are compared, it is said, and the triggers are there again',
    async (_, sql, withOther = false) => {
      const shop = await people()
      const other = linkTo(['people'])
      if (withOther) await other.sync()
      await writer.run(file, sql)
      if (withOther) await other.sync()
      const receipt = await shop.sync({ allow: ['deletes'] })
      expect(receipt.notes.join()).toContain('the tables were compared')
      await expectExact(shop)
      await writer.run(file, ["INSERT INTO people (id, name) VALUES (77, 'new')"])
      expect((await shop.sync({}, onlyByLog)).notes).toEqual([])
      await expectExact(shop)
    },
  )

  test('a file that is set back to a backup is noticed, whatever was written since', async () => {
    const shop = await people()
    await writer.run(file, ['UPDATE people SET age = 1 WHERE id = 1'])
    const backup = `${file}.backup`
    await writer.query(file, 'PRAGMA wal_checkpoint(TRUNCATE)')
    fs.copyFileSync(file, backup)
    await writer.run(file, ['UPDATE people SET age = 2 WHERE id = 2'])
    await shop.sync()
    await writer.query(file, 'PRAGMA wal_checkpoint(TRUNCATE)')
    fs.copyFileSync(backup, file)
    await writer.run(file, ['UPDATE people SET age = 3 WHERE id = 3'])
    expect((await shop.sync()).notes.join()).toContain('set back')
    await expectExact(shop)
  })

  test('a place that was reached again, by other changes, is another place', async () => {
    const shop = await people()
    const saved = `${file}.saved`
    await writer.query(file, 'PRAGMA wal_checkpoint(TRUNCATE)')
    fs.copyFileSync(file, saved)
    const connector = await openLink(shop.link)
    const tables = await connector.discover(['people'])
    const log = connector.log!
    const began = readMark(await shop.store.manifest(), 'shop')!.at!
    /** As another repository does that is a copy of this one. */
    const readFrom = async (sql: string): Promise<string> => {
      await writer.run(file, [sql])
      const reader = await log.open(tables, began)
      if ('lost' in reader) throw new Error(reader.lost)
      let position = ''
      for await (const part of reader.read(await reader.now())) position = part.position ?? position
      await reader.acknowledge(position)
      return position
    }
    const one = await readFrom('UPDATE people SET age = 1 WHERE id = 1')
    await writer.query(file, 'PRAGMA wal_checkpoint(TRUNCATE)')
    fs.copyFileSync(saved, file)
    const other = await readFrom('UPDATE people SET age = 1 WHERE id = 2')
    const lost = { lost: expect.stringContaining('set back') as string }
    expect(await log.open(tables, { position: one, acknowledged: one })).toMatchObject(lost)
    expect(await log.open(tables, { position: other, acknowledged: other })).not.toHaveProperty('lost')
    await connector.close()
  })

  test('a quiet round writes nothing and reads no table', async () => {
    const shop = await people()
    await shop.sync({}, onlyByLog)
    const bytes = (): string[] =>
      [file, `${file}-wal`].map((one) => (fs.existsSync(one) ? fs.readFileSync(one).toString('hex') : ''))
    const before = bytes()
    const receipt = await shop.sync({}, onlyByLog)
    expect(receipt.tables[0]).toMatchObject({ captured: { added: 0, changed: 0, removed: 0 } })
    expect(bytes()).toEqual(before)
  })

  test('what all links have read is removed, and with the last link everything of theirs', async () => {
    const one = await people()
    const two = linkTo(['people'])
    await two.sync()
    await writer.run(file, ['UPDATE people SET age = age + 1'])
    const left = async (): Promise<number> =>
      (await writer.query(file, 'SELECT 1 AS x FROM varve_changes')).length
    await one.sync()
    expect(await left()).toBe(3)
    await two.sync({}, onlyByLog)
    expect(await left()).toBe(0)
    const objects = ['delete', 'insert', 'update'].map((what) => `varve_changes_${what}_people`)
    expect(await own()).toEqual(['varve_changes', ...objects, 'varve_log'])
    for (const shop of [one, two]) {
      const connector = await openLink(shop.link)
      await connector.log!.end(readMark(await shop.store.manifest(), 'shop')!.at!.position)
      await connector.close()
      if (shop === one) expect(await own()).toHaveLength(5)
    }
    expect(await own()).toEqual([])
  })

  test('a link that writes as well takes its own writes for nothing new', async () => {
    const shop = await people()
    shop.link = { ...shop.link, mode: 'two-way' }
    await shop.edit((rows) => rows.put({ id: 1, name: 'Ada L.', age: 36 }))
    await writer.run(file, ['UPDATE people SET age = 5 WHERE id = 2'])
    const receipt = await shop.sync({}, onlyByLog)
    expect(receipt.tables[0]).toMatchObject({ captured: { changed: 1 }, written: { changed: 1 } })
    const quiet = await shop.sync({}, onlyByLog)
    expect(quiet.commit).toBe(receipt.commit)
    expect(quiet.tables[0]).toMatchObject({ captured: { changed: 0 } })
    await expectExact(shop)
  })

  test('a follower hears of changes, and one that was not asked to makes no triggers', async () => {
    for (const changes of ['log', undefined] as const) {
      const { changes: _, ...rest } = (changes === 'log' ? await people() : linkTo(['people'])).link
      const link: Link = changes === undefined ? rest : { ...rest, changes }
      const shop = linkTo(['people'])
      const abort = new AbortController()
      const options = { signal: abort.signal, pollMs: 50 }
      const receipts: Receipt[] = []
      const open = async () =>
        endpointLine(
          { repo: shop.repo, folder: null, connector: await openLink(link), link, options },
          options,
        )
      const ended = (async () => {
        for await (const receipt of follow(shop.repo, link, open, options)) receipts.push(receipt)
      })()
      await expect.poll(() => receipts.length, { timeout: 60_000 }).toBe(1)
      expect(await own()).toHaveLength(changes === 'log' ? 5 : 0)
      await writer.run(file, [`UPDATE people SET age = ${changes === 'log' ? 1 : 2} WHERE id = 3`])
      await expect.poll(() => receipts.length, { timeout: 60_000 }).toBe(2)
      expect(receipts[1]!.tables[0]).toMatchObject({ captured: { changed: 1 } })
      abort.abort()
      await ended
      if (changes === 'log')
        await writer.run(file, [
          'DROP TRIGGER varve_changes_insert_people',
          'DROP TRIGGER varve_changes_update_people',
          'DROP TRIGGER varve_changes_delete_people',
          'DROP TABLE varve_changes',
          'DROP TABLE varve_log',
        ])
    }
  })

  test('where the triggers could not see everything the tables are compared, and the receipt says why', async () => {
    await writer.run(file, [
      'CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT)',
      'CREATE UNIQUE INDEX odd ON people (lower(name))',
      "INSERT INTO people VALUES (1, 'Ada')",
    ])
    const shop = linkTo(['people'])
    expect((await shop.sync()).notes.join()).toContain('over an expression')
    expect(await own()).toEqual([])
    expect(await shop.branchRows()).toHaveLength(1)
  })
})
