// A database whose tables are dropped and loaded again from an older dump, as pg_restore and mysqldump do it: links that never
// wrote to it notice, and the earlier rows wait until somebody lets them in. What only looks like it goes on.
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Receipt } from '../../src/sync/interface.ts'
import { discardPending } from '../../src/sync/pending/discard.ts'
import { clientProgram, startMariadb, withoutMariadb } from '../support/mariadb.ts'
import { startMysql, withoutMysql } from '../support/mysql.ts'
import type { MysqlServer } from '../support/mysql-server.ts'
import {
  type Postgres,
  hasPostgres,
  postgresProgram,
  startPostgres,
  withoutPostgres,
} from '../support/postgres.ts'
import { ShopLink } from '../support/shop-link.ts'
import { temporaryDir } from '../support/temporary.ts'

const waits = ({ heldBack, pending }: Receipt): boolean =>
  pending !== null &&
  heldBack.some(({ reason, message }) => reason === 'guard' && message.includes('earlier state'))

describe.skipIf(!hasPostgres)(`tables of PostgreSQL that are loaded again${withoutPostgres}`, () => {
  let postgres: Postgres
  beforeAll(async () => {
    postgres = await startPostgres({ max_replication_slots: '60' })
  }, 60_000)
  afterAll(() => postgres.stop(), 60_000)

  /** A link whose database was dumped in the middle of what it has read. */
  async function dumped(setting: Parameters<typeof ShopLink.create>[1]) {
    const shop = await ShopLink.create(postgres, setting)
    const file = path.join(temporaryDir(), 'dump')
    await shop.sync()
    await shop.db.query('UPDATE people SET age = 37 WHERE id = 1')
    await shop.sync()
    // What no round has seen as it is now is in it too.
    await shop.db.query('UPDATE people SET age = 99 WHERE id = 2')
    execFileSync(postgresProgram('pg_dump'), ['-Fc', '-f', file, '-d', shop.link.endpoint])
    await shop.db.query("INSERT INTO people VALUES (4, 'Barbara', 84), (5, 'Donald', 87)")
    await shop.db.query('UPDATE people SET age = 38 WHERE id = 1')
    await shop.sync()
    await shop.db.query('UPDATE people SET age = 40 WHERE id = 1')
    await shop.sync()
    const restore = (): void =>
      void execFileSync(postgresProgram('pg_restore'), ['--clean', '-d', shop.link.endpoint, file])
    return { shop, restore, branch: await shop.branchRows() }
  }

  test.each(['compare', 'log'] as const)(
    'changes: %s, a capture waits however much is written, and takes the earlier rows in when approved',
    async (changes) => {
      const { shop, restore, branch } = await dumped({ mode: 'capture', changes })
      restore()
      const stopped = await shop.sync()
      expect([waits(stopped), await shop.branchRows()]).toEqual([true, branch])
      await shop.db.query('UPDATE people SET age = 73 WHERE id = 3')
      const later = await shop.sync()
      expect([waits(later), await shop.branchRows()]).toEqual([true, branch])
      await shop.sync({ approve: later.pending! })
      expect(await shop.branchRows()).toEqual(await shop.rows())
      expect((await shop.sync()).pending).toBeNull()
    },
  )

  test('discarded, a capture keeps what it has, and takes what is written from then on', async () => {
    const { shop, restore, branch } = await dumped({ mode: 'capture' })
    restore()
    await shop.sync()
    await discardPending(shop.repo, null, shop.link)
    await shop.db.query('UPDATE people SET age = 73 WHERE id = 3')
    expect((await shop.sync()).pending).toBeNull()
    expect((await shop.branchRows())[2]).toEqual({ id: 3, name: 'Edsger', age: 73 })
    expect(await shop.branchRows()).toHaveLength(branch.length)
  })

  test('in both ways and never written to: approved, nothing is overwritten, and what differs is a clash', async () => {
    const { shop, restore, branch } = await dumped({ mode: 'two-way' })
    restore()
    const there = await shop.rows()
    const stopped = await shop.sync()
    expect([waits(stopped), await shop.branchRows(), await shop.rows()]).toEqual([true, branch, there])
    const { heldBack } = await shop.sync({ approve: stopped.pending! })
    expect(heldBack.map(({ key, reason }) => [key, reason])).toEqual([['1', 'conflict']])
    expect((await shop.rows())[0]).toEqual(there[0])
  })

  test.each([
    [
      'emptied and filled from newer data',
      'TRUNCATE people; INSERT INTO people SELECT i, $$new $$ || i, i FROM generate_series(1, 6) i',
    ],
    ['rewritten', 'UPDATE people SET age = 37 WHERE id = 1; VACUUM FULL people'],
    [
      'given a column, and a row is as it was once',
      'ALTER TABLE people ADD COLUMN note text; UPDATE people SET age = 37 WHERE id = 1',
    ],
    [
      'exchanged for a new one with newer data',
      `CREATE TABLE made (id int PRIMARY KEY, name text, age int); INSERT INTO made SELECT id, name, age + 100 FROM people;
       DROP TABLE people; ALTER TABLE made RENAME TO people`,
    ],
    [
      'exchanged for a new one with the same rows, and one more',
      `CREATE TABLE made (id int PRIMARY KEY, name text, age int); INSERT INTO made SELECT * FROM people;
       INSERT INTO made VALUES (9, 'Nine', 9); DROP TABLE people; ALTER TABLE made RENAME TO people`,
    ],
  ])('a table that is %s is no restored one', async (_, statements) => {
    const { shop } = await dumped({ mode: 'capture' })
    for (const one of statements.split(';')) await shop.db.query(one)
    expect((await shop.sync()).pending).toBeNull()
    expect((await shop.branchRows()).length).toBe((await shop.rows()).length)
  })
})

describe.each([
  ['MariaDB', withoutMariadb, startMariadb],
  // By MariaDB's programs.
  ['MySQL', withoutMysql || withoutMariadb, startMysql],
] as const)('tables of %s that are loaded again%s', (_, without, start) => {
  let server: MysqlServer
  beforeAll(async () => {
    if (without === '') server = await start()
  }, 60_000)
  afterAll(() => server?.stop(), 60_000)

  test.skipIf(without !== '').each(['compare', 'log'] as const)(
    'changes: %s, from an older dump of mysqldump',
    async (changes) => {
      const endpoint = await server.database(`shop_${changes}`)
      const db = await server.client(endpoint)
      await db.query(`CREATE TABLE people (id int PRIMARY KEY, name text);
      INSERT INTO people VALUES (1, 'Ada'), (2, 'Grace')`)
      const shop = ShopLink.over(endpoint, { changes, mode: 'capture' })
      await shop.sync()
      const socket = decodeURIComponent(endpoint.split('socket=')[1]!)
      const how = ['--no-defaults', '-u', 'root', '-S', socket]
      const dump = execFileSync(clientProgram('mariadb-dump'), [...how, `shop_${changes}`])
      await db.query("INSERT INTO people VALUES (3, 'Edsger'); UPDATE people SET name = 'G.' WHERE id = 2")
      await shop.sync()
      const branch = await shop.branchRows()
      // The server tells to the second when a table was made.
      await db.query('SELECT SLEEP(1.1)')
      execFileSync(clientProgram('mariadb'), [...how, `shop_${changes}`], { input: dump })
      const stopped = await shop.sync()
      expect([waits(stopped), await shop.branchRows()]).toEqual([true, branch])
      await shop.sync({ approve: stopped.pending! })
      expect(await shop.branchRows()).toEqual([
        { id: 1, name: 'Ada' },
        { id: 2, name: 'Grace' },
      ])
      await db.query('SELECT SLEEP(1.1)')
      await db.query("ALTER TABLE people ENGINE = InnoDB; INSERT INTO people VALUES (7, 'Seven')")
      expect((await shop.sync()).pending).toBeNull()
      expect(await shop.branchRows()).toHaveLength(3)
    },
  )
})
