// An endpoint of files, or a receiver, has no room left at some point of a round: each file there is whole, the message says
// where there is no room, and when there is some again the next round does what is left.
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { DataRepository } from '../../src/api/data-repository.ts'
import { type Receipt, Repository } from '../../src/index.ts'
import type { Link } from '../../src/sync/interface.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { startMemoryS3, testEnvironment } from '../support/memory-s3.ts'
import { author, oneRound } from '../support/one-round.ts'
import { type SmallDisk, makeSmallDisk, withoutSmallDisk } from '../support/small-disk.ts'
import { temporaryDir } from '../support/temporary.ts'
import { secret, startHook } from './sinks/webhook-receiver.ts'

const ends: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const names = ['notes', 'people']
const texts = (turn: number): string => `id,n\n${[1, 2, 3].map((id) => `${id},${turn}\n`).join('')}`

/** A branch with the tables of files, and what the files hold. */
class Files {
  readonly #repository: DataRepository
  readonly #store = MemoryStore.create()
  readonly #link: Link
  readonly #environment: Readonly<Record<string, string>>
  readonly read: (name: string) => string

  constructor(
    endpoint: string,
    read: (name: string) => string,
    environment: Readonly<Record<string, string>> = {},
  ) {
    this.#link = { name: 'shop', endpoint, mode: 'two-way', tables: names, into: 'shop', branch: 'main' }
    this.#repository = DataRepository.over(this.#store, { author })
    this.#environment = environment
    this.read = read
  }

  sync(): Promise<Receipt> {
    return oneRound(this.#store, this.#link, this.#environment)
  }

  async set(turn: number): Promise<void> {
    await this.#repository.transaction('main', (tx) => {
      for (const name of names)
        for (const id of [1, 2, 3]) tx.table(`shop/${name}`).put({ id, n: turn } as never)
    })
  }

  /** The fault of a round; each file is as it was before it, or as it shall be. */
  async tried(turn: number): Promise<unknown> {
    const before = names.map((name) => this.read(name))
    const fault: unknown = await this.sync().then(
      () => null,
      (error: unknown) => error,
    )
    for (const [i, name] of names.entries()) expect([before[i], texts(turn)]).toContain(this.read(name))
    return fault
  }

  async expectInStep(turn: number): Promise<void> {
    const { commit, heldBack } = await this.sync()
    expect([heldBack, ...names.map((name) => this.read(name))]).toEqual([[], texts(turn), texts(turn)])
    const quiet = await this.sync()
    expect([quiet.commit, quiet.heldBack]).toEqual([commit, []])
  }
}

describe.skipIf(withoutSmallDisk !== '')(`a folder on a full disk${withoutSmallDisk}`, () => {
  const pageBytes = 4096

  /** Leaves so many pages of the disk. */
  function fill({ dir }: SmallDisk, pages: number): void {
    const { bavail, bsize } = fs.statfsSync(dir)
    const left = Number(bavail) * Number(bsize) - pages * pageBytes
    fs.writeFileSync(path.join(dir, 'filler'), Buffer.alloc(left))
  }

  test('whatever is left of the room, files are whole, and the next round with room does what is left', async () => {
    const disk = makeSmallDisk(1)
    ends.push(() => disk.end())
    const folder = path.join(disk.dir, 'data')
    fs.mkdirSync(folder)
    for (const name of names) fs.writeFileSync(path.join(folder, `${name}.csv`), texts(0))
    const files = new Files(`folder://${folder}?settle=0`, (name) =>
      fs.readFileSync(path.join(folder, `${name}.csv`), 'utf8'),
    )
    await files.sync()
    const said = new Set<string>()
    for (let pages = 0, turn = 1, isDone = false; !isDone; pages++, turn++) {
      await files.set(turn)
      fill(disk, pages)
      const fault = await files.tried(turn)
      isDone = fault === null
      if (!isDone) {
        expect(fault).toMatchObject({ code: 'VARVE_DISK_FULL', data: { atEndpoint: true } })
        said.add((fault as Error).message.replace(folder, '/FOLDER').replace(/\d+/g, 'N'))
        expect(fs.readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([])
      }
      fs.rmSync(path.join(disk.dir, 'filler'))
      await files.expectInStep(turn)
      expect(pages).toBeLessThan(40)
    }
    expect([...said].toSorted()).toEqual([
      "no space left at 'folder:///FOLDER' to write '.varve-sync.N.json'",
      "no space left at 'folder:///FOLDER' to write 'people.csv'",
    ])
  })
})

test.each([[{ status: 507 }], [{ status: 403, code: 'QuotaExceeded' }]] as const)(
  'a bucket that is full (%j) from any request on is brought on when there is room',
  async (refuse) => {
    const s3 = await startMemoryS3()
    for (const name of names) s3.files.set(`${name}.csv`, { body: Buffer.from(texts(0)), headers: {} })
    const environment = { ...testEnvironment, AWS_ENDPOINT_URL: s3.endpoint }
    const files = new Files('s3://bucket', (name) => String(s3.files.get(`${name}.csv`)!.body), environment)
    await files.sync()
    for (let at = 0, turn = 1, isDone = false; !isDone; at++, turn++) {
      await files.set(turn)
      let writes = 0
      s3.rule = ({ method }) => (method === 'PUT' && writes++ >= at ? { refuse } : undefined)
      const fault = await files.tried(turn)
      isDone = fault === null
      const message = expect.stringContaining("no space left at 's3://bucket") as string
      if (!isDone)
        expect(fault).toMatchObject({ code: 'VARVE_DISK_FULL', message, data: { atEndpoint: true } })
      s3.rule = () => undefined
      await files.expectInStep(turn)
      if (isDone) expect(at).toBeGreaterThan(2)
    }
  },
)

test.each([507, 503])(
  'a link to a receiver of webhooks that answers %i from some batch on is followed on, and tells the rest when there is room',
  async (status) => {
    const count = 1_200
    const hook = await startHook()
    ends.push(() => hook.close())
    await using repo = await Repository.init(temporaryDir(), {
      author,
      environment: { VARVE_LINK_SHOP_SECRET: secret },
    })
    await repo.transaction('main', (tx) => {
      const rows = tx.createTable('t', { key: ['id'] })
      for (let id = 0; id < count; id++) rows.put({ id })
    })
    await repo.addLink('shop', { endpoint: hook.url, mode: 'materialize', tables: ['t'], branch: 'main' })
    let requests = 0
    let hasRoom = false
    hook.before = (_, response) => {
      if (++requests < 3 || hasRoom) return false
      response.writeHead(status, { 'retry-after': '0' }).end()
      return true
    }
    const over = new AbortController()
    const faults: Error[] = []
    const ended = (async () => {
      const options = { signal: over.signal, onBroken: (fault: Error) => void faults.push(fault) }
      for await (const receipt of repo.followLink('shop', options)) void receipt
    })()
    try {
      await Promise.race([expect.poll(() => faults.length, { timeout: 40_000 }).toBeGreaterThan(0), ended])
      expect(faults[0]!.message).toContain(new URL(hook.url.replace('webhook+', '')).host)
      hasRoom = true
      const told = (): number[] =>
        hook.batches.flatMap(({ rows }) => rows.map(({ key }) => Number(key['id'])))
      await expect.poll(() => told().length, { timeout: 40_000 }).toBe(count)
      expect(new Set(told()).size).toBe(count)
    } finally {
      over.abort()
      await ended
    }
  },
  90_000,
)
