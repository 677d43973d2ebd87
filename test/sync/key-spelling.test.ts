// A key is the same row when its value is, however a database spells it.
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { digestHex } from '../../src/encoding/cid.ts'
import { readCommit } from '../../src/history/commit.ts'
import { linkRef } from '../../src/sync/state.ts'
import { heldRows } from '../../src/sync/held/sides.ts'
import { settleHeldRows } from '../../src/sync/held/settle.ts'
import type { Connector } from '../../src/connectors/interface.ts'
import type { Link, Receipt } from '../../src/sync/interface.ts'
import { openLink } from '../../src/sync/open-link.ts'
import { verifyLink } from '../../src/sync/verify/verify.ts'
import { BranchLinks, heldBackOf } from '../support/branch-links.ts'
import { wrapped } from '../support/linked.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { temporaryDir } from '../support/temporary.ts'

describe.skipIf(!hasPostgres)(`keys in a spelling of their own${withoutPostgres}`, () => {
  let postgres: Postgres
  beforeAll(async () => {
    postgres = await startPostgres()
  }, 60_000)
  afterAll(() => postgres.stop())

  let count = 0
  let links: BranchLinks
  let db: Client
  let link: Link
  beforeEach(async () => {
    links = new BranchLinks()
    const url = await postgres.database(`keys${++count}`)
    db = await postgres.client(url)
    await db.query(`CREATE TABLE prices (price numeric(10,2) PRIMARY KEY, note text)`)
    link = links.link(url, ['prices'])
  })

  /** The branch's table, with keys as somebody wrote them. */
  async function write(...prices: readonly (readonly [price: string, note: string])[]): Promise<void> {
    await links.repository.transaction('main', (tx) => {
      const columns = [
        { name: 'price', type: 'decimal' },
        { name: 'note', type: 'text' },
      ] as const
      const table = tx.createTable('data/prices', { key: ['price'], columns })
      for (const [price, note] of prices) table.put({ price, note })
    })
  }

  const there = async (): Promise<string[]> =>
    (await db.query('SELECT price::text, note FROM prices ORDER BY prices.price')).rows.map(
      ({ price, note }: { price: string; note: string }) => `${price} ${note}`,
    )
  const here = async (): Promise<string[]> =>
    (await links.rows('prices')).map((row) => Object.values(row).join(' '))
  const moved = ({ tables: [table] }: Receipt): number[] => {
    const { captured, written } = table!
    return [
      captured.added,
      captured.changed,
      captured.removed,
      written.added,
      written.changed,
      written.removed,
    ]
  }
  const quiet = [0, 0, 0, 0, 0, 0]

  test.each([{ changes: 'compare' }, { changes: 'log' }, { changes: 'log', commits: 'each' }] as const)(
    'each side keeps its own, and takes what the other changes ($changes $commits)',
    async (setting) => {
      link = { ...link, ...setting }
      await write(['1.5', 'one'], ['20', 'twenty'], ['0.250', 'quarter'])
      expect(moved(await links.sync(link))).toEqual([0, 0, 0, 3, 0, 0])
      expect(moved(await links.sync(link))).toEqual(quiet)
      expect(await there()).toEqual(['0.25 quarter', '1.50 one', '20.00 twenty'])
      await db.query("UPDATE prices SET note = 'changed there' WHERE price = 1.5")
      await links.edit('prices', { put: [{ price: '20', note: 'changed here' }] })
      const { tables, heldBack } = await links.sync(link)
      expect([heldBack, tables[0]!.after.endpoint]).toEqual([[], tables[0]!.after.branch])
      expect(moved(await links.sync(link))).toEqual(quiet)
      expect(await there()).toEqual(['0.25 quarter', '1.50 changed there', '20.00 changed here'])
      expect((await here()).toSorted()).toEqual(['0.25 quarter', '1.5 changed there', '20 changed here'])
      await db.query('DELETE FROM prices WHERE price = 20')
      await links.repository.transaction('main', (tx) => {
        tx.table('data/prices').delete('0.250')
      })
      await links.sync(link)
      expect(moved(await links.sync(link))).toEqual(quiet)
      expect([await there(), await here()]).toEqual([['1.50 changed there'], ['1.5 changed there']])
    },
  )

  test.each(['materialize', 'mirror'] as const)('mode %s writes each row once', async (mode) => {
    link = { ...link, mode }
    await write(['1.5', 'one'], ['2.000', 'two'])
    expect(moved(await links.sync(link))).toEqual([0, 0, 0, 2, 0, 0])
    expect(moved(await links.sync(link))).toEqual(quiet)
    await links.edit('prices', { put: [{ price: '1.5', note: 'changed' }] })
    expect(moved(await links.sync(link))).toEqual([0, 0, 0, 0, 1, 0])
    expect(moved(await links.sync(link))).toEqual(quiet)
    expect(await there()).toEqual(['1.50 changed', '2.00 two'])
  })

  test('what both have in common names what the endpoint holds, so that a quiet round looks at no key', async () => {
    const named = async (): Promise<unknown[]> => {
      const { refs } = await links.store.manifest()
      const [base, live] = await Promise.all(
        (['base', 'live'] as const).map((name) =>
          readCommit(links.store, refs.get(linkRef(link.name, name))!),
        ),
      )
      return [base!.extra['stored'], digestHex(live!.tree), digestHex(base!.tree)]
    }
    await write(['1.5', 'one'], ['2', 'two'])
    await links.sync(link)
    await links.sync(link)
    const [stored, live, base] = await named()
    expect([stored, live === base]).toEqual([live, false])
    await db.query("UPDATE prices SET note = 'changed'")
    await links.sync(link)
    const [after, seen] = await named()
    expect([after, seen === live]).toEqual([seen, false])
  })

  test('a round begins with what earlier ones know of keys, so that it spells those of changed rows alone', async () => {
    let spelled = 0
    const counting = (connector: Connector): Connector => ({
      ...wrapped(connector),
      discover: async (names, known) => {
        const tables = await connector.discover(names, known)
        return tables.map((table) => ({
          ...table,
          columns: table.columns.map((column) => ({
            ...column,
            ...(column.spellings && {
              spellings: (text: string) => {
                spelled++
                return column.spellings!(text)
              },
            }),
          })),
        }))
      },
    })
    const spelledIn = async (): Promise<number> => {
      spelled = 0
      expect((await links.sync(link, {}, counting)).heldBack).toEqual([])
      return spelled
    }
    await write(...Array.from({ length: 200 }, (_, i) => [`${i}.5`, 'note'] as const))
    expect(await spelledIn()).toBeGreaterThan(199)
    await db.query("UPDATE prices SET note = 'changed there' WHERE price = 7.5")
    expect(await spelledIn()).toBeLessThan(20)
    await links.edit('prices', { put: [{ price: '8.5', note: 'changed here' }], remove: ['9.5'] })
    expect(await spelledIn()).toBeLessThan(20)
    await db.query("INSERT INTO prices VALUES (1000.5, 'new there'); DELETE FROM prices WHERE price = 10.5")
    expect(await spelledIn()).toBeLessThan(20)
    expect((await here()).filter((row) => /^(7|8|9|10|1000)\./.test(row)).toSorted()).toEqual(
      ['1000.5 new there', '7.5 changed there', '8.5 changed here'].toSorted(),
    )
    expect((await here()).length).toBe((await there()).length)
  })

  test('rows that a repository meets for the first time are the same as those it has', async () => {
    await db.query("INSERT INTO prices VALUES (1.5, 'one'), (2, 'theirs'), (3, 'three')")
    await write(['1.5', 'one'], ['2', 'ours'], ['4', 'four'])
    expect(heldBackOf(await links.sync(link))).toEqual([
      'conflict prices 2: both sides added a row under this key',
    ])
    await db.query('DELETE FROM prices WHERE price = 2')
    await links.sync(link)
    expect(moved(await links.sync(link))).toEqual(quiet)
    expect((await here()).toSorted()).toEqual(['1.5 one', '2 ours', '3 three', '4 four'].toSorted())
  })

  test('two rows of a branch that are one to the database: the second waits by name', async () => {
    await write(['1.5', 'first'], ['1.50', 'second'])
    const waits = ['rejected prices 1.50: to the endpoint its key is that of another row: 1.50']
    await links.sync(link)
    expect(heldBackOf(await links.sync(link))).toEqual(waits)
    const receipt = await links.sync(link)
    expect([heldBackOf(receipt), moved(receipt)]).toEqual([waits, quiet])
    expect((await here()).length).toBe(2)
    // To a text they are two.
    await db.query('CREATE TABLE codes (price text PRIMARY KEY, note text)')
    await db.query("INSERT INTO codes VALUES ('1.5', 'first'), ('1.50', 'second')")
    const codes = { ...link, name: 'codes', tables: ['codes'] }
    await links.sync(codes)
    expect([heldBackOf(await links.sync(codes)), await links.rows('codes')]).toEqual([
      [],
      [
        { price: '1.5', note: 'first' },
        { price: '1.50', note: 'second' },
      ],
    ])
  })

  test.each([
    ['ours', ['1.50 ours'], ['1.5 ours']],
    ['theirs', ['1.50 theirs'], ['1.5 theirs']],
  ] as const)(
    'a row that both changed shows both versions, and is settled: %s',
    async (side, below, above) => {
      await write(['1.5', 'one'])
      await links.sync(link)
      await db.query("UPDATE prices SET note = 'theirs'")
      await links.edit('prices', { put: [{ price: '1.5', note: 'ours' }] })
      const { heldBack } = await links.sync(link)
      expect(heldBack).toMatchObject([{ key: '1.5', reason: 'conflict' }])
      expect(await heldRows(links.repo, link)).toMatchObject([
        { base: { note: 'one' }, branch: { note: 'ours' }, endpoint: { note: 'theirs' } },
      ])
      await settleHeldRows({ repo: links.repo, folder: null, link, rows: heldBack, side })
      await links.sync(link)
      expect(moved(await links.sync(link))).toEqual(quiet)
      expect([await there(), await here()]).toEqual([below, above])
    },
  )

  test('a verification counts them as the same', async () => {
    await write(['1.5', 'one'], ['2.00', 'two'], ['3', 'three'])
    await links.sync(link)
    const verify = async (): Promise<unknown> => {
      const connector = await openLink(link, {})
      try {
        return (await verifyLink({ repo: links.repo, connector, link, options: {} })).tables[0]
      } finally {
        await connector.close()
      }
    }
    expect(await verify()).toMatchObject({ matches: true, respelled: 2, rows: [] })
    await db.query('UPDATE prices SET price = 1.51 WHERE price = 1.5')
    expect(await verify()).toMatchObject({ matches: false, counts: { missing: 1, extra: 1, changed: 0 } })
  })

  test('a CSV file beside a database keeps its bytes', async () => {
    const folder = temporaryDir()
    const file = path.join(folder, 'prices.csv')
    const csv = 'price,note\n1.5,one\n2.50,two\n10,ten\n'
    fs.writeFileSync(file, csv)
    const drop = links.link(
      `${pathToFileURL(folder).href.replace('file:', 'folder:')}?settle=0`,
      ['prices'],
      {
        name: 'files',
        files: [{ table: 'prices', key: ['price'], columns: [{ name: 'price', type: 'decimal' }] }],
      },
    )
    const rounds = async (): Promise<number[][]> => [
      moved(await links.sync(drop)),
      moved(await links.sync(link)),
    ]
    await rounds()
    await rounds()
    expect(await rounds()).toEqual([quiet, quiet])
    expect(await there()).toEqual(['1.50 one', '2.50 two', '10.00 ten'])
    await db.query(
      "UPDATE prices SET note = 'changed' WHERE price = 1.5; DELETE FROM prices WHERE price = 10",
    )
    await rounds()
    await rounds()
    expect(await rounds()).toEqual([quiet, quiet])
    expect(fs.readFileSync(file, 'utf8')).toBe('price,note\n1.5,changed\n2.50,two\n')
  })

  test('a key of several columns, of a uuid in large letters and a time in another zone', async () => {
    await db.query('CREATE TABLE events (id uuid, at timestamptz, n int, PRIMARY KEY (id, at))')
    const id = 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'
    await links.repository.transaction('main', (tx) => {
      const columns = [
        { name: 'id', type: 'text' },
        { name: 'at', type: 'timestamp' },
        { name: 'n', type: 'int' },
      ] as const
      tx.createTable('data/events', { key: ['id', 'at'], columns }).put({
        id,
        at: '2024-05-06 09:08:09.50+02',
        n: 1,
      })
    })
    const events = { ...link, tables: ['events'] }
    await links.sync(events)
    expect(moved(await links.sync(events))).toEqual(quiet)
    await db.query('UPDATE events SET n = 2')
    await links.sync(events)
    expect(moved(await links.sync(events))).toEqual(quiet)
    expect(await links.rows('events')).toEqual([{ id, at: '2024-05-06 09:08:09.50+02', n: 2 }])
  })
})
