// Kills at random moments of rounds, with live writers on both sides: `kill -9` of Varve, and of the database. When all
// is quiet both sides hold the same, and that is what every acknowledged change asked for, once.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Repository } from '../../src/api/repository.ts'
import { temporaryDir } from '../support/temporary.ts'
import { ok, varve, varveFile } from '../cli/varve.ts'
import { type KillEndpoint, type KillServer, type Person, type Write, serverKinds } from './kill-endpoints.ts'

const kills = 10
/** Rows of the endpoint's writer, of the branch's, and rows in which each has a column of its own. */
const [theirs, ours, shared] = [40, 80, 100]

interface Schedule {
  readonly kind: keyof typeof serverKinds
  readonly how: string
  /** Of `link add`. */
  readonly flags: readonly string[]
  /** Of `sync`. */
  readonly follow?: true
  readonly seed: number
}

const schedules: readonly Schedule[] = [
  { kind: 'postgres', how: 'by comparing', flags: ['--changes', 'compare'], seed: 7 },
  { kind: 'postgres', how: 'by comparing', flags: ['--changes', 'compare'], seed: 2026 },
  { kind: 'postgres', how: 'by its log', flags: ['--changes', 'log'], seed: 11 },
  { kind: 'postgres', how: 'following its log', flags: [], follow: true, seed: 13 },
  { kind: 'mariadb', how: 'by comparing', flags: ['--changes', 'compare'], seed: 17 },
  { kind: 'mariadb', how: 'by its log', flags: ['--changes', 'log'], seed: 19 },
  { kind: 'mariadb', how: 'following its log', flags: [], follow: true, seed: 23 },
  { kind: 'mysql', how: 'by its log', flags: ['--changes', 'log'], seed: 37 },
  { kind: 'sqlite', how: 'by comparing', flags: ['--changes', 'compare'], seed: 29 },
  { kind: 'sqlite', how: 'by triggers', flags: ['--changes', 'log'], seed: 31 },
]

describe.each(['postgres', 'mariadb', 'mysql', 'sqlite'] as const)('kills amid rounds, %s', (kind) => {
  const { name, without, start } = serverKinds[kind]
  let server: KillServer

  beforeAll(async () => {
    if (without === '') server = await start()
  }, 60_000)
  afterAll(() => server?.stop())

  test.skipIf(without !== '').each(schedules.filter((schedule) => schedule.kind === kind))(
    `no acknowledged change is lost or done twice: ${name} $how, seed $seed${without}`,
    async (schedule) => {
      const dir = temporaryDir()
      const endpoint = await server.endpoint(`kills${schedule.seed}`)
      const expected = new Map<number, Person>()
      for (let id = 1; id <= shared; id++) expected.set(id, { id, name: 'start', n: 0 })
      await endpoint.fill([...expected.values()])
      const repo = await Repository.init(dir, { author: { name: 'Ada', email: 'ada@example.org' } })
      const link = ['link', 'add', 'shop', endpoint.url, '--tables', 'people', '--mode', 'two-way']
      await ok([...link, ...schedule.flags], { cwd: dir })
      const roundMs = await timed(() => ok(['sync'], { cwd: dir }))
      const work = new Writers(endpoint, repo, expected, generator(schedule.seed))
      const working = work.run()
      for (let kill = 0; kill < kills; kill++) {
        const args = schedule.follow === true ? ['sync', 'shop', '--follow'] : ['sync']
        const child = spawn(process.execPath, [varveFile, ...args], {
          cwd: dir,
          stdio: 'ignore',
          env: { PATH: process.env['PATH'], VARVE_AUTHOR_NAME: 'Ada', VARVE_AUTHOR_EMAIL: 'ada@example.org' },
        })
        const ended = once(child, 'close')
        await new Promise((next) => setTimeout(next, work.random() * roundMs * 1.3))
        if (kill % 5 === 4) await work.whileDown(() => endpoint.kill())
        if (kill % 5 !== 4 || schedule.follow === true) child.kill('SIGKILL')
        await ended
      }
      work.isOver = true
      const [there, here] = await working
      expect([there > kills, here > kills]).toEqual([true, true])
      await expectSame(dir, repo, endpoint, expected)
    },
    300_000,
  )
})

async function expectSame(
  dir: string,
  repo: Repository,
  endpoint: KillEndpoint,
  expected: ReadonlyMap<number, Person>,
): Promise<void> {
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
  expect(await endpoint.people()).toEqual(wanted)
  const branch: unknown[] = []
  for await (const row of (await repo.at('main')).table('shop/people').scan()) branch.push({ ...row })
  expect(branch).toEqual(wanted)
  expect((await varve(['link', 'verify', 'shop'], { cwd: dir })).code).toBe(0)
  expect((await varve(['fsck'], { cwd: dir })).code).toBe(0)
}

/** One on each side. Of its own rows each changes all, of the shared ones a column. */
class Writers {
  isOver = false
  readonly random: () => number
  readonly #endpoint: KillEndpoint
  readonly #repo: Repository
  readonly #expected: Map<number, Person>
  #isDown: Promise<void> | null = null

  constructor(endpoint: KillEndpoint, repo: Repository, expected: Map<number, Person>, random: () => number) {
    this.#endpoint = endpoint
    this.#repo = repo
    this.#expected = expected
    this.random = random
  }

  /** How many changes each has made. */
  run(): Promise<[there: number, here: number]> {
    return Promise.all([this.#writeThere(), this.#writeHere()])
  }

  async whileDown(work: () => Promise<void>): Promise<void> {
    this.#isDown = work()
    await this.#isDown
  }

  async #writeThere(): Promise<number> {
    let done = 0
    for (; !this.isOver; await new Promise((next) => setTimeout(next, 5))) {
      await this.#isDown
      const id = this.random() < 0.5 ? this.#pick(0, theirs) : this.#pick(ours, shared)
      const kind = id > ours ? 'rename' : this.random() < 0.3 ? 'delete' : 'upsert'
      const write: Write = { kind, id, name: `there ${Math.floor(this.random() * 1e6)}` }
      try {
        await this.#endpoint.write(write)
        this.#written(write)
        done++
      } catch {
        await this.#isDown
        await this.#lookAt(id)
      }
    }
    return done
  }

  #written({ kind, id, name }: Write): void {
    const known = this.#expected.get(id)
    if (kind === 'delete') this.#expected.delete(id)
    else if (kind === 'rename') this.#expected.set(id, { ...known!, name })
    else this.#expected.set(id, { id, name, n: (known?.n ?? 0) + 1 })
  }

  /** Whether it was done is not known: the row itself says so when the server is back. */
  async #lookAt(id: number): Promise<void> {
    const row = (await this.#endpoint.people()).find((one) => one.id === id)
    const known = this.#expected.get(id)
    // Of a shared row the number is the branch's.
    if (row === undefined) this.#expected.delete(id)
    else this.#expected.set(id, id > ours ? { ...row, n: known?.n ?? 0 } : row)
  }

  async #writeHere(): Promise<number> {
    let done = 0
    for (; !this.isOver; await new Promise((next) => setTimeout(next, 20))) {
      const id = this.random() < 0.5 ? this.#pick(theirs, ours) : this.#pick(ours, shared)
      const isRemoved = id <= ours && this.random() < 0.3
      await this.#repo.transaction('main', async (tx) => {
        const table = tx.table('shop/people')
        const row = (await table.get(id)) as Person | null
        if (isRemoved) table.delete(id)
        else table.put({ id, name: row?.name ?? 'branch', n: (row?.n ?? 0) + 1 })
      })
      const known = this.#expected.get(id)
      if (isRemoved) this.#expected.delete(id)
      else this.#expected.set(id, { id, name: known?.name ?? 'branch', n: (known?.n ?? 0) + 1 })
      done++
    }
    return done
  }

  #pick(from: number, to: number): number {
    return from + 1 + Math.floor(this.random() * (to - from))
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
