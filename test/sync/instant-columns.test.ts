// Columns that MySQL adds at any place, and drops, without touching the rows that are there (ALGORITHM=INSTANT), on a server
// that wants a primary key in every table: rows from before and after come as they are, by the log too. MariaDB does the
// same if VARVE_TEST_MYSQL=all asks for it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type LinkMode, Repository } from '../../src/index.ts'
import { isMysqlChosen } from '../support/mysql.ts'
import { ShopLink } from '../support/shop-link.ts'
import { type SqlDatabase, type SqlSystem, sqlServers } from '../support/sql-systems.ts'
import { temporaryDir } from '../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
const keysOnly: Readonly<Record<string, string>> = {
  MariaDB: '--innodb-force-primary-key=ON',
  MySQL: '--sql-require-primary-key=ON',
}
const kinds = sqlServers.filter(({ name }) => name === 'MySQL' || (isMysqlChosen && name === 'MariaDB'))
const people = [
  'CREATE TABLE people (id int PRIMARY KEY, a varchar(20), b varchar(20))',
  "INSERT INTO people VALUES (1, 'a1', 'b1'), (2, 'a2', 'b2'), (3, 'a3', 'b3')",
] as const
const steps = [
  "ADD COLUMN c varchar(20) DEFAULT 'old' FIRST",
  'DROP COLUMN a',
  'ADD COLUMN e varchar(20) AFTER b, ADD COLUMN d varchar(20) AFTER id',
  'DROP COLUMN c, DROP COLUMN b',
  'ADD COLUMN f int DEFAULT 7 FIRST',
] as const

async function there(db: SqlDatabase): Promise<unknown[]> {
  const names = (await db.rows('SHOW COLUMNS FROM people')).map(([name]) => name!)
  const rows = await db.rows('SELECT * FROM people ORDER BY id')
  return rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])))
}

function texts(rows: readonly object[]): unknown[] {
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, value === null ? null : String(value)]),
    ),
  )
}

describe.each(kinds.map((kind) => [kind.name + kind.without, kind] as const))('%s', (_, kind) => {
  describe.skipIf(kind.without !== '')('', () => {
    let system: SqlSystem
    beforeAll(async () => {
      system = await kind.start([keysOnly[kind.name]!])
    }, 60_000)
    afterAll(() => system.stop(), 60_000)

    test.each(['compare', 'log'] as const)('rounds before and after are right (%s)', async (changes) => {
      const db = await system.database()
      await db.run(...people)
      const shop = ShopLink.over(db.url, { changes })
      await shop.sync()
      for (const [i, step] of steps.entries()) {
        await db.run(
          `UPDATE people SET ${i < 4 ? `b = 'before ${i}' WHERE id = 1` : `e = 'before' WHERE id = 1`}`,
          `ALTER TABLE people ${step}, ALGORITHM=INSTANT`,
          'UPDATE people SET id = id + 10 WHERE id = 2',
          `INSERT INTO people (id) VALUES (${20 + i})`,
        )
        // A column that is gone waits until somebody says yes.
        const { pending } = await shop.sync()
        expect(pending === null || pending === undefined).toBe(!step.includes('DROP'))
        if (step.includes('DROP')) expect((await shop.sync({ approve: pending! })).heldBack).toEqual([])
        expect(texts((await shop.branchRows()) as object[]).toSorted(byId)).toEqual(await there(db))
        // By the log again.
        await db.run(
          'UPDATE people SET id = id - 10 WHERE id = 12',
          `DELETE FROM people WHERE id = ${20 + i - 1}`,
        )
        await shop.edit((table) => table.put({ ...plainRow(step), id: 40 + i }))
        const { heldBack, notes } = await shop.sync()
        expect([
          heldBack.map((one) => one.message),
          notes.filter((note) => note.includes('compared')),
        ]).toEqual([[], []])
        expect(texts((await shop.branchRows()) as object[]).toSorted(byId)).toEqual(await there(db))
      }
    })

    test('a link that is followed goes on', async () => {
      const db = await system.database()
      await db.run(...people)
      const repo = await Repository.init(temporaryDir(), { author })
      const link = { endpoint: db.url, mode: 'two-way' as LinkMode, branch: 'main', changes: 'log' } as const
      await repo.addLink('shop', { ...link, tables: ['people'], into: 'shop' })
      const over = new AbortController()
      let rounds = 0
      const following = (async () => {
        const options = { signal: over.signal, pollMs: 50, onRound: () => rounds++ }
        for await (const { heldBack } of repo.followLink('shop', options)) expect(heldBack).toEqual([])
      })()
      const here = async (): Promise<unknown[]> => {
        const rows: object[] = []
        for await (const row of (await repo.at('main')).table('shop/people').scan()) rows.push(row)
        return texts(rows).toSorted(byId)
      }
      await expect.poll(() => rounds, { timeout: 30_000 }).toBeGreaterThan(1)
      for (const [i, step] of steps.filter((one) => !one.includes('DROP')).entries()) {
        await db.run(
          `ALTER TABLE people ${step}, ALGORITHM=INSTANT`,
          `INSERT INTO people (id) VALUES (${20 + i})`,
        )
        if (i % 2 === 0) await expect.poll(here, { timeout: 30_000 }).toEqual(await there(db))
      }
      await expect.poll(here, { timeout: 30_000 }).toEqual(await there(db))
      over.abort()
      await following
      await repo.close()
    })
  })
})

function byId(a: unknown, b: unknown): number {
  return Number((a as { id: string }).id) - Number((b as { id: string }).id)
}

/** A row that the branch adds once the step is done. */
function plainRow(step: (typeof steps)[number]): object {
  return step === steps[4] ? { f: 8 } : {}
}
