// Two clones work for one link, and fetch from each other before each round, while users of the database write at any time, also
// amid a round. Everybody changes only what they see as it is; so nothing is a clash, no change is lost or done twice, and
// when all is quiet both clones and the database are equal.
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Receipt, Repository } from '../../src/index.ts'
import { type SqlDatabase, type SqlSystem, sqlSystems } from '../support/sql-systems.ts'
import { temporaryDir } from '../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }

/** By key: each row is a number. */
type Rows = Map<number, number>

type Random = (below: number) => number

function randomOf(seed: number): Random {
  let state = seed * 7919 + 1
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return (state >> 8) % below
  }
}

class Clones {
  readonly db: SqlDatabase
  readonly repos: readonly [Repository, Repository]

  private constructor(db: SqlDatabase, repos: readonly [Repository, Repository]) {
    this.db = db
    this.repos = repos
  }

  static async make(db: SqlDatabase, link: { mode?: 'capture'; changes?: 'log' } = {}): Promise<Clones> {
    await db.run(
      'CREATE TABLE rows_ (id int PRIMARY KEY, n int)',
      `INSERT INTO rows_ VALUES ${[1, 2, 3, 4, 5, 6, 99].map((id) => `(${id}, 0)`).join(', ')}`,
    )
    const one = await Repository.init(temporaryDir(), { author })
    const names = { tables: ['rows_'], branch: 'main', into: 'data' }
    await one.addLink('shop', { endpoint: db.url, mode: 'two-way', ...names, ...link })
    await one.add(['.'])
    await one.commit({ message: 'A link' })
    await one.sync('shop')
    const other = await Repository.clone(one.root!, path.join(temporaryDir(), 'clone'), { author })
    await one.addRemote('origin', other.root!)
    return new Clones(db, [one, other])
  }

  async there(): Promise<Rows> {
    const rows = await this.db.rows('SELECT id, n FROM rows_ ORDER BY id')
    return new Map(rows.map(([id, n]) => [Number(id), Number(n)]))
  }

  async here(repo: Repository): Promise<Rows> {
    const rows: Rows = new Map()
    for await (const row of (await repo.at('main')).table('data/rows_').scan())
      rows.set(Number(row['id']), Number(row['n']))
    return rows
  }

  async setThere(id: number, n: number | null, isThere: boolean): Promise<void> {
    if (n === null) await this.db.run(`DELETE FROM rows_ WHERE id = ${id}`)
    else if (isThere) await this.db.run(`UPDATE rows_ SET n = ${n} WHERE id = ${id}`)
    else await this.db.run(`INSERT INTO rows_ VALUES (${id}, ${n})`)
  }

  async setHere(repo: Repository, id: number, n: number | null): Promise<void> {
    await repo.transaction('main', (tx) => {
      const table = tx.table('data/rows_')
      if (n === null) table.delete(id)
      else table.put({ id, n })
    })
  }

  /** Takes over what the other clone has, and runs a round. */
  async round(repo: Repository): Promise<Receipt> {
    await repo.fetch('origin')
    await repo.merge('origin/main')
    return repo.sync('shop')
  }

  async close(): Promise<void> {
    for (const repo of this.repos) await repo.close()
  }
}

/** Beside the two clones. */
const user = 2

/**
 * Somebody changes a row that is with them as the last change left it, to what it is nowhere: else they, or somebody after
 * them, might take an older state for the last one.
 */
async function change(clones: Clones, wanted: Rows, random: Random, who = random(4)): Promise<void> {
  const repo = who < user ? clones.repos[who]! : null
  const all = [...(await Promise.all(clones.repos.map((one) => clones.here(one)))), await clones.there()]
  const seen = all[Math.min(who, user)]!
  const id = 1 + random(8)
  if (seen.get(id) !== wanted.get(id)) return
  const n = random(4) === 0 ? null : random(3)
  if (all.some((rows) => n === (rows.get(id) ?? null))) return
  if (repo === null) await clones.setThere(id, n, seen.has(id))
  else await clones.setHere(repo, id, n)
  if (n === null) wanted.delete(id)
  else wanted.set(id, n)
}

function sorted(rows: Rows): [number, number][] {
  return [...rows].toSorted(([a], [b]) => a - b)
}

const kinds = sqlSystems.filter(({ name }) => name !== 'MariaDB')

describe.each(kinds.map((kind) => [kind.name + kind.without, kind] as const))('%s', (_, kind) => {
  let system: SqlSystem
  beforeAll(async () => {
    if (kind.without === '') system = await kind.start()
  }, 60_000)
  afterAll(() => system?.stop(), 60_000)

  test.skipIf(kind.without !== '').each([1, 2, 3, 4])(
    'two clones that fetch from each other before each round lose nothing (seed %i)',
    async (seed) => {
      const random = randomOf(seed)
      const clones = await Clones.make(await system.database())
      const wanted = await clones.there()
      for (let turn = 0; turn < 60; turn++) {
        const repo = clones.repos[random(2)]!
        if (random(3) > 0) {
          await change(clones, wanted, random)
          continue
        }
        const [{ heldBack }] = await Promise.all([
          clones.round(repo),
          random(2) === 0 ? change(clones, wanted, random, user) : null,
        ])
        expect([turn, heldBack]).toEqual([turn, []])
      }
      for (const repo of [...clones.repos, ...clones.repos, ...clones.repos])
        expect((await clones.round(repo)).heldBack).toEqual([])
      for (const rows of [
        await clones.there(),
        ...(await Promise.all(clones.repos.map((repo) => clones.here(repo)))),
      ])
        expect(sorted(rows)).toEqual(sorted(wanted))
      await clones.close()
    },
    120_000,
  )

  test.skipIf(kind.without !== '').each([1, 2])(
    'two clones that only capture have what the users of the database have made of it (seed %i)',
    async (seed) => {
      const random = randomOf(seed)
      const clones = await Clones.make(await system.database(), { mode: 'capture' })
      const wanted = await clones.there()
      for (let turn = 0; turn < 40; turn++) {
        if (random(3) > 0) await change(clones, wanted, random, user)
        else expect([turn, (await clones.round(clones.repos[random(2)]!)).heldBack]).toEqual([turn, []])
      }
      for (const repo of [...clones.repos, ...clones.repos]) await clones.round(repo)
      for (const rows of await Promise.all(clones.repos.map((repo) => clones.here(repo))))
        expect(sorted(rows)).toEqual(sorted(wanted))
      await clones.close()
    },
    60_000,
  )

  test.skipIf(kind.without !== '')(
    'a clone takes over what a user took back after the other had read it, whichever was the last to write',
    async () => {
      const clones = await Clones.make(await system.database())
      const [one, other] = clones.repos
      await clones.setHere(other, 5, 1)
      await clones.round(other)
      await clones.setThere(1, 1, true)
      await clones.setThere(2, null, true)
      await clones.round(one)
      await clones.setThere(1, 0, true)
      await clones.setThere(2, 0, false)
      expect((await clones.round(other)).heldBack).toEqual([])
      for (const rows of [await clones.there(), await clones.here(other)])
        expect([rows.get(1), rows.get(2), rows.get(5)]).toEqual([0, 0, 1])
      await clones.close()
    },
  )

  test.skipIf(kind.without !== '')(
    'without a fetch a clone waits for what the other has written; if nobody can fetch it, equal rows are adopted, others clash',
    async () => {
      const clones = await Clones.make(await system.database())
      const [one, other] = clones.repos
      await other.sync('shop')
      await clones.setHere(one, 1, 1)
      await one.sync('shop')
      await clones.setThere(2, 2, true)
      await clones.setThere(3, null, true)
      await clones.setHere(other, 4, 1)
      const [there, here] = [await clones.there(), await clones.here(other)]
      for (let round = 0; round < 2; round++) {
        const { heldBack } = await other.sync('shop')
        expect(heldBack).toMatchObject([{ table: 'rows_', reason: 'schema' }])
        expect(heldBack[0]!.message).toMatch(
          /^another repository has written .* there since: fetch from it and merge/,
        )
        expect([await clones.there(), await clones.here(other)]).toEqual([there, here])
      }
      const asked = await other.retrySync('shop')
      expect(asked.heldBack.map(({ key, reason }) => [key, reason])).toEqual([
        ['1', 'conflict'],
        ['2', 'conflict'],
        ['4', 'conflict'],
      ])
      await other.resolveSync('shop', 'theirs')
      const settled = sorted(await clones.there())
      for (const repo of [one, other, one]) expect((await clones.round(repo)).heldBack).toEqual([])
      for (const rows of [await clones.there(), await clones.here(one), await clones.here(other)])
        expect(sorted(rows)).toEqual(settled)
      await clones.close()
    },
  )

  test.skipIf(kind.without !== '')(
    'a clone that waited for what the other has written goes on once it has it, and nothing comes back that was removed',
    async () => {
      const clones = await Clones.make(await system.database())
      const [one, other] = clones.repos
      await other.sync('shop')
      await clones.setHere(one, 1, 1)
      await clones.setHere(one, 5, null)
      await one.sync('shop')
      await clones.setThere(1, 0, true)
      await clones.setThere(3, null, true)
      await clones.setHere(other, 4, 1)
      expect((await other.sync('shop')).heldBack).toMatchObject([{ reason: 'schema' }])
      expect((await clones.round(other)).heldBack).toEqual([])
      for (const rows of [await clones.there(), await clones.here(other)])
        expect([1, 3, 4, 5].map((id) => rows.get(id))).toEqual([0, undefined, 1, undefined])
      await clones.close()
    },
  )
})
