// Single tables that are put back to an earlier state, while the link's own record at the endpoint stays: a dump of one
// table, a copy of one file. Each waits by itself, so that nothing is undone that the branch or others did since; what only
// looks like it goes on.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Link, Receipt } from '../../src/sync/interface.ts'
import { discardPending } from '../../src/sync/pending/discard.ts'
import { BranchLinks } from '../support/branch-links.ts'
import { clientProgram, hasMariadb, startMariadb, withoutMariadb } from '../support/mariadb.ts'
import { isMysqlChosen, startMysql } from '../support/mysql.ts'
import type { MysqlServer } from '../support/mysql-server.ts'
import {
  type Postgres,
  hasPostgres,
  postgresProgram,
  startPostgres,
  withoutPostgres,
} from '../support/postgres.ts'
import { temporaryDir } from '../support/temporary.ts'

/** An endpoint with a table `people` of three rows and `notes` of one. */
interface Endpoint {
  readonly url: string
  /** Of `people`; answers with what puts that back. */
  backup(): Promise<() => Promise<void>>
  /** Somebody changes row 1 to 'Ada L.' and adds 4. */
  change(): Promise<void>
  note(n: number): Promise<void>
  /** Ada gets her old name again, and nothing is put back. */
  changeBack(): Promise<void>
  people(): Promise<string[]>
  /** All rows of `people` are written anew as they are. */
  rewrite?(): Promise<void>
}

const first = ['1 Ada', '2 Grace', '3 Edsger']
const message = "'people' has gone back to an earlier state at the endpoint"
let count = 0

class Shop {
  readonly links: BranchLinks = new BranchLinks()
  readonly endpoint: Endpoint
  readonly link: Link

  constructor(endpoint: Endpoint, setting: Partial<Link>) {
    this.endpoint = endpoint
    this.link = this.links.link(endpoint.url, ['people', 'notes'], setting)
  }

  sync(options: Parameters<BranchLinks['sync']>[1] = {}): Promise<Receipt> {
    return this.links.sync(this.link, options)
  }

  async waits(): Promise<string[]> {
    return (await this.sync()).heldBack.map((held) => held.message)
  }

  async here(): Promise<string[]> {
    return (await this.links.rows('people')).map((row) => Object.values(row).map(String).join(' '))
  }

  async both(): Promise<(readonly string[])[]> {
    return [await this.here(), await this.endpoint.people()]
  }

  /** A table that is put back after both sides have changed it, and is then in step. */
  static async putBack(endpoint: Endpoint, setting: Partial<Link>): Promise<Shop> {
    const shop = new Shop(endpoint, setting)
    await shop.sync()
    await shop.links.edit('people', { put: [{ id: 2, name: 'Grace H.' }] })
    await shop.sync()
    const restore = await endpoint.backup()
    await endpoint.change()
    await shop.links.edit('people', { put: [{ id: 3, name: 'E. W.' }], remove: [2] })
    expect((await shop.sync()).heldBack).toEqual([])
    await restore()
    return shop
  }
}

const last = ['1 Ada L.', '3 E. W.', '4 Barbara']
const then = ['1 Ada', '2 Grace H.', '3 Edsger']

function laws(make: () => Promise<Endpoint>, settings: readonly Partial<Link>[]): void {
  describe.each(settings)('%o', (setting) => {
    test('it waits, and the others go on; discarded, it gets all that it had lost', async () => {
      const shop = await Shop.putBack(await make(), setting)
      await shop.endpoint.note(2)
      for (let round = 0; round < 3; round++) expect(await shop.waits()).toEqual([message])
      expect(await shop.both()).toEqual([last, then])
      expect(await shop.links.rows('notes')).toEqual([{ id: 1, n: 2 }])
      await discardPending(shop.links.repo, null, shop.link)
      expect(await shop.sync()).toMatchObject({ heldBack: [], pending: null })
      expect(await shop.both()).toEqual([last, last])
      expect(await shop.waits()).toEqual([])
    })

    test('approved, the earlier rows come into the branch, with what was changed there since', async () => {
      const shop = await Shop.putBack(await make(), setting)
      await shop.sync()
      await shop.endpoint.change()
      const { pending } = await shop.sync()
      expect(await shop.here()).toEqual(last)
      expect(await shop.sync({ approve: pending! })).toMatchObject({ heldBack: [], pending: null })
      const now = ['1 Ada L.', '2 Grace H.', '3 Edsger', '4 Barbara']
      expect(await shop.both()).toEqual([now, now])
      expect(await shop.waits()).toEqual([])
    })

    test('rows that are changed back are changes', async () => {
      const shop = new Shop(await make(), setting)
      await shop.sync()
      await shop.endpoint.change()
      await shop.sync()
      await shop.endpoint.changeBack()
      expect(await shop.waits()).toEqual([])
      expect((await shop.here())[0]).toBe('1 Ada')
    })
  })
}

function captureWaits(make: () => Promise<Endpoint>, settings: readonly Partial<Link>[]): void {
  describe.each(settings)('%o', (setting) => {
    test('a capture waits too, keeps what it has when that is discarded, and takes in what follows', async () => {
      const shop = new Shop(await make(), { ...setting, mode: 'capture' })
      await shop.sync()
      const restore = await shop.endpoint.backup()
      await shop.endpoint.change()
      await shop.sync()
      await restore()
      for (let round = 0; round < 2; round++) expect(await shop.waits()).toEqual([message])
      const kept = ['1 Ada L.', '2 Grace', '3 Edsger', '4 Barbara']
      expect(await shop.both()).toEqual([kept, first])
      await discardPending(shop.links.repo, null, shop.link)
      await shop.endpoint.note(2)
      expect(await shop.waits()).toEqual([])
      expect(await shop.here()).toEqual(kept)
      expect(await shop.links.rows('notes')).toEqual([{ id: 1, n: 2 }])
    })
  })
}

describe.skipIf(!hasPostgres)(`a table of PostgreSQL from a dump${withoutPostgres}`, () => {
  let postgres: Postgres
  beforeAll(async () => {
    postgres = await startPostgres({ max_replication_slots: '60' })
  }, 60_000)
  afterAll(() => postgres.stop(), 60_000)

  /** `inPlace`: into the table that is there, emptied. */
  async function make(inPlace = false): Promise<Endpoint> {
    const url = await postgres.database(`tables${++count}`)
    const db = await postgres.client(url)
    const run = async (sql: string): Promise<void> => void (await db.query(sql))
    await run(`CREATE TABLE people (id int PRIMARY KEY, name text); CREATE TABLE notes (id int PRIMARY KEY, n int);
      INSERT INTO people VALUES (1, 'Ada'), (2, 'Grace'), (3, 'Edsger'); INSERT INTO notes VALUES (1, 1)`)
    return {
      url,
      async backup() {
        const file = path.join(temporaryDir(), 'dump')
        execFileSync(postgresProgram('pg_dump'), ['-Fc', '-t', 'people', '-f', file, '-d', url])
        return async () => {
          if (inPlace) await run('TRUNCATE people')
          const how = inPlace ? '--data-only' : '--clean'
          execFileSync(postgresProgram('pg_restore'), [how, '-d', url, file])
        }
      },
      change: () =>
        run(`UPDATE people SET name = 'Ada L.' WHERE id = 1; INSERT INTO people VALUES (4, 'Barbara')`),
      note: (n) => run(`UPDATE notes SET n = ${n}`),
      changeBack: () => run("UPDATE people SET name = 'Ada' WHERE id = 1"),
      rewrite: () => run('VACUUM FULL people'),
      people: async () =>
        (await db.query('SELECT * FROM people ORDER BY id')).rows.map(({ id, name }) => `${id} ${name}`),
    }
  }
  const settings = [{ changes: 'compare' }, { changes: 'log' }] as const
  laws(() => make(), settings)
  captureWaits(() => make(), settings)

  describe('that is loaded into the emptied table', () => {
    laws(() => make(true), settings)

    test.each(settings)('%o: where the link had written nothing of it, it is taken in', async (setting) => {
      for (const mode of ['capture', 'two-way'] as const) {
        const shop = new Shop(await make(true), { ...setting, mode })
        await shop.sync()
        const restore = await shop.endpoint.backup()
        await shop.endpoint.change()
        await shop.sync()
        await restore()
        expect(await shop.waits()).toEqual([])
        expect(await shop.both()).toEqual([first, first])
      }
    })

    test.each(settings)('%o: rows that are written anew as they are do not wait', async (setting) => {
      const shop = new Shop(await make(true), setting)
      await shop.sync()
      await shop.links.edit('people', { put: [{ id: 2, name: 'Grace H.' }] })
      await shop.sync()
      await shop.endpoint.rewrite!()
      await shop.endpoint.change()
      expect(await shop.waits()).toEqual([])
      expect((await shop.both())[0]).toEqual(['1 Ada L.', '2 Grace H.', '3 Edsger', '4 Barbara'])
    })
  })
})

// With MariaDB's programs, also of MySQL.
const mysqlKinds = [
  ['MariaDB', startMariadb] as const,
  ...(isMysqlChosen ? [['MySQL', startMysql] as const] : []),
]

describe.skipIf(!hasMariadb).each(mysqlKinds)(`a table of %s from a dump${withoutMariadb}`, (_, start) => {
  let server: MysqlServer
  beforeAll(async () => {
    server = await start()
  }, 60_000)
  afterAll(() => server.stop(), 60_000)

  async function make(): Promise<Endpoint> {
    const name = `tables${++count}`
    const url = await server.database(name)
    const db = await server.client(url)
    const run = async (sql: string): Promise<void> => void (await db.query(sql))
    await run(`CREATE TABLE people (id int PRIMARY KEY, name text); CREATE TABLE notes (id int PRIMARY KEY, n int);
      INSERT INTO people VALUES (1, 'Ada'), (2, 'Grace'), (3, 'Edsger'); INSERT INTO notes VALUES (1, 1)`)
    const how = ['--no-defaults', '-u', 'root', '-S', decodeURIComponent(url.split('socket=')[1]!)]
    return {
      url,
      async backup() {
        const input = execFileSync(clientProgram('mariadb-dump'), [...how, name, 'people'])
        return async () => {
          // The server tells to the second when a table was made.
          await run('SELECT SLEEP(1.1)')
          execFileSync(clientProgram('mariadb'), [...how, name], { input })
        }
      },
      change: () =>
        run(`UPDATE people SET name = 'Ada L.' WHERE id = 1; INSERT INTO people VALUES (4, 'Barbara')`),
      note: (n) => run(`UPDATE notes SET n = ${n}`),
      changeBack: () => run("UPDATE people SET name = 'Ada' WHERE id = 1"),
      async people() {
        const [rows] = await db.query('SELECT * FROM people ORDER BY id')
        return (rows as { id: number; name: string }[]).map(({ id, name: text }) => `${id} ${text}`)
      },
    }
  }
  laws(make, [{ changes: 'compare' }, { changes: 'log' }])
  captureWaits(make, [{ changes: 'compare' }, { changes: 'log' }])
})

describe('a file that is put back as it was, with its time', () => {
  async function make(): Promise<Endpoint> {
    const folder = temporaryDir()
    const file = path.join(folder, 'people.csv')
    const write = (name: string, text: string): void => fs.writeFileSync(path.join(folder, name), text)
    const edit = (change: (text: string) => string): void =>
      fs.writeFileSync(file, change(fs.readFileSync(file, 'utf8')))
    write('people.csv', 'id,name\n1,Ada\n2,Grace\n3,Edsger\n')
    write('notes.csv', 'id,n\n1,1\n')
    return {
      url: `folder://${folder}?settle=0`,
      async backup() {
        const copy = path.join(temporaryDir(), 'copy.csv')
        execFileSync('cp', ['-p', file, copy])
        return async () => void execFileSync('cp', ['-p', copy, file])
      },
      change: async () => edit((text) => `${text.replace('1,Ada\n', '1,Ada L.\n')}4,Barbara\n`),
      note: async (n) => write('notes.csv', `id,n\n1,${n}\n`),
      changeBack: async () => edit((text) => text.replace('Ada L.', 'Ada')),
      people: async () =>
        fs
          .readFileSync(file, 'utf8')
          .trim()
          .split('\n')
          .slice(1)
          .map((row) => row.replace(',', ' ')),
    }
  }
  laws(make, [{}])
  captureWaits(make, [{}])
})
