// What people do to a link's branch while a process follows the link by the log of its database: they rename it, delete it,
// switch to another, set it back. The log is read on meanwhile, and no row of either side is missing or comes twice when
// the branch is back.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type LinkMode, type Receipt, Repository } from '../../src/index.ts'
import { type SqlDatabase, type SqlSystem, sqlSystems } from '../support/sql-systems.ts'
import { temporaryDir } from '../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
const eventually = { timeout: 30_000, interval: 20 }
const rows = ['1 Ada 36', '2 Grace 85', '3 Edsger 72']

interface Setting {
  readonly mode?: LinkMode
  readonly branch?: string | null
  readonly commits?: 'each'
}

const begun: Followed[] = []
afterEach(() => {
  for (const one of begun.splice(0)) one.over.abort()
})

/** A link that is followed from its first round on. */
class Followed {
  readonly repo: Repository
  readonly db: SqlDatabase
  readonly receipts: Receipt[] = []
  rounds = 0
  readonly over: AbortController = new AbortController()
  readonly #ended: Promise<void>

  private constructor(repo: Repository, db: SqlDatabase) {
    this.repo = repo
    this.db = db
    this.#ended = this.#follow()
  }

  static async begin(system: SqlSystem, setting: Setting = {}): Promise<Followed> {
    const db = await system.database()
    await db.run(
      'CREATE TABLE people (id int PRIMARY KEY, name varchar(50), age int)',
      "INSERT INTO people VALUES (1, 'Ada', 36), (2, 'Grace', 85), (3, 'Edsger', 72)",
    )
    const repo = await Repository.init(temporaryDir(), { author })
    const link = { mode: 'two-way', branch: 'main', ...setting } as const
    await repo.addLink('shop', {
      endpoint: db.url,
      tables: ['people'],
      into: 'shop',
      changes: 'log',
      ...link,
    })
    const followed = new Followed(repo, db)
    begun.push(followed)
    await expect.poll(() => followed.rounds, eventually).toBeGreaterThan(1)
    return followed
  }

  async #follow(): Promise<void> {
    const options = { signal: this.over.signal, pollMs: 50, onRound: () => this.rounds++ }
    for await (const receipt of this.repo.followLink('shop', options)) this.receipts.push(receipt)
  }

  async end(): Promise<void> {
    this.over.abort()
    await this.#ended
    expect((await this.repo.fsck()).problems).toEqual([])
    await this.repo.close()
  }

  async put(branch: string, id: number, name: string, age: number): Promise<void> {
    await this.repo.transaction(branch, (tx) => tx.table('shop/people').put({ id, name, age }))
  }

  async there(): Promise<string[]> {
    return (await this.db.rows('SELECT * FROM people ORDER BY id')).map((row) => row.join(' '))
  }

  async here(branch = 'main'): Promise<string[]> {
    const found: string[] = []
    for await (const row of (await this.repo.at(branch)).table('shop/people').scan())
      found.push(Object.values(row).map(String).join(' '))
    return found
  }

  /** What the endpoint was when it was last read. */
  async read(): Promise<string[]> {
    const found: string[] = []
    for await (const row of (await this.repo.at('refs/links/shop/live')).table('shop/people').scan())
      found.push(Object.values(row).map(String).join(' '))
    return found
  }

  waits(): Promise<string[]> {
    return this.repo.lastSync('shop').then((receipt) => receipt!.heldBack.map(({ message }) => message))
  }

  async expectBoth(wanted: readonly string[], branch = 'main'): Promise<void> {
    await expect.poll(() => this.here(branch), eventually).toEqual(wanted)
    await expect.poll(() => this.there(), eventually).toEqual(wanted)
    await expect.poll(() => this.waits(), eventually).toEqual([])
  }
}

const kinds = sqlSystems.filter(({ name }) => name !== 'SQLite')

describe.each(kinds.map((kind) => [kind.name + kind.without, kind] as const))('%s', (_, kind) => {
  let system: SqlSystem
  beforeAll(async () => {
    if (kind.without === '') system = await kind.start()
  }, 60_000)
  afterAll(() => system?.stop(), 60_000)
  const followed = test.skipIf(kind.without !== '')

  followed(
    'renamed and renamed back: the log is read on, and both sides go on with what they did meanwhile',
    async () => {
      const shop = await Followed.begin(system)
      await shop.repo.renameBranch('main', 'trunk')
      await expect.poll(() => shop.waits(), eventually).toEqual([expect.stringContaining("'main' is gone")])
      for (let age = 37; age < 60; age++) await shop.db.run(`UPDATE people SET age = ${age} WHERE id = 1`)
      await shop.db.run("INSERT INTO people VALUES (4, 'Barbara', 84)", 'DELETE FROM people WHERE id = 2')
      await shop.put('trunk', 3, 'Edsger', 73)
      const read = ['1 Ada 59', rows[2]!, '4 Barbara 84']
      await expect.poll(() => shop.read(), eventually).toEqual(read)
      expect([await shop.here('trunk'), await shop.there()]).toEqual([
        [rows[0], rows[1], '3 Edsger 73'],
        read,
      ])
      await shop.repo.renameBranch('trunk', 'main')
      await shop.expectBoth(['1 Ada 59', '3 Edsger 73', '4 Barbara 84'])
      await shop.end()
    },
    90_000,
  )

  followed(
    'deleted, and brought back as the message says, while both sides are written to',
    async () => {
      const shop = await Followed.begin(system)
      await shop.put('main', 2, 'Grace', 86)
      await shop.expectBoth([rows[0]!, '2 Grace 86', rows[2]!])
      await shop.repo.switch('side', { create: true })
      await shop.repo.deleteBranch('main', { force: true })
      await expect.poll(() => shop.waits(), eventually).toEqual([expect.stringContaining("'main' is gone")])
      await shop.db.run('UPDATE people SET age = 37 WHERE id = 1')
      await expect.poll(() => shop.read(), eventually).toContain('1 Ada 37')
      const [, id] = /'varve branch main ([0-9a-f]+)'/.exec((await shop.waits())[0]!)!
      await shop.repo.createBranch('main', { startPoint: id! })
      await shop.put('main', 3, 'Edsger', 73)
      await shop.expectBoth(['1 Ada 37', '2 Grace 86', '3 Edsger 73'])
      await shop.end()
    },
    90_000,
  )

  followed(
    'switched to one that lacks what was read: it waits, and goes on where it was when it is back',
    async () => {
      const shop = await Followed.begin(system, { branch: null })
      await shop.repo.createBranch('old')
      await shop.db.run('UPDATE people SET age = 37 WHERE id = 1')
      await shop.expectBoth(['1 Ada 37', rows[1]!, rows[2]!])
      await shop.repo.switch('old')
      await shop.db.run('UPDATE people SET age = 86 WHERE id = 2')
      await expect
        .poll(() => shop.waits(), eventually)
        .toEqual([expect.stringContaining("'old' is checked out")])
      expect(await shop.here('old')).toEqual(rows)
      await shop.repo.switch('main')
      await shop.expectBoth(['1 Ada 37', '2 Grace 86', rows[2]!])
      await shop.end()
    },
    90_000,
  )

  followed(
    'set back: what the commit had changed is changed back, and nothing else',
    async () => {
      const shop = await Followed.begin(system)
      await shop.put('main', 3, 'Edsger', 73)
      await shop.expectBoth([rows[0]!, rows[1]!, '3 Edsger 73'])
      await shop.repo.reset('HEAD~1', { mode: 'hard' })
      await shop.db.run('UPDATE people SET age = 37 WHERE id = 1')
      await shop.expectBoth(['1 Ada 37', rows[1]!, rows[2]!])
      await shop.end()
    },
    90_000,
  )

  followed(
    'transactions that are read while it is gone become commits, one by one, when it is back',
    async () => {
      const shop = await Followed.begin(system, { mode: 'capture', commits: 'each' })
      await shop.repo.renameBranch('main', 'trunk')
      for (const age of [37, 38, 39]) await shop.db.run(`UPDATE people SET age = ${age} WHERE id = 1`)
      await expect.poll(() => shop.read(), eventually).toContain('1 Ada 39')
      await expect.poll(() => shop.waits(), eventually).toEqual([expect.stringContaining("'main' is gone")])
      await shop.repo.renameBranch('trunk', 'main')
      await shop.db.run('UPDATE people SET age = 40 WHERE id = 1')
      await shop.expectBoth(['1 Ada 40', rows[1]!, rows[2]!])
      const ages: unknown[] = []
      for await (const { id } of shop.repo.log({ firstParent: true }))
        ages.push((await (await shop.repo.at(id)).table('shop/people').get(1))?.['age'])
      expect(ages.slice(0, 5).map(Number)).toEqual([40, 39, 38, 37, 36])
      await shop.end()
    },
    90_000,
  )
})
