// What a link's transform lets into the history, from a real PostgreSQL.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Repository } from '../../../src/index.ts'
import { parseConfig } from '../../../src/dataset/config.ts'
import type { Link } from '../../../src/sync/interface.ts'
import { openLink } from '../../../src/sync/open-link.ts'
import { fault } from '../../support/fault.ts'
import { Linked } from '../../support/linked.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../../support/postgres.ts'
import { temporaryDir } from '../../support/temporary.ts'

const secret = 'a secret for these tests'

function transformOf(yaml: string, mode = 'capture') {
  const config = `links: {shop: {endpoint: 'postgres://h/d', mode: ${mode}, tables: [people], transform: ${yaml}}}`
  return parseConfig(config).links.get('shop')!.transform!
}

describe.skipIf(!hasPostgres)(`transforms of a link with PostgreSQL${withoutPostgres}`, () => {
  let postgres: Postgres
  let linked: Linked

  beforeAll(async () => {
    postgres = await startPostgres()
  }, 60_000)
  afterAll(() => postgres.stop())

  beforeEach(async () => {
    linked = await Linked.start(postgres)
    linked.environment = { VARVE_MASK_SECRET: secret }
  })

  function transform(yaml: string, mode: 'capture' | 'two-way' = 'capture'): void {
    linked.link = { ...linked.link, mode, transform: transformOf(yaml, mode) }
  }

  test('rows are filtered, columns chosen, renamed, cast, computed and masked', async () => {
    await linked.db.query(`ALTER TABLE people ADD COLUMN born text; UPDATE people SET born = '1815-12-10'`)
    transform(`{people: {where: age > 40, columns: {
      name: {mask: hash}, age: {rename: years, cast: decimal}, born: {cast: date},
      decade: {compute: age / 10 * 10, cast: int}, initial: {compute: 'substr(name, 1, 1)'}}}}`)
    const receipt = await linked.sync()
    expect(receipt.tables[0]).toMatchObject({ read: 2, captured: { added: 2 } })
    const [edsger, grace] = (await linked.branchRows()).reverse() as Record<string, unknown>[]
    expect(grace).toEqual({
      id: 2,
      name: expect.stringMatching(/^[0-9a-f]{32}$/),
      years: 85,
      born: '1815-12-10',
      decade: 80,
      initial: 'G',
    })
    expect(edsger).toMatchObject({ id: 3, years: 72, initial: 'E' })
  })

  test('a round after it is quiet; a row that the filter takes no longer is gone', async () => {
    transform(`{people: {where: age > 40}}`)
    await linked.sync()
    expect((await linked.sync()).tables[0]!.captured).toEqual({ added: 0, changed: 0, removed: 0 })
    await linked.db.query('UPDATE people SET age = 30 WHERE id = 3; UPDATE people SET age = 60 WHERE id = 1')
    expect((await linked.sync()).tables[0]!.captured).toEqual({ added: 1, changed: 0, removed: 1 })
  })

  test('another transform of the same rows reads them again', async () => {
    transform(`{people: {omit: age}}`)
    await linked.sync()
    transform(`{people: {omit: age, columns: {name: {mask: redact}}}}`)
    expect((await linked.sync()).tables[0]!.captured.changed).toBe(3)
    expect(await linked.branchRows()).toContainEqual({ id: 1, name: '[redacted]' })
  })

  test('what a mask or a filter made of a table is not written back once it is taken away', async () => {
    transform(`{people: {where: age > 40, columns: {name: {mask: redact}}}}`)
    await linked.sync()
    const rows = await linked.rows()
    const plain = { ...linked.link, transform: [] }
    const refused = expect.stringMatching(/^VARVE_REFUSED: the branch has of 'people' what a transform made/)
    for (const mode of ['mirror', 'materialize'] as const) {
      linked.link = { ...plain, mode }
      expect(await fault(linked.sync())).toEqual(refused)
    }
    // A round that reads what is there brings it into the branch, and from then on it may go back.
    linked.link = { ...plain, mode: 'capture' }
    await linked.sync()
    linked.link = { ...plain, mode: 'mirror' }
    await linked.sync()
    expect(await linked.rows()).toEqual(rows)
    expect(await linked.branchRows()).toEqual(rows)
  })

  test('nor is it by a link of another name, but to another database it may go', async () => {
    transform(`{people: {columns: {name: {mask: redact}}}}`)
    await linked.sync()
    const [rows, { link }] = [await linked.rows(), linked]
    const other: Link = { ...link, name: 'back', transform: [] }
    for (const mode of ['mirror', 'materialize', 'two-way'] as const) {
      linked.link = { ...other, mode }
      await expect(linked.sync()).rejects.toMatchObject({
        code: 'VARVE_REFUSED',
        message: expect.stringContaining("what a transform of the link 'shop' made of it"),
        hint: expect.stringContaining("mode 'capture' of the link 'shop' without the transform"),
        data: { link: 'back', table: 'people', madeBy: 'shop' },
      })
    }
    expect(await linked.rows()).toEqual(rows)
    // What another link reads does not take the masks off what this one made.
    linked.link = { ...other, mode: 'capture' }
    await linked.sync()
    linked.link = { ...other, mode: 'mirror' }
    expect(await fault(linked.sync())).toMatch(/^VARVE_REFUSED/)
    // Rows that lie elsewhere are the endpoint's own, and those of a staging database are for masks.
    linked.link = { ...other, mode: 'two-way', into: 'whole' }
    expect((await linked.sync()).heldBack).toEqual([])
    const staging = await Linked.start(postgres)
    linked.link = { ...other, endpoint: staging.link.endpoint, name: 'staging', mode: 'mirror' }
    await linked.sync()
    expect(await staging.rows()).toContainEqual({ id: 1, name: '[redacted]', age: 36 })
    // The link itself reads what is there, and then any may write.
    linked.link = { ...link, transform: [] }
    await linked.sync()
    linked.link = { ...other, mode: 'mirror' }
    await linked.sync()
    expect(await linked.rows()).toEqual(rows)
    await staging.db.end()
  })

  test('a table that leaves the link, or goes into another folder, is not forgotten by its rounds', async () => {
    await linked.db.query('CREATE TABLE orders (id int PRIMARY KEY)')
    transform(`{people: {columns: {name: {mask: redact}}}}`)
    await linked.sync()
    const { link } = linked
    linked.link = { ...link, tables: ['orders'], transform: [] }
    await linked.sync()
    linked.link = { ...link, into: 'whole', transform: [] }
    await linked.sync()
    linked.link = { ...link, mode: 'mirror', transform: [] }
    expect(await fault(linked.sync())).toMatch(
      /^VARVE_REFUSED: the branch has of 'people' what a transform made of it/,
    )
  })

  test('a value that cannot be cast stops its table alone, and is not told', async () => {
    transform(`{people: {columns: {name: {cast: int}}}}`)
    expect(await fault(linked.sync())).toBe(
      "VARVE_RULE_VIOLATED: people: column 'name' has a value that is not of type int",
    )
    await linked.db.query(`UPDATE people SET name = '1'`)
    await linked.sync()
    await linked.db.query(`UPDATE people SET name = 'secret' WHERE id = 2`)
    const { heldBack } = await linked.sync()
    expect(heldBack).toMatchObject([
      { reason: 'schema', message: "people: column 'name' has a value that is not of type int" },
    ])
    await linked.db.query(`UPDATE people SET name = '2' WHERE id = 2`)
    expect((await linked.sync()).heldBack).toEqual([])
  })

  test.each([
    ['{people: {omit: id}}', "column 'id' is of the key and cannot be left out"],
    ['{people: {omit: agee}}', "speaks of a column 'agee', which the endpoint has not"],
    ['{people: {columns: {age: {rename: name}}}}', "two columns would be called 'name'"],
    ['{people: {columns: {age: {compute: 1}}}}', "has a column 'age' that would be computed"],
    ['{people: {where: agee > 1}}', "'where' is not an expression over one row"],
  ])('%s is refused', async (yaml, words) => {
    transform(yaml)
    expect(await fault(linked.sync())).toContain(words)
  })

  test('in both ways columns may be chosen and renamed, and what is not chosen stays as it is', async () => {
    transform(`{people: {omit: age, columns: {name: {rename: called}}}}`, 'two-way')
    await linked.sync()
    await linked.edit((rows) => {
      rows.put({ id: 1, called: 'Ada Lovelace' })
      rows.put({ id: 4, called: 'Barbara' })
      rows.delete(3)
    })
    await linked.db.query(`UPDATE people SET name = 'Grace Hopper' WHERE id = 2`)
    expect((await linked.sync()).heldBack).toEqual([])
    expect(await linked.rows()).toEqual([
      { id: 1, name: 'Ada Lovelace', age: 36 },
      { id: 2, name: 'Grace Hopper', age: 85 },
      { id: 4, name: 'Barbara', age: null },
    ])
    expect((await linked.branchRows())[1]).toEqual({ id: 2, called: 'Grace Hopper' })
  })

  test('nothing that is masked is stored anywhere, and nothing is read without the secret', async () => {
    const root = path.join(temporaryDir(), 'masked')
    const environment: Record<string, string> = { VARVE_MASK_SECRET: secret }
    const author = { name: 'Ada', email: 'ada@example.org' }
    await using repo = await Repository.init(root, { author, environment })
    await repo.addLink('shop', {
      endpoint: linked.link.endpoint,
      mode: 'capture',
      tables: ['people'],
      transform: transformOf(`{people: {columns: {name: {mask: hash}, age: {mask: null}}}}`),
    })
    expect(readFileSync(path.join(root, 'varve.yaml'), 'utf8')).toContain('mask: hash')
    await repo.sync('shop')
    const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    )
    expect(files.length).toBeGreaterThan(3)
    for (const file of files)
      expect(readFileSync(path.join(file.parentPath, file.name)).includes('Edsger')).toBe(false)
    for await (const row of (await repo.at('main')).table('shop/people').scan()) expect(row.age).toBe(null)
    delete environment['VARVE_MASK_SECRET']
    expect(await fault(repo.sync('shop'))).toMatch(/^VARVE_REFUSED: the mask 'hash' needs a secret/)
  })
})

describe('transforms in varve.yaml', () => {
  test.each([
    ['[people]', 'capture', "'transform' is not a map"],
    ['{orders: {omit: x}}', 'capture', "the link has no table 'orders'"],
    ['{people: {mask: hash}}', 'capture', "unknown setting 'mask'"],
    ['{people: {columns: {name: {mask: md5}}}}', 'capture', "unknown mask 'md5'"],
    ['{people: {columns: {name: {cast: number}}}}', 'capture', "unknown type 'number'"],
    ['{people: {columns: {name: {mask: hash}}}}', 'two-way', "'mask' needs mode 'capture'"],
    ['{people: {where: age > 1}}', 'mirror', "'where' needs mode 'capture'"],
    ['{people: {select: []}}', 'capture', "'select' is not a list of columns"],
  ])('%s in mode %s is refused', (yaml, mode, words) => {
    expect(() => transformOf(yaml, mode)).toThrow(words)
  })

  test('what cannot be undone is refused for tables that are written to, before anything is opened', async () => {
    for (const yaml of ['{people: {where: age > 1}}', '{people: {columns: {name: {mask: hash}}}}']) {
      const transform = transformOf(yaml, 'materialize')
      const link = { name: 'shop', endpoint: 'sqlite:///nonexistent/shop.db', mode: 'materialize' as const }
      const rest = { tables: ['people'], into: 'shop', branch: null }
      await expect(openLink({ ...link, ...rest, transform })).rejects.toThrow("needs mode 'capture'")
    }
  })
})
