// Three databases of three kinds, kept in step by links on one folder of one branch, with a live writer each. Varve and the
// databases are killed (-9) at random moments. When all is quiet, SQL finds the same rows in each: those that every
// acknowledged change asked for, once.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Repository } from '../../src/api/repository.ts'
import { temporaryDir } from '../support/temporary.ts'
import { ok, varve, varveFile } from '../cli/varve.ts'
import { type KillEndpoint, type KillServer, type Person, type Write, serverKinds } from './kill-endpoints.ts'

const kinds = ['postgres', 'mariadb', 'sqlite'] as const
const without = kinds.map((kind) => serverKinds[kind].without).join('')
const steps = 12
/** Rows of each system's writer. */
const own = 25

describe.skipIf(without !== '')(`three databases in step${without}`, () => {
  const servers: KillServer[] = []

  beforeAll(async () => {
    for (const kind of kinds) servers.push(await serverKinds[kind].start())
  }, 90_000)
  afterAll(async () => {
    for (const server of servers) await server.stop()
  }, 60_000)

  test.each([
    { how: 'by comparing', flags: ['--changes', 'compare'], follow: false, seed: 3 },
    { how: 'by their logs', flags: ['--changes', 'log'], follow: false, seed: 5 },
    { how: 'following their logs', flags: [], follow: true, seed: 7 },
  ])(
    'hold what every acknowledged change asked for, $how, seed $seed',
    async ({ flags, follow, seed }) => {
      const random = generator(seed)
      const dir = temporaryDir()
      const repo = await Repository.init(dir, { author: { name: 'Ada', email: 'ada@example.org' } })
      const systems: System[] = []
      for (const [i, server] of servers.entries()) {
        const endpoint = await server.endpoint(`chain${seed}`)
        const link = ['link', 'add', `link${i}`, endpoint.url, '--tables', 'people', '--mode', 'two-way']
        await ok([...link, '--into', 'shop', ...flags], { cwd: dir })
        systems.push(new System(endpoint, i * own, random))
      }
      for (const i of kinds.keys()) await ok(['sync', `link${i}`], { cwd: dir })
      const working = systems.map((system) => system.run())
      const running = new Map<number, ChildProcess>()
      for (let step = 0; step < steps; step++) {
        for (const i of kinds.keys()) if (!running.has(i)) start(running, i, dir, follow)
        await new Promise((next) => setTimeout(next, 100 + random() * 900))
        for (const child of running.values()) if (random() < 0.3) child.kill('SIGKILL')
        if (step % 3 === 2) await systems[Math.floor(random() * systems.length)]!.whileDown()
      }
      for (const system of systems) system.isOver = true
      const done = await Promise.all(working)
      expect(done.every((count) => count > steps)).toBe(true)
      for (const child of running.values()) {
        child.kill('SIGKILL')
        await once(child, 'close')
      }
      // What one link brings into the branch goes on by the others.
      for (let round = 0; round < 3; round++)
        for (const i of kinds.keys()) {
          const last = await varve(['sync', `link${i}`], { cwd: dir })
          expect([last.code, last.stderr]).toEqual([0, ''])
        }
      const wanted = systems.flatMap(({ expected }) => [...expected.values()]).sort((a, b) => a.id - b.id)
      for (const { endpoint } of systems) expect(await endpoint.people()).toEqual(wanted)
      const branch: unknown[] = []
      for await (const row of (await repo.at('main')).table('shop/people').scan()) branch.push({ ...row })
      expect(branch).toEqual(wanted)
      expect((await varve(['fsck'], { cwd: dir })).code).toBe(0)
    },
    240_000,
  )
})

function start(running: Map<number, ChildProcess>, link: number, dir: string, follow: boolean): void {
  const args = [varveFile, 'sync', `link${link}`, ...(follow ? ['--follow'] : [])]
  const env = { PATH: process.env['PATH'], VARVE_AUTHOR_NAME: 'Ada', VARVE_AUTHOR_EMAIL: 'ada@example.org' }
  const child = spawn(process.execPath, args, { cwd: dir, stdio: 'ignore', env })
  running.set(link, child)
  child.once('close', () => running.delete(link))
}

/** A database and its writer, who knows what was acknowledged. */
class System {
  isOver = false
  readonly endpoint: KillEndpoint
  readonly expected = new Map<number, Person>()
  readonly #first: number
  readonly #random: () => number
  #down: Promise<void> | null = null

  constructor(endpoint: KillEndpoint, first: number, random: () => number) {
    this.endpoint = endpoint
    this.#first = first
    this.#random = random
  }

  async whileDown(): Promise<void> {
    this.#down = this.endpoint.kill()
    await this.#down
  }

  /** How many changes were made. */
  async run(): Promise<number> {
    let done = 0
    for (; !this.isOver; await new Promise((next) => setTimeout(next, 20))) {
      await this.#down
      const id = this.#first + 1 + Math.floor(this.#random() * own)
      const kind = this.#random() < 0.3 ? 'delete' : 'upsert'
      const write: Write = { kind, id, name: `name ${Math.floor(this.#random() * 1e6)}` }
      try {
        await this.endpoint.write(write)
        if (kind === 'delete') this.expected.delete(id)
        else this.expected.set(id, { id, name: write.name, n: (this.expected.get(id)?.n ?? 0) + 1 })
        done++
      } catch {
        // Whether it was done the row itself says when the database is back.
        await this.#down
        const row = (await this.endpoint.people()).find((one) => one.id === id)
        if (row === undefined) this.expected.delete(id)
        else this.expected.set(id, row)
      }
    }
    return done
  }
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
