// Each template of links, run against what it is for.
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from 'pg'
import { linkTemplates } from '../../src/api/links/link-templates.ts'
import { Repository } from '../../src/api/repository.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { temporaryDir } from '../support/temporary.ts'
import { secret, startHook } from '../sync/sinks/webhook-receiver.ts'

let postgres: Postgres
let count = 0
const tables = ['people']

describe.skipIf(!hasPostgres)(`templates of links${withoutPostgres}`, () => {
  beforeAll(async () => {
    postgres = await startPostgres()
  }, 60_000)
  afterAll(() => postgres.stop())
  const dir = temporaryDir()

  async function database(rows: string): Promise<{ url: string; db: Client }> {
    const url = await postgres.database(`t${++count}`)
    const db = await postgres.client(url)
    await db.query(`CREATE TABLE people (id int PRIMARY KEY, name text)`)
    if (rows !== '') await db.query(`INSERT INTO people VALUES ${rows}`)
    return { url, db }
  }

  const init = (): Promise<Repository> =>
    Repository.init(`${dir}/r${++count}`, {
      author: { name: 'Ada', email: 'ada@example.org' },
      environment: { VARVE_LINK_SHOP_SECRET: secret },
    })
  const put = (repo: Repository, id: number, name: string): Promise<unknown> =>
    repo.transaction('main', (tx) => tx.table('shop/people').put({ id, name }))
  const names = async (db: Client): Promise<string> =>
    (await db.query('SELECT name FROM people ORDER BY id')).rows.map(({ name }) => name as string).join()
  const branchNames = async (repo: Repository): Promise<string> => {
    const found: unknown[] = []
    for await (const row of (await repo.at('main')).table('shop/people').scan()) found.push(row['name'])
    return found.join()
  }

  test('those that are listed are those that are run here', () => {
    expect(linkTemplates.map(({ name }) => name)).toEqual([
      'database-to-dataset',
      'dataset-to-database',
      'databases-in-step',
      'file-drop-to-database',
      'commit-to-webhook',
    ])
  })

  test('database to dataset', async () => {
    const [{ url, db }, repo] = [await database("(1, 'Ada')"), await init()]
    await repo.useLinkTemplate('database-to-dataset', 'shop', { endpoints: [url], tables })
    await repo.sync('shop')
    await put(repo, 2, 'here')
    await db.query("INSERT INTO people VALUES (3, 'Grace')")
    await repo.sync('shop')
    expect([await branchNames(repo), await names(db)]).toEqual(['Ada,here,Grace', 'Ada,Grace'])
  })

  test('dataset to database', async () => {
    const [{ url, db }, source, repo] = [await database(''), await database("(1, 'Ada')"), await init()]
    await repo.useLinkTemplate('database-to-dataset', 'first', {
      endpoints: [source.url],
      tables,
      into: 'shop',
    })
    await repo.sync('first')
    await repo.useLinkTemplate('dataset-to-database', 'shop', { endpoints: [url], tables })
    await repo.sync('shop')
    await put(repo, 2, 'Grace')
    await db.query("INSERT INTO people VALUES (3, 'theirs')")
    await repo.sync('shop')
    expect([await branchNames(repo), await names(db)]).toEqual(['Ada,Grace', 'Ada,Grace,theirs'])
  })

  test('two databases in step', async () => {
    const [a, b, repo] = [await database("(1, 'Ada')"), await database("(2, 'Grace')"), await init()]
    const links = await repo.useLinkTemplate('databases-in-step', 'shop', {
      endpoints: [a.url, b.url],
      tables,
    })
    expect(links.map(({ name, into }) => [name, into])).toEqual([
      ['shop-a', 'shop'],
      ['shop-b', 'shop'],
    ])
    const both = async (): Promise<void> => {
      for (const name of ['shop-a', 'shop-b', 'shop-a']) await repo.sync(name)
    }
    await both()
    expect([await names(a.db), await names(b.db)]).toEqual(['Ada,Grace', 'Ada,Grace'])
    await a.db.query("UPDATE people SET name = 'Ada L.' WHERE id = 1")
    await b.db.query("INSERT INTO people VALUES (3, 'Edsger')")
    await both()
    expect([await names(a.db), await names(b.db), await branchNames(repo)]).toEqual(
      Array(3).fill('Ada L.,Grace,Edsger'),
    )
  })

  test('file drop to database', async () => {
    const [{ url, db }, repo] = [await database("(9, 'theirs')"), await init()]
    const folder = temporaryDir()
    const drop = (name: string, text: string): void => fs.writeFileSync(path.join(folder, name), text)
    fs.mkdirSync(path.join(folder, 'people'))
    drop('people/1.csv', 'id,name\n1,Ada\n2,Grace\n')
    const links = await repo.useLinkTemplate('file-drop-to-database', 'shop', {
      endpoints: [`folder://${folder}?settle=0`, url],
      tables,
      files: [{ table: 'people', key: ['id'] }],
    })
    expect(links.map(({ name, mode }) => `${name} ${mode}`)).toEqual([
      'shop-files capture',
      'shop-database materialize',
    ])
    const both = async (): Promise<void> => {
      for (const { name } of links) expect((await repo.sync(name)).heldBack).toEqual([])
    }
    await both()
    expect([await branchNames(repo), await names(db)]).toEqual(['Ada,Grace', 'Ada,Grace,theirs'])
    drop('people/2.csv', 'id,name\n2,Grace H.\n3,Edsger\n')
    await both()
    expect([await branchNames(repo), await names(db)]).toEqual([
      'Ada,Grace H.,Edsger',
      'Ada,Grace H.,Edsger,theirs',
    ])
  })

  test('commit to webhook', async () => {
    const [source, repo, hook] = [await database("(1, 'Ada')"), await init(), await startHook()]
    try {
      await repo.useLinkTemplate('database-to-dataset', 'first', {
        endpoints: [source.url],
        tables,
        into: 'shop',
      })
      await repo.sync('first')
      await repo.useLinkTemplate('commit-to-webhook', 'shop', {
        endpoints: [hook.url],
        tables: ['shop/people'],
      })
      await repo.sync('shop')
      await put(repo, 2, 'Grace')
      await put(repo, 3, 'Edsger')
      await repo.sync('shop')
      const told = hook.batches.map(({ rows }) => rows.map((row) => (row.after as { name: string }).name))
      expect(told).toEqual([['Ada'], ['Grace'], ['Edsger']])
    } finally {
      await hook.close()
    }
  })

  test('an endpoint that does not answer leaves no link behind', async () => {
    const [{ url }, repo] = [await database("(1, 'Ada')"), await init()]
    const use = { endpoints: [url, 'postgres://ada@127.0.0.1:1/x'], tables }
    await expect(repo.useLinkTemplate('databases-in-step', 'shop', use)).rejects.toThrow('cannot reach')
    expect(await repo.links()).toEqual([])
    await expect(repo.useLinkTemplate('nothing', 'shop', use)).rejects.toThrow("no template 'nothing'")
    const one = { endpoints: [url], tables }
    await expect(repo.useLinkTemplate('databases-in-step', 'shop', one)).rejects.toThrow('takes 2 endpoints')
  })
})
