// Kills at random moments of rounds, with live writers on both sides: `kill -9` of Varve, and of the database. When all
// is quiet both sides hold the same, and that is what every acknowledged change asked for, once.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Repository } from '../../src/api/repository.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { temporaryDir } from '../support/temporary.ts'
import { ok, varve, varveFile } from '../cli/varve.ts'

interface Person {
  readonly id: number
  readonly name: string
  readonly n: number
}

const kills = 10
const seeds = [7, 2026]
/** Rows of the endpoint's writer, of the branch's, and rows in which each has a column of its own. */
const [theirs, ours, shared] = [40, 80, 100]

let postgres: Postgres

describe.skipIf(!hasPostgres)(`kills amid rounds${withoutPostgres}`, () => {
  beforeAll(async () => {
    postgres = await startPostgres({ fsync: 'on' })
  }, 60_000)
  afterAll(() => postgres.stop())

  test.each(seeds)(
    'no acknowledged change is lost or done twice, seed %i',
    async (seed) => {
      const random = generator(seed)
      const dir = temporaryDir()
      const url = await postgres.database(`kills${seed}`)
      let db = await postgres.client(url)
      await db.query(`CREATE TABLE people (id int PRIMARY KEY, name text NOT NULL, n int NOT NULL);
        INSERT INTO people SELECT i, 'start', 0 FROM generate_series(1, ${shared}) i`)
      const repo = await Repository.init(dir, { author: { name: 'Ada', email: 'ada@example.org' } })
      await ok(['link', 'add', 'shop', url, '--tables', 'people', '--mode', 'two-way'], { cwd: dir })
      const roundMs = await timed(() => ok(['sync'], { cwd: dir }))
      const expected = new Map<number, Person>()
      for (let id = 1; id <= shared; id++) expected.set(id, { id, name: 'start', n: 0 })
      const pick = (from: number, to: number): number => from + 1 + Math.floor(random() * (to - from))

      let isDown: Promise<void> | null = null
      let isOver = false
      const endpointWriter = async (): Promise<number> => {
        let done = 0
        while (!isOver) {
          await isDown
          const id = random() < 0.5 ? pick(0, theirs) : pick(ours, shared)
          try {
            await writeThere(db, expected, id, random)
            done++
          } catch {
            // Whether it was done is not known: the row itself says so when the server is back.
            await isDown
            const { rows } = await db.query<Person>('SELECT * FROM people WHERE id = $1', [id])
            const known = expected.get(id)
            const n = id > ours ? (known?.n ?? 0) : rows[0]?.n
            if (rows[0] === undefined) expected.delete(id)
            else expected.set(id, { ...rows[0], n: n! })
          }
          await new Promise((next) => setTimeout(next, 5))
        }
        return done
      }
      const branchWriter = async (): Promise<number> => {
        let done = 0
        while (!isOver) {
          const id = random() < 0.5 ? pick(theirs, ours) : pick(ours, shared)
          const isRemoved = id <= ours && random() < 0.3
          await repo.transaction('main', async (tx) => {
            const table = tx.table('shop/people')
            const row = (await table.get(id)) as Person | null
            if (isRemoved) table.delete(id)
            else table.put({ id, name: row?.name ?? 'branch', n: (row?.n ?? 0) + 1 })
          })
          const known = expected.get(id)
          if (isRemoved) expected.delete(id)
          else expected.set(id, { id, name: known?.name ?? 'branch', n: (known?.n ?? 0) + 1 })
          done++
          await new Promise((next) => setTimeout(next, 20))
        }
        return done
      }
      const writers = Promise.all([endpointWriter(), branchWriter()])
      for (let kill = 0; kill < kills; kill++) {
        const child = spawn(process.execPath, [varveFile, 'sync'], {
          cwd: dir,
          stdio: 'ignore',
          env: { PATH: process.env['PATH'], VARVE_AUTHOR_NAME: 'Ada', VARVE_AUTHOR_EMAIL: 'ada@example.org' },
        })
        const ended = once(child, 'close')
        await new Promise((next) => setTimeout(next, random() * roundMs * 1.3))
        if (kill % 5 === 4) {
          isDown = (async () => {
            await postgres.kill()
            await postgres.start()
            db = await postgres.client(url)
          })()
          await isDown
        } else child.kill('SIGKILL')
        await ended
      }
      isOver = true
      const [there, here] = await writers
      expect([there > kills, here > kills]).toEqual([true, true])

      const last = await varve(['sync'], { cwd: dir })
      expect([last.code, last.stderr]).toEqual([0, ''])
      const { stdout } = await varve(['sync', '--json'], { cwd: dir })
      const [receipt] = JSON.parse(stdout).items
      expect(receipt.heldBack).toEqual([])
      expect(receipt.tables[0]).toMatchObject({
        captured: { added: 0, changed: 0, removed: 0 },
        written: { added: 0, changed: 0, removed: 0 },
      })
      const wanted = [...expected.values()].sort((a, b) => a.id - b.id)
      expect((await db.query('SELECT * FROM people ORDER BY id')).rows).toEqual(wanted)
      const branch: unknown[] = []
      for await (const row of (await repo.at('main')).table('shop/people').scan()) branch.push({ ...row })
      expect(branch).toEqual(wanted)
      expect((await varve(['link', 'verify', 'shop'], { cwd: dir })).code).toBe(0)
      expect((await varve(['fsck'], { cwd: dir })).code).toBe(0)
    },
    300_000,
  )
})

/** Of its own rows the endpoint's writer changes all, of the shared ones the name. */
async function writeThere(
  db: Client,
  expected: Map<number, Person>,
  id: number,
  random: () => number,
): Promise<void> {
  const name = `there ${Math.floor(random() * 1e6)}`
  if (id > ours) {
    await db.query('UPDATE people SET name = $2 WHERE id = $1', [id, name])
    expected.set(id, { ...expected.get(id)!, name })
  } else if (random() < 0.3) {
    await db.query('DELETE FROM people WHERE id = $1', [id])
    expected.delete(id)
  } else {
    await db.query(
      'INSERT INTO people VALUES ($1, $2, 1) ON CONFLICT (id) DO UPDATE SET name = $2, n = people.n + 1',
      [id, name],
    )
    expected.set(id, { id, name, n: (expected.get(id)?.n ?? 0) + 1 })
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** mulberry32: the same numbers for the same seed. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
