// An endpoint that may only be read as a whole: what is new there is read all the same, what is to be written waits, and the
// first round that may writes it.
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { startMariadb, withoutMariadb } from '../support/mariadb.ts'
import { startMysql, withoutMysql } from '../support/mysql.ts'
import { startMemoryS3, testEnvironment } from '../support/memory-s3.ts'
import { startPostgres, withoutPostgres } from '../support/postgres.ts'
import { viewOf, withoutViews } from '../support/read-only-view.ts'
import { ShopLink } from '../support/shop-link.ts'
import { startSqliteWriter } from '../support/sqlite-writer.ts'
import { temporaryDir } from '../support/temporary.ts'

const ends: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
}, 60_000)

/** Somebody else's tables `people` (id, name) with Ada and Grace, and `other` (id, n) with a row of 1, 1. */
interface System {
  readonly url: string
  readonly environment?: Readonly<Record<string, string>>
  /** Whether the link may only read. */
  readonly onlyRead: (is: boolean) => Promise<unknown> | void
  /** Grace's name, by that somebody, who may always write. */
  readonly rename: (name: string) => Promise<unknown> | void
  /** 'id name' of all people. */
  readonly people: () => Promise<string[]>
}

interface Kind {
  readonly name: string
  readonly without: string
  readonly start: () => Promise<System>
}

const tables = [
  'CREATE TABLE people (id integer NOT NULL PRIMARY KEY, name varchar(50))',
  'CREATE TABLE other (id integer NOT NULL PRIMARY KEY, n integer)',
  "INSERT INTO people VALUES (1, 'Ada'), (2, 'Grace')",
  'INSERT INTO other VALUES (1, 1)',
]
const naming = (name: string): string => `UPDATE people SET name = '${name}' WHERE id = 2`
const asking = 'SELECT id, name FROM people ORDER BY id'
const shown = (rows: readonly { id: unknown; name: unknown }[]): string[] =>
  rows.map(({ id, name }) => `${String(id)} ${String(name)}`)

async function postgres(): Promise<{
  url: string
  readonly run: (sql: string) => Promise<unknown>
  system: Omit<System, 'onlyRead'>
}> {
  const server = await startPostgres()
  ends.push(() => server.stop())
  const owner = await server.database('shop')
  const db = await server.client(owner)
  for (const one of tables) await db.query(one)
  await db.query(
    `CREATE ROLE eve LOGIN; GRANT ALL ON people, other TO eve; GRANT CREATE ON SCHEMA public TO eve`,
  )
  const url = owner.replace('postgres@', 'eve@')
  const people = async (): Promise<string[]> =>
    shown((await db.query<{ id: unknown; name: unknown }>(asking)).rows)
  return {
    url,
    run: (sql) => db.query(sql),
    system: { url, people, rename: (name) => db.query(naming(name)) },
  }
}

const csv = (name: string): string => `id,name\n1,Ada\n2,${name}\n`
const renamed = (text: string, name: string): string => text.replace(/^2,.*$/m, `2,${name}`)
const csvPeople = (text: string): string[] =>
  text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.replace(',', ' '))

const kinds: readonly Kind[] = [
  {
    name: 'PostgreSQL, a role that is set to read',
    without: withoutPostgres,
    async start() {
      const { run, system } = await postgres()
      return {
        ...system,
        onlyRead: (is) =>
          run(`ALTER ROLE eve ${is ? 'SET' : 'RESET'} default_transaction_read_only ${is ? '= on' : ''}`),
      }
    },
  },
  {
    name: 'PostgreSQL, a role without any right to write',
    without: withoutPostgres,
    async start() {
      const { run, system } = await postgres()
      return {
        ...system,
        onlyRead: (is) =>
          run(
            is
              ? `REVOKE CREATE ON SCHEMA public FROM eve; REVOKE INSERT, UPDATE, DELETE ON people, other FROM eve`
              : `GRANT CREATE ON SCHEMA public TO eve; GRANT ALL ON people, other TO eve`,
          ),
      }
    },
  },
  ...[
    ['MariaDB, set to be read', (is: boolean) => `SET GLOBAL read_only = ${is ? 1 : 0}`] as const,
    ['MySQL, set to be read', (is: boolean) => `SET GLOBAL read_only = ${is ? 1 : 0}`] as const,
    [
      'MariaDB, a user without any right to write',
      (is: boolean) =>
        is
          ? 'REVOKE CREATE, INSERT, UPDATE, DELETE ON shop.* FROM eve'
          : 'GRANT CREATE, INSERT, UPDATE, DELETE ON shop.* TO eve',
    ] as const,
  ].map(([name, switched]): Kind => ({
    name,
    without: name.startsWith('MySQL') ? withoutMysql : withoutMariadb,
    async start() {
      const server = await (name.startsWith('MySQL') ? startMysql() : startMariadb())
      ends.push(() => server.stop())
      const url = await server.database('shop')
      const db = await server.client(url)
      for (const one of tables) await db.query(one)
      await db.query('CREATE USER eve; GRANT SELECT, CREATE, INSERT, UPDATE, DELETE ON shop.* TO eve')
      return {
        url: url.replace('root@', 'eve@'),
        onlyRead: (is) => db.query(switched(is)),
        rename: (to) => db.query(naming(to)),
        people: async () =>
          shown(((await db.query(asking)) as unknown as [{ id: unknown; name: unknown }[]])[0]),
      }
    },
  })),
  {
    name: 'SQLite, a file on a disk that is mounted to be read',
    without: withoutViews,
    async start() {
      const writer = startSqliteWriter()
      ends.push(() => writer.stop())
      const folder = temporaryDir()
      const view = viewOf(folder)
      ends.push(() => view.end())
      const file = path.join(folder, 'shop.db')
      await writer.run(file, tables)
      return {
        url: `sqlite://${view.dir}/shop.db`,
        onlyRead: (is) => view.onlyRead(is),
        rename: (name) => writer.run(file, [naming(name)]),
        people: async () =>
          shown((await writer.query(file, asking)) as unknown as { id: unknown; name: unknown }[]),
      }
    },
  },
  {
    name: 'a folder that is mounted to be read',
    without: withoutViews,
    start() {
      const folder = temporaryDir()
      const view = viewOf(folder)
      ends.push(() => view.end())
      const file = path.join(folder, 'people.csv')
      fs.writeFileSync(file, csv('Grace'))
      fs.writeFileSync(path.join(folder, 'other.csv'), 'id,n\n1,1\n')
      return Promise.resolve({
        url: `${pathToFileURL(view.dir).href.replace('file:', 'folder:')}?settle=0`,
        onlyRead: (is) => view.onlyRead(is),
        rename: (name) => fs.writeFileSync(file, renamed(fs.readFileSync(file, 'utf8'), name)),
        people: () => Promise.resolve(csvPeople(fs.readFileSync(file, 'utf8'))),
      })
    },
  },
  {
    name: 'objects of a bucket that may only be read',
    without: '',
    async start() {
      const s3 = await startMemoryS3()
      const put = (name: string, text: string): void =>
        void s3.files.set(`shop/${name}`, { body: Buffer.from(text), headers: {} })
      put('people.csv', csv('Grace'))
      put('other.csv', 'id,n\n1,1\n')
      const text = (): string => s3.files.get('shop/people.csv')!.body.toString()
      return {
        url: 's3://bucket/shop',
        environment: { ...testEnvironment, AWS_ENDPOINT_URL: s3.endpoint },
        onlyRead: (is) => {
          const refuse = { status: 403, code: 'AccessDenied' }
          s3.rule = ({ method }) => (is && method === 'PUT' ? { refuse } : undefined)
        },
        rename: (name) => put('people.csv', renamed(text(), name)),
        people: () => Promise.resolve(csvPeople(text())),
      }
    },
  },
]

describe.each(kinds.map((one) => [one.name + one.without, one] as const))(
  '%s',
  { timeout: 120_000 },
  (_, { without, start }) => {
    test.skipIf(without !== '').each(['two-way', 'materialize', 'mirror'] as const)(
      'mode %s: what is there is read, what is to be written waits until it may be',
      async (mode) => {
        const system = await start()
        const shop = ShopLink.over(system.url, { tables: ['people', 'other'] })
        const sync = (): ReturnType<ShopLink['sync']> => shop.sync({}, undefined, system.environment)
        await sync()
        shop.link = { ...shop.link, mode }
        await system.onlyRead(true)
        await shop.edit((rows) => rows.put({ id: 1, name: 'Ada L.' }))
        if (mode === 'two-way') await system.rename('Grace H.')
        const first = await sync()
        expect(first.heldBack).toMatchObject([
          { table: 'people', key: '', reason: 'rejected', isTable: true, isEndpoint: true },
        ])
        expect(
          first.notes.filter((note) => note.startsWith('nothing can be written there now')),
        ).toHaveLength(1)
        const grace = mode === 'two-way' ? 'Grace H.' : 'Grace'
        expect(await shop.branchRows()).toEqual([
          { id: 1, name: 'Ada L.' },
          { id: 2, name: grace },
        ])
        expect(await system.people()).toEqual(['1 Ada', `2 ${grace}`])
        // Waiting costs one line that tells the time, and no object.
        const { sequence } = await shop.store.manifest()
        const second = await sync()
        expect([second.heldBack, second.notes]).toEqual([first.heldBack, first.notes])
        expect((await shop.store.manifest()).sequence).toBe(sequence + 1)
        await shop.repository.transaction('main', (tx) => tx.table('shop/other').put({ id: 2, n: 2 }))
        expect((await sync()).heldBack).toMatchObject([{ table: 'people' }, { table: 'other' }])
        await system.onlyRead(false)
        const last = await sync()
        expect([last.heldBack, last.notes]).toEqual([[], []])
        expect(await system.people()).toEqual(['1 Ada L.', `2 ${grace}`])
        await system.rename('Grace M.')
        const after = await sync()
        expect(after.heldBack).toEqual([])
        if (mode === 'two-way') expect((await shop.branchRows())[1]).toEqual({ id: 2, name: 'Grace M.' })
      },
    )
  },
)
