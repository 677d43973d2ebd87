// What people do to a link's branch between two rounds: they delete it, rename it, switch to another, set it back, take back
// what the link did, remove the link and add it again. No row of either side is lost or overwritten by what nobody meant.
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { type LinkMode, type Receipt, Repository } from '../../src/index.ts'
import { startSqliteWriter } from '../support/sqlite-writer.ts'
import { temporaryDir } from '../support/temporary.ts'

const writer = startSqliteWriter()
afterAll(() => writer.stop())

const rows = ['1 Ada 36', '2 Grace 85', '3 Edsger 72']

class Shop {
  readonly repo: Repository
  readonly #file: string
  readonly #link: Parameters<Repository['addLink']>[1]

  private constructor(repo: Repository, file: string, setting: { mode?: LinkMode; branch?: string | null }) {
    this.repo = repo
    this.#file = file
    this.#link = {
      endpoint: `sqlite://${file}`,
      mode: 'two-way',
      tables: ['people'],
      branch: 'main',
      ...setting,
    }
  }

  static async make(setting: { mode?: LinkMode; branch?: string | null } = {}): Promise<Shop> {
    const file = path.join(temporaryDir(), 'shop.db')
    await writer.run(file, [
      'CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, age INTEGER)',
      "INSERT INTO people VALUES (1, 'Ada', 36), (2, 'Grace', 85), (3, 'Edsger', 72)",
    ])
    const author = { name: 'Ada', email: 'ada@example.org' }
    const shop = new Shop(await Repository.init(temporaryDir(), { author }), file, setting)
    await shop.add()
    await shop.sync()
    return shop
  }

  async add(setting: { mode?: LinkMode } = {}): Promise<void> {
    await this.repo.addLink('shop', { ...this.#link, ...setting })
  }

  sync(): Promise<Receipt> {
    return this.repo.sync('shop')
  }

  run(...statements: string[]): Promise<void> {
    return writer.run(this.#file, statements)
  }

  async put(id: number, name: string, age: number): Promise<void> {
    await this.repo.transaction('main', (tx) => tx.table('shop/people').put({ id, name, age }))
  }

  async there(): Promise<string[]> {
    const found = await writer.query(this.#file, 'SELECT * FROM people ORDER BY id')
    return found.map((row) => Object.values(row).join(' '))
  }

  async here(branch = 'main'): Promise<string[]> {
    const found: string[] = []
    for await (const row of (await this.repo.at(branch)).table('shop/people').scan())
      found.push(Object.values(row).map(String).join(' '))
    return found
  }
}

const waits = ({ heldBack }: Receipt): string[] =>
  heldBack.map(
    ({ table, reason, message }) => `${table} ${reason} ${message.replace(/ [0-9a-f]{12}'/, " ID'")}`,
  )

const isGone = [
  "people schema the branch 'main' is gone: bring it back, 'varve branch main ID', or name another in varve.yaml",
]

describe('a branch that is gone', () => {
  test.each(['two-way', 'capture', 'materialize', 'mirror'] as const)(
    'mode %s: its tables wait for it, no other is begun in its place, and nothing is missing when it is back',
    async (mode) => {
      const shop = await Shop.make()
      await shop.repo.removeLink('shop')
      await shop.add({ mode })
      expect((await shop.sync()).heldBack).toEqual([])
      await shop.put(3, 'Edsger', 73)
      await shop.repo.renameBranch('main', 'trunk')
      await shop.run('UPDATE people SET age = 37 WHERE id = 1')
      for (let round = 0; round < 2; round++) expect(waits(await shop.sync())).toEqual(isGone)
      await expect(shop.here()).rejects.toThrow("no revision 'main'")
      expect(await shop.there()).toEqual(['1 Ada 37', rows[1], rows[2]])
      await shop.repo.renameBranch('trunk', 'main')
      expect((await shop.sync()).heldBack).toEqual([])
      const [read, writes] = [mode === 'two-way' || mode === 'capture', mode !== 'capture']
      expect(await shop.here()).toEqual([read ? '1 Ada 37' : rows[0], rows[1], '3 Edsger 73'])
      const edsger = writes ? '3 Edsger 73' : rows[2]
      expect(await shop.there()).toEqual([mode === 'mirror' ? rows[0] : '1 Ada 37', rows[1], edsger])
    },
  )

  test('followed, it is waited for, and what both sides did meanwhile goes on when it is back', async () => {
    const shop = await Shop.make()
    const over = new AbortController()
    const receipts: Receipt[] = []
    let rounds = 0
    const options = { signal: over.signal, pollMs: 20, onRound: () => rounds++ }
    const ended = (async () => {
      for await (const receipt of shop.repo.followLink('shop', options)) receipts.push(receipt)
    })()
    await shop.repo.renameBranch('main', 'trunk')
    await expect.poll(() => receipts.map(waits).at(-1), { timeout: 20_000 }).toEqual(isGone)
    const before = rounds
    await shop.run('UPDATE people SET age = 37 WHERE id = 1')
    await expect.poll(() => rounds, { timeout: 20_000 }).toBeGreaterThan(before + 2)
    await shop.repo.renameBranch('trunk', 'main')
    await shop.put(3, 'Edsger', 73)
    await expect.poll(() => shop.there(), { timeout: 20_000 }).toEqual(['1 Ada 37', rows[1], '3 Edsger 73'])
    over.abort()
    await ended
  }, 60_000)
})

test('a branch that goes right after a round, before anybody looks for it, is missed at once', async () => {
  const shop = await Shop.make()
  const over = new AbortController()
  const receipts: Receipt[] = []
  const ended = (async () => {
    for await (const receipt of shop.repo.followLink('shop', { signal: over.signal, pollMs: 60_000 }))
      if (receipts.push(receipt) === 1) await shop.repo.renameBranch('main', 'trunk')
  })()
  await expect.poll(() => receipts.map(waits).at(-1), { timeout: 10_000 }).toEqual(isGone)
  await shop.repo.renameBranch('trunk', 'main')
  await shop.put(3, 'Edsger', 74)
  await expect.poll(() => shop.there(), { timeout: 10_000 }).toEqual([rows[0], rows[1], '3 Edsger 74'])
  over.abort()
  await ended
}, 30_000)

describe('a link that keeps in step whichever branch is checked out', () => {
  test.each(['two-way', 'capture'] as const)(
    'mode %s: one that lacks what the last round left is not written, and takes in nothing, until it has it',
    async (mode) => {
      const shop = await Shop.make({ branch: null, mode })
      await shop.repo.createBranch('old')
      await shop.run('UPDATE people SET age = 37 WHERE id = 1')
      await shop.sync()
      await shop.repo.switch('old')
      await shop.run('UPDATE people SET age = 86 WHERE id = 2')
      const what = "'old' is checked out, and lacks what the last round left in 'main'"
      for (let round = 0; round < 2; round++)
        expect(waits(await shop.sync())[0]).toContain(`people schema ${what}: switch back, merge it`)
      expect([await shop.here('old'), await shop.there()]).toEqual([
        rows,
        ['1 Ada 37', '2 Grace 86', rows[2]],
      ])
      await shop.repo.merge('main')
      expect((await shop.sync()).heldBack).toEqual([])
      expect(await shop.here('old')).toEqual(['1 Ada 37', '2 Grace 86', rows[2]])
      expect(await shop.there()).toEqual(['1 Ada 37', '2 Grace 86', rows[2]])
    },
  )

  test('one that begins at it goes on, and so does one that is set back on purpose', async () => {
    const shop = await Shop.make({ branch: null })
    await shop.repo.switch('next', { create: true })
    await shop.run('UPDATE people SET age = 37 WHERE id = 1')
    expect((await shop.sync()).heldBack).toEqual([])
    expect(await shop.here('next')).toEqual(['1 Ada 37', rows[1], rows[2]])
    await shop.repo.reset('HEAD~1', { mode: 'hard' })
    expect((await shop.sync()).heldBack).toEqual([])
    expect(await shop.there()).toEqual(rows)
  })
})

test('what `undo` takes back is a change of the branch: it is written, unless the endpoint has another one', async () => {
  const shop = await Shop.make()
  await shop.put(2, 'Grace', 86)
  await shop.sync()
  await shop.repo.undo()
  await shop.run('UPDATE people SET age = 87 WHERE id = 2')
  expect((await shop.sync()).heldBack).toMatchObject([{ key: '2', reason: 'conflict' }])
  expect([await shop.here(), await shop.there()]).toEqual([rows, [rows[0], '2 Grace 87', rows[2]]])
})

test('a link that is removed and added again goes on from the record that the endpoint keeps', async () => {
  const shop = await Shop.make()
  await shop.put(2, 'Grace', 86)
  await shop.sync()
  await shop.repo.removeLink('shop')
  await shop.put(3, 'Edsger', 73)
  await shop.run('UPDATE people SET age = 37 WHERE id = 1', 'DELETE FROM people WHERE id = 2')
  await shop.add()
  expect((await shop.sync()).heldBack).toEqual([])
  const both = ['1 Ada 37', '3 Edsger 73']
  expect([await shop.here(), await shop.there()]).toEqual([both, both])
})

test.each(['ours', 'theirs'] as const)(
  'a clash that waits while the table gets a column, then %s',
  async (side) => {
    const shop = await Shop.make()
    await shop.put(1, 'Ada here', 36)
    await shop.run("UPDATE people SET name = 'Ada there' WHERE id = 1")
    await shop.sync()
    await shop.run('ALTER TABLE people ADD COLUMN note TEXT', "UPDATE people SET note = 'n' || id")
    expect((await shop.sync()).heldBack).toMatchObject([{ key: '1', reason: 'conflict' }])
    await shop.repo.resolveSync('shop', side)
    expect((await shop.sync()).heldBack).toEqual([])
    const name = side === 'ours' ? 'Ada here' : 'Ada there'
    const both = [`1 ${name} 36 n1`, '2 Grace 85 n2', '3 Edsger 72 n3']
    expect([await shop.here(), await shop.there()]).toEqual([both, both])
  },
)
