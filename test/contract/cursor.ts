// What a link promises whose tables are read by a cursor, whatever is at its other end: new rows come in whole, late ones too
// as long as the lag lasts, and what is gone is seen when all is read.
import { temporaryDir } from '../support/temporary.ts'
import { Repository } from '../../src/api/repository.ts'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { linkedIn } from '../support/linked-store.ts'
import { ShopLink } from '../support/shop-link.ts'
import type { Connector, EndpointSnapshot } from '../../src/connectors/interface.ts'
import type { TableCursor } from '../../src/dataset/interface.ts'
import { openLink } from '../../src/sync/open-link.ts'
import { verifyLink } from '../../src/sync/verify/verify.ts'

export interface CursorHost {
  readonly name: string
  readonly without: string
  start(): Promise<void>
  stop(): Promise<void>
  /** A new database, and its URL. */
  fresh(): Promise<string>
  /** On the database of that URL, as another client does. */
  run(url: string, sql: string): Promise<void>
  /** The type of a moment without a zone. */
  readonly timeType: string
}

export function cursorContract(host: CursorHost): void {
  describe.skipIf(host.without !== '')(`cursors of ${host.name}${host.without}`, () => {
    let url: string
    let shop: ShopLink

    beforeAll(() => host.start(), 60_000)
    afterAll(() => host.stop(), 60_000)

    beforeEach(async () => {
      url = await host.fresh()
      await host.run(
        url,
        `CREATE TABLE people (id int PRIMARY KEY, name varchar(50), at ${host.timeType}, n int)`,
      )
      await host.run(url, 'CREATE INDEX people_at ON people (at)')
      await host.run(
        url,
        `INSERT INTO people VALUES (1, 'Ada', '2024-05-01 10:00:00', 1), (2, 'Grace', '2024-05-01 11:00:00', 2), (3, 'Edsger', NULL, 3)`,
      )
      shop = ShopLink.over(url, { mode: 'capture' })
    }, 60_000)

    function byCursor(cursor: Omit<TableCursor, 'table'>): void {
      shop.link = { ...shop.link, cursor: [{ table: 'people', ...cursor }] }
    }

    /** Ids of the rows that a round is sent. */
    async function sent(): Promise<string[]> {
      const ids: string[] = []
      const watch = (rows: AsyncIterable<readonly (readonly { bytes: Uint8Array }[])[]>) =>
        (async function* () {
          for await (const batch of rows) {
            for (const [id] of batch) ids.push(Buffer.from(id!.bytes).toString())
            yield batch
          }
        })()
      const wrap = (connector: Connector): Connector =>
        wrapped(connector, {
          snapshot: async (...tables: Parameters<Connector['snapshot']>) => {
            const snapshot = await connector.snapshot(...tables)
            return wrapped<EndpointSnapshot>(snapshot, {
              packed: undefined,
              rows: (...one: Parameters<EndpointSnapshot['rows']>) => watch(snapshot.rows(...one) as never),
              since: async (...one: Parameters<NonNullable<EndpointSnapshot['since']>>) => {
                const since = await snapshot.since!(...one)
                return { ...since, rows: () => watch(since.rows() as never) }
              },
            })
          },
        })
      await shop.sync({}, wrap)
      return ids.sort()
    }

    async function names(): Promise<unknown[]> {
      return (await shop.branchRows()).map((row) => (row as { name: unknown }).name)
    }

    test('a round is sent the rows of the window and those without a value, and nothing else', async () => {
      byCursor({ column: 'at', lag: { ms: 60_000 } })
      expect(await sent()).toEqual(['1', '2', '3'])
      await host.run(url, "UPDATE people SET name = 'old' WHERE id = 1")
      await host.run(url, "INSERT INTO people VALUES (4, 'Barbara', '2024-05-01 10:59:30', 4)")
      await host.run(url, "INSERT INTO people VALUES (5, 'Donald', '2024-05-01 12:00:00', 5)")
      await host.run(url, "UPDATE people SET name = 'E' WHERE id = 3")
      expect(await sent()).toEqual(['2', '3', '4', '5'])
      expect(await names()).toEqual(['Ada', 'Grace', 'E', 'Barbara', 'Donald'])
      expect(await sent()).toEqual(['3', '5'])
    })

    test('what is gone stays until all rows are read, and the receipt says so', async () => {
      byCursor({ column: 'at', lag: { ms: 0 } })
      await shop.sync()
      await host.run(url, 'DELETE FROM people WHERE id = 1')
      const receipt = await shop.sync()
      expect(receipt.tables[0]).toMatchObject({ cursor: 'at', read: 3, captured: { removed: 0 } })
      byCursor({ column: 'at', lag: { ms: 0 }, fullMs: 0 })
      expect((await shop.sync()).tables[0]).toMatchObject({ read: 2, captured: { removed: 1 } })
      expect(await names()).toEqual(['Grace', 'Edsger'])
    })

    test('rows that are only marked as deleted are gone, and come back with the mark taken away', async () => {
      await host.run(url, 'ALTER TABLE people ADD gone int')
      await host.run(url, 'UPDATE people SET gone = 1 WHERE id = 2')
      const deletes = [{ path: 'gone', values: ['*'] }]
      byCursor({ column: 'at', lag: { ms: 0 }, deletes })
      await shop.sync()
      expect(await names()).toEqual(['Ada', 'Edsger'])
      await host.run(url, "UPDATE people SET gone = 1, at = '2024-05-02 10:00:00' WHERE id = 1")
      await host.run(url, "INSERT INTO people VALUES (4, 'Barbara', '2024-05-02 10:00:00', 4, 0)")
      const receipt = await shop.sync()
      expect(receipt.tables[0]).toMatchObject({ read: 2, captured: { added: 1, removed: 1 } })
      expect(await names()).toEqual(['Edsger', 'Barbara'])
      expect((await shop.sync()).commit).toBe(receipt.commit)
      const connector = await openLink(shop.link)
      const proof = await verifyLink({ repo: shop.repo, connector, link: shop.link, options: {} })
      await connector.close()
      expect(proof).toMatchObject({ matches: true, tables: [{ endpoint: { rows: 2 } }] })
      await host.run(url, "UPDATE people SET gone = NULL, at = '2024-05-03 10:00:00' WHERE id = 1")
      await shop.sync()
      expect(await names()).toEqual(['Ada', 'Edsger', 'Barbara'])
      // Another rule: what it leaves out is not sent as new.
      byCursor({ column: 'at', lag: { ms: 0 }, deletes: [{ path: 'gone', values: ['0'] }] })
      await shop.sync()
      expect(await names()).toEqual(['Ada', 'Grace', 'Edsger'])
      byCursor({ column: 'at', lag: { ms: 0 }, deletes: [{ path: 'none', values: ['*'] }] })
      expect((await shop.sync()).heldBack).toMatchObject([{ table: 'people' }])
    })

    test('a round that is killed anywhere reads again what it had not kept', async () => {
      byCursor({ column: 'at', lag: { ms: 0 } })
      await shop.sync()
      let id = 10
      for (const when of ['before', 'after'] as const)
        for (let manifest = 1; manifest <= 3; manifest++) {
          id++
          await host.run(url, `INSERT INTO people VALUES (${id}, 'n${id}', '2024-06-01 10:00:${id}', 1)`)
          await linkedIn(shop, { manifest, when })
            .sync()
            .catch(() => 0)
          await shop.sync()
          expect((await names()).at(-1)).toBe(`n${id}`)
        }
      expect(await names()).toHaveLength(9)
    })

    test('a column of numbers needs a lag of its own, and one that is neither is refused by name', async () => {
      byCursor({ column: 'n' })
      await expect(shop.sync()).rejects.toThrow(/'n' of 'people' is a number/)
      byCursor({ column: 'name' })
      await expect(shop.sync()).rejects.toThrow(/'name' of 'people' is text/)
      byCursor({ column: 'none' })
      await expect(shop.sync()).rejects.toThrow(/has no column 'none'/)
      byCursor({ column: 'n', lag: { units: 1 } })
      expect((await shop.sync()).notes.join()).toContain("no index on its cursor 'n'")
      await host.run(url, "INSERT INTO people VALUES (4, 'Barbara', NULL, 2)")
      await host.run(url, "INSERT INTO people VALUES (5, 'Donald', NULL, 1)")
      expect(await sent()).toEqual(['2', '3', '4'])
      expect((await shop.sync()).notes).toEqual([])
      expect(await names()).toEqual(['Ada', 'Grace', 'Edsger', 'Barbara'])
    })

    test('a link whose cursor is none is not even declared', async () => {
      const repo = await Repository.init(temporaryDir())
      const add = (column: string) =>
        repo.addLink('shop', {
          endpoint: url,
          mode: 'capture',
          tables: ['people'],
          cursor: [{ table: 'people', column }],
        })
      await expect(add('none')).rejects.toThrow(/has no column 'none' to be its cursor/)
      await expect(add('name')).rejects.toThrow(/'name' of 'people' is text/)
      await expect(add('n')).rejects.toThrow(/'n' of 'people' is a number/)
      expect(await repo.links()).toEqual([])
      await add('at')
      await repo.close()
    })

    test('another database under the same name is read whole', async () => {
      byCursor({ column: 'at', lag: { ms: 0 } })
      await shop.sync()
      const other = await host.fresh()
      await host.run(
        other,
        `CREATE TABLE people (id int PRIMARY KEY, name varchar(50), at ${host.timeType}, n int)`,
      )
      await host.run(
        other,
        "INSERT INTO people VALUES (1, 'Ada', '2020-05-01 10:00:00', 1), (2, 'Other', '2020-05-01 11:00:00', 2)",
      )
      shop.link = { ...shop.link, endpoint: other }
      const receipt = await shop.sync({ allow: ['identity', 'deletes'] })
      expect(receipt.tables[0]).toMatchObject({ read: 2, captured: { changed: 2, removed: 1 } })
      expect(receipt.heldBack).toMatchObject([{ key: '1' }, { key: '2' }])
    })

    test('another column, and a new column of the table, have all rows read', async () => {
      byCursor({ column: 'at', lag: { ms: 0 } })
      await shop.sync()
      byCursor({ column: 'n', lag: { units: 0 } })
      expect(await sent()).toEqual(['1', '2', '3'])
      await host.run(url, 'ALTER TABLE people ADD city varchar(9)')
      expect(await sent()).toEqual(['1', '2', '3'])
      expect(await sent()).toEqual(['3'])
    })
  })
}

/** As `target`, but for these. */
function wrapped<T extends object>(target: T, own: Record<string, unknown>): T {
  return new Proxy(target, {
    get(_, name) {
      if (Object.hasOwn(own, name)) return own[name as string]
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}
