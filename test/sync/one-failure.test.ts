// The line to a database is cut at one message of a round, each in its turn, while both sides are written to before and
// after: what was asked and what was answered, COMMIT and its answer among them. The next round brings both sides to what
// both have asked for, with no clash, and the one after that has nothing to do.
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DataRepository } from '../../src/api/data-repository.ts'
import { isVarveError } from '../../src/base/errors.ts'
import { createContext } from '../../src/repo/context.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { Link, Receipt } from '../../src/sync/interface.ts'
import { openLink } from '../../src/sync/open-link.ts'
import { syncRound } from '../../src/sync/round.ts'
import { type CutLine, startCutLine } from '../support/cut-line.ts'
import { hasMariadb, startMariadb, withoutMariadb } from '../support/mariadb.ts'
import { isMysqlChosen, startMysql } from '../support/mysql.ts'
import type { MysqlServer } from '../support/mysql-server.ts'
import { hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { temporaryDir } from '../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
const nothing = { added: 0, changed: 0, removed: 0 }

interface Person {
  readonly id: number
  readonly name: string
  readonly age: number
}

/** A database that is reached by a line that can be cut, and by one that cannot. */
interface Far {
  readonly url: string
  readonly line: CutLine
  run(...sql: readonly string[]): Promise<void>
  people(): Promise<Person[]>
}

interface Server {
  fresh(name: string): Promise<Far>
  stop(): Promise<void>
}

interface Kind {
  readonly name: string
  readonly without: string
  readonly start: () => Promise<Server>
}

const select = 'SELECT id, name, age FROM people ORDER BY id'

const kinds: readonly Kind[] = [
  {
    name: 'PostgreSQL',
    without: hasPostgres ? '' : withoutPostgres,
    start: async () => {
      const postgres = await startPostgres()
      return {
        stop: () => postgres.stop(),
        fresh: async (name) => {
          const url = await postgres.database(name)
          const client = await postgres.client(url)
          const [far, near] = [paramOf(url, 'host'), temporaryDir()]
          const file = '.s.PGSQL.5432'
          return {
            url: url.replace(encodeURIComponent(far), encodeURIComponent(near)),
            line: await startCutLine(path.join(near, file), path.join(far, file)),
            run: async (...sql) => void (await client.query(sql.join('; '))),
            people: async () => (await client.query<Person>(select)).rows,
          }
        },
      }
    },
  },
  {
    name: 'MariaDB',
    without: hasMariadb ? '' : withoutMariadb,
    start: () => mysqlServer(startMariadb()),
  },
  ...(isMysqlChosen ? [{ name: 'MySQL', without: '', start: () => mysqlServer(startMysql()) }] : []),
]

async function mysqlServer(starting: Promise<MysqlServer>): Promise<Server> {
  const server = await starting
  return {
    stop: () => server.stop(),
    fresh: async (name) => {
      const url = await server.database(name)
      const client = await server.client(url)
      const [far, near] = [paramOf(url, 'socket'), path.join(temporaryDir(), 'sock')]
      return {
        url: url.replace(encodeURIComponent(far), encodeURIComponent(near)),
        line: await startCutLine(near, far),
        run: async (...sql) => void (await client.query(sql.join('; '))),
        people: async () => ((await client.query(select))[0] as Person[]).map((row) => ({ ...row })),
      }
    },
  }
}

function paramOf(url: string, name: string): string {
  return new URLSearchParams(url.slice(url.indexOf('?') + 1)).get(name)!
}

/** A repository, its link, and what both sides should hold. */
class Pair {
  readonly far: Far
  readonly #link: Link
  readonly #store = MemoryStore.create()
  readonly #repository = DataRepository.over(this.#store, { author })
  readonly #expected = new Map<number, Person>()

  constructor(far: Far, setting: Partial<Link>) {
    const names = { name: 'shop', endpoint: far.url, tables: ['people'], into: 'shop', branch: 'main' }
    this.far = far
    this.#link = { ...names, mode: 'two-way', ...setting }
  }

  async begin(): Promise<void> {
    await this.far.run(
      'CREATE TABLE people (id int PRIMARY KEY, name varchar(50), age int)',
      "INSERT INTO people VALUES (1, 'Ada', 0), (2, 'Grace', 85)",
    )
    for (const row of await this.far.people()) this.#expected.set(row.id, row)
    await this.sync('two-way')
  }

  async sync(mode = this.#link.mode): Promise<Receipt> {
    const link = { ...this.#link, mode }
    const connector = await openLink(link)
    try {
      const repo = createContext(this.#store, { author })
      return await syncRound({ repo, folder: null, connector, link, options: {} })
    } finally {
      await connector.close()
    }
  }

  /** By somebody at the database; a row that is not there is left so. */
  async there(...rows: readonly (Partial<Person> & { id: number })[]): Promise<void> {
    const known = new Map((await this.far.people()).map((row) => [row.id, row]))
    for (const row of rows) {
      const before = known.get(row.id)
      const isNew = row.name !== undefined && row.age !== undefined
      if (before === undefined && !isNew) continue
      const next = { ...before, ...row } as Person
      await this.far.run(
        before === undefined
          ? `INSERT INTO people VALUES (${next.id}, '${next.name}', ${next.age})`
          : `UPDATE people SET name = '${next.name}', age = ${next.age} WHERE id = ${next.id}`,
      )
      this.#expect(row, isNew)
    }
  }

  async goneThere(id: number): Promise<void> {
    await this.far.run(`DELETE FROM people WHERE id = ${id}`)
    this.#expected.delete(id)
  }

  async here(...rows: readonly (Partial<Person> & { id: number })[]): Promise<void> {
    const known = new Map((await this.branch()).map((row) => [row.id, row]))
    await this.#repository.transaction('main', (tx) => {
      for (const row of rows) {
        const isNew = row.name !== undefined && row.age !== undefined
        if (!known.has(row.id) && !isNew) continue
        tx.table('shop/people').put({ ...known.get(row.id), ...row })
        this.#expect(row, isNew)
      }
    })
  }

  async goneHere(id: number): Promise<void> {
    await this.#repository.transaction('main', (tx) => tx.table('shop/people').delete(id))
    this.#expected.delete(id)
  }

  async branch(): Promise<Person[]> {
    const rows: Person[] = []
    const table = (await this.#repository.at('main')).table('shop/people')
    for await (const row of table.scan()) rows.push({ ...row } as unknown as Person)
    return rows
  }

  async expectInStep(): Promise<void> {
    const expected = [...this.#expected.values()].sort((a, b) => a.id - b.id)
    const round = await this.sync()
    expect([round.heldBack, await this.far.people(), await this.branch()]).toEqual([[], expected, expected])
    const quiet = await this.sync()
    expect([quiet.commit, quiet.heldBack]).toEqual([round.commit, []])
    expect(quiet.tables[0]).toMatchObject({ captured: nothing, written: nothing })
  }

  async close(): Promise<void> {
    expect((await this.#store.fsck()).problems).toEqual([])
  }

  #expect(row: Partial<Person> & { id: number }, isNew: boolean): void {
    const before = this.#expected.get(row.id)
    if (before !== undefined || isNew) this.#expected.set(row.id, { ...before, ...row } as Person)
  }
}

/** Both write: rows of their own, a cell each of a row that both have; each drops a row of its own of two turns before. */
async function writeBefore(pair: Pair, turn: number, isTwoWay: boolean): Promise<void> {
  if (isTwoWay) {
    await pair.there({ id: 1, age: turn }, { id: 1000 + turn, name: 'there', age: turn })
    await pair.goneThere(998 + turn)
  }
  await pair.here({ id: 1, name: `n${turn}` })
  await pair.here({ id: 2000 + turn, name: 'here', age: turn })
  await pair.goneHere(1998 + turn)
}

/** Both write again to what the round may have brought, or not. */
async function writeAfter(pair: Pair, turn: number): Promise<void> {
  await pair.there({ id: 1, age: 5000 + turn }, { id: 2000 + turn, age: 7 })
  await pair.goneThere(1999 + turn)
  await pair.here({ id: 1, name: `m${turn}` }, { id: 1000 + turn, name: 'edited' })
}

const settings: readonly [string, Partial<Link>][] = [
  ['two ways by comparing', { mode: 'two-way', changes: 'compare' }],
  ['two ways by the log', { mode: 'two-way', changes: 'log' }],
  ['one way, commit by commit', { mode: 'materialize', changes: 'compare', commits: 'each' }],
]

describe.each(kinds)('the line to $name', ({ without, start }) => {
  let server: Server
  let count = 0
  beforeAll(async () => {
    if (without === '') server = await start()
  }, 60_000)
  afterAll(() => server?.stop(), 60_000)

  test.skipIf(without !== '').each(settings)(
    `cut at any message, %s: the next round ends with what both sides have asked for${without}`,
    async (_, setting) => {
      const pair = new Pair(await server.fresh(`line${++count}`), setting)
      const { line } = pair.far
      const isTwoWay = setting.mode === 'two-way'
      await pair.begin()
      let turn = 0
      for (let broken: string | null = ''; broken !== null; turn++) {
        await writeBefore(pair, turn + 10, isTwoWay)
        line.cut(turn, turn % 2 === 0 ? 'once' : 'for good')
        const fault: unknown = await pair.sync().then(
          () => null,
          (error: unknown) => error,
        )
        broken = line.broken()
        line.mend()
        if (isTwoWay) await writeAfter(pair, turn + 10)
        try {
          if (fault !== null && !isVarveError(fault, 'VARVE_UNREACHABLE')) throw fault
          await pair.expectInStep()
        } catch (cause) {
          throw new Error(
            `message ${turn}, ${broken}: ${fault instanceof Error ? fault.message : 'no error'}`,
            { cause },
          )
        }
      }
      expect(turn).toBeGreaterThan(20)
      await pair.close()
    },
  )
})
