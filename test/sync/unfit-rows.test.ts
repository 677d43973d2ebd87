// Rows that are too large to be kept wait alone: in readings of what was written, by the log, in every mode, and whenever a
// round is killed.
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { withOverrides } from '../../src/contract/linked-endpoint.ts'
import type { Link, Receipt } from '../../src/sync/interface.ts'
import { linkRef } from '../../src/sync/state.ts'
import { BranchLinks, heldBackOf } from '../support/branch-links.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { startMemoryS3, testEnvironment } from '../support/memory-s3.ts'
import { ShopLink } from '../support/shop-link.ts'
import { temporaryDir } from '../support/temporary.ts'

const tooLarge = (16 << 20) + 1
const keys = ({ heldBack }: Receipt): string[] => heldBack.map(({ key, reason }) => `${reason} ${key}`)

describe.skipIf(!hasPostgres)(`rows of PostgreSQL that are too large${withoutPostgres}`, () => {
  let postgres: Postgres
  let shop: ShopLink
  let wholeReadings = 0

  beforeAll(async () => {
    postgres = await startPostgres({ max_replication_slots: '20' })
  }, 60_000)
  afterAll(() => postgres.stop(), 60_000)
  beforeEach(() => void (wholeReadings = 0))

  async function start(setting: Partial<Link>): Promise<void> {
    shop = await ShopLink.create(postgres, setting)
    await shop.db.query(`
      ALTER TABLE people ADD COLUMN note text;
      INSERT INTO people SELECT i, 'name ' || i, i % 90 FROM generate_series(10, 99) i`)
    await shop.sync()
  }

  const sync = (): Promise<Receipt> =>
    shop.sync({}, (connector) =>
      withOverrides(connector, {
        snapshot: async (tables) => {
          const snapshot = await connector.snapshot(tables)
          return withOverrides(snapshot, {
            packed: (table, options) => {
              wholeReadings++
              return snapshot.packed!(table, options)
            },
          })
        },
      }),
    )

  const large = `repeat('x', ${tooLarge})`

  test('what was written is read, and no more: the rows that wait are counted', async () => {
    await start({})
    await shop.db.query(`
      UPDATE people SET name = ${large} WHERE id = 50;
      INSERT INTO people VALUES (200, ${large}, 1), (201, 'new', 2);
      UPDATE people SET age = 1 WHERE id < 15`)
    const first = await sync()
    expect(keys(first)).toEqual(['rejected 50', 'rejected 200'])
    expect(first.tables[0]).toMatchObject({ captured: { added: 1, changed: 8, removed: 0 } })
    await shop.db.query('UPDATE people SET age = 2 WHERE id IN (50, 200)')
    expect(keys(await sync())).toEqual(['rejected 50', 'rejected 200'])
    await shop.db.query(`UPDATE people SET name = 'small' WHERE id IN (50, 200)`)
    const mended = await sync()
    expect(keys(mended)).toEqual([])
    expect(mended.tables[0]).toMatchObject({ captured: { added: 1, changed: 1, removed: 0 } })
    expect(wholeReadings).toBe(0)
    // Which rows are gone nothing says but a reading of all.
    await shop.db.query(
      `UPDATE people SET name = ${large} WHERE id = 50; INSERT INTO people VALUES (202, ${large})`,
    )
    await sync()
    await shop.db.query('DELETE FROM people WHERE id = 202')
    expect([keys(await sync()), wholeReadings]).toEqual([['rejected 50'], 1])
    await shop.db.query('DELETE FROM people WHERE id = 50')
    expect([keys(await sync()), wholeReadings]).toEqual([[], 2])
    expect(await shop.branchRows()).toEqual((await shop.rows()).map((row) => ({ ...(row as object) })))
  })

  test('the log leaves out a value that stays too large, and what else it leaves out of such a row is read', async () => {
    await start({ changes: 'log' })
    await shop.db.query(`UPDATE people SET name = ${large}, note = repeat('n', 1000000) WHERE id = 50`)
    expect(keys(await sync())).toEqual(['rejected 50'])
    await shop.db.query('UPDATE people SET age = 7 WHERE id = 50')
    await shop.db.query('UPDATE people SET id = 150 WHERE id = 50')
    const moved = await sync()
    expect([keys(moved), moved.notes]).toEqual([['rejected 150'], []])
    expect(moved.tables[0]).toMatchObject({ captured: { added: 0, changed: 0, removed: 1 } })
    await shop.db.query(`UPDATE people SET name = 'small' WHERE id = 150`)
    const read = await sync()
    expect([keys(read), read.notes]).toEqual([[], [expect.stringContaining('that could not be kept')]])
    expect((await shop.branchRows()).at(-1)).toEqual({
      id: 150,
      name: 'small',
      age: 7,
      note: 'n'.repeat(1_000_000),
    })
    expect((await sync()).notes).toEqual([])
  })

  test('a row that is too long to be read stops its table, which is not read again before it is written to', async () => {
    await start({ changes: 'compare' })
    const notes = Array.from({ length: 5 }, (_, i) => `note${i}`)
    await shop.db.query(`ALTER TABLE people ${notes.map((name) => `ADD COLUMN ${name} text`).join(', ')}`)
    expect((await sync()).heldBack).toEqual([])
    const long = notes.map((name) => `${name} = repeat('x', ${15 << 20})`)
    await shop.db.query(`UPDATE people SET ${long.join(', ')} WHERE id = 50`)
    const stopped = {
      table: 'people',
      reason: 'schema',
      message: expect.stringMatching(/longer than 64 MiB/),
    }
    for (let round = 0; round < 2; round++) expect((await sync()).heldBack).toMatchObject([stopped])
    wholeReadings = 0
    expect([(await sync()).heldBack, wholeReadings]).toMatchObject([[stopped], 0])
    await shop.db.query('UPDATE people SET note4 = NULL WHERE id = 50')
    expect([(await sync()).heldBack, wholeReadings]).toEqual([[], 1])
  }, 60_000)

  for (const mode of ['mirror', 'materialize', 'capture'] as const) {
    test(`in mode ${mode} nothing is written over them, and their versions stay`, async () => {
      await start({})
      shop.link = { ...shop.link, mode, ...(mode === 'capture' ? {} : { commits: 'each' }) }
      await shop.sync()
      await shop.db.query(
        `UPDATE people SET name = ${large} WHERE id = 50; INSERT INTO people VALUES (200, ${large})`,
      )
      for (const age of [1, 2])
        await shop.edit((rows) => {
          rows.put({ id: 50, name: 'here', age })
          rows.put({ id: 200, name: 'here', age })
          rows.put({ id: 51, name: 'here', age })
        })
      for (let round = 0; round < 2; round++)
        expect(keys(await sync())).toEqual(['rejected 50', 'rejected 200'])
      const { rows } = await shop.db.query(
        'SELECT id, length(name) AS n, age FROM people WHERE id IN (50, 51, 200)',
      )
      expect(rows.toSorted((a, b) => a.id - b.id)).toEqual([
        { id: 50, n: tooLarge, age: 50 },
        mode === 'capture' ? { id: 51, n: 7, age: 51 } : { id: 51, n: 4, age: 2 },
        { id: 200, n: tooLarge, age: null },
      ])
      await shop.db.query(
        `UPDATE people SET name = 'name 50' WHERE id = 50; DELETE FROM people WHERE id = 200`,
      )
      expect(keys(await sync())).toEqual([])
      if (mode !== 'capture') expect(await shop.branchRows()).toEqual(await shop.rows())
      else expect(await shop.branchRows()).toContainEqual({ id: 50, name: 'here', age: 2, note: null })
    })
  }

  test('a row of 80 MiB goes by: only its size is taken in, and a transform that would have to look at it lets it wait', async () => {
    await start({ mode: 'capture' })
    const bytes = 80 << 20
    await shop.db.query(`UPDATE people SET note = repeat('x', ${bytes}), name = 'there' WHERE id = 50`)
    const read = await sync()
    expect(read.heldBack).toMatchObject([{ key: '50', tooLarge: { columns: ['note'], bytes } }])
    const transform = { table: 'people', select: null, omit: ['note'], where: null, columns: [] }
    const computed = {
      column: 'long',
      compute: 'length(note)',
      mask: null,
      cast: 'int' as const,
      rename: null,
    }
    // What was not taken in cannot be asked: the version that stays is.
    const taken = { ...transform, omit: [], where: 'note IS NULL AND age < 60' }
    shop.link = { ...shop.link, transform: [taken] }
    expect(keys(await shop.sync())).toEqual(['rejected 50'])
    expect(await shop.branchRows()).not.toContainEqual({ id: 60, name: 'name 60', age: 60, note: null })
    expect(await shop.branchRows()).toContainEqual({ id: 50, name: 'name 50', age: 50, note: null })
    shop.link = { ...shop.link, transform: [{ ...transform, columns: [computed] }] }
    expect(keys(await shop.sync({ allow: ['schema'] }))).toEqual(['rejected 50'])
    expect(await shop.branchRows()).toContainEqual({ id: 50, name: 'name 50', age: 50, long: null })
    shop.link = { ...shop.link, transform: [transform] }
    expect(keys(await shop.sync({ allow: ['schema'] }))).toEqual([])
    expect(await shop.branchRows()).toContainEqual({ id: 50, name: 'there', age: 50 })
  })

  test('a mask that was taken away is not written over the value of a row that waits', async () => {
    const mask = {
      column: 'name',
      compute: null,
      mask: { kind: 'redact' as const },
      cast: null,
      rename: null,
    }
    const transform = [{ table: 'people', select: null, omit: [], where: null, columns: [mask] }]
    await start({ mode: 'capture', transform })
    await shop.db.query(`UPDATE people SET note = ${large} WHERE id = 50`)
    await shop.sync()
    const { transform: _, ...link } = shop.link
    shop.link = link
    expect(keys(await shop.sync({ allow: ['schema'] }))).toEqual(['rejected 50'])
    shop.link = { ...link, mode: 'mirror' }
    await expect(shop.sync()).rejects.toMatchObject({ code: 'VARVE_REFUSED' })
    await shop.db.query('UPDATE people SET note = NULL WHERE id = 50')
    shop.link = link
    expect(keys(await shop.sync())).toEqual([])
    shop.link = { ...link, mode: 'mirror' }
    expect((await shop.sync()).tables[0]).toMatchObject({ written: { changed: 0 } })
  })

  describe('a transform that changes while a row waits', () => {
    interface Setting {
      mask?: 'redact' | 'hash' | 'null'
      cast?: 'int'
      rename?: string
    }

    function transformed(
      columns: Readonly<Record<string, Setting>>,
      omit: readonly string[] = [],
      where: string | null = null,
    ): void {
      const settings = Object.entries(columns).map(([column, { mask, cast, rename }]) => ({
        column,
        compute: null,
        mask: mask === undefined ? null : { kind: mask },
        cast: cast ?? null,
        rename: rename ?? null,
      }))
      const one = { table: 'people', select: null, omit, where, columns: settings }
      shop.link = { ...shop.link, transform: [one] }
    }

    const environment = { VARVE_MASK_SECRET: 'a secret for these tests' }
    const read = (): Promise<Receipt> => shop.sync({ allow: ['schema', 'deletes'] }, undefined, environment)
    const row = async (id = 50): Promise<unknown> =>
      (await shop.branchRows()).find((one) => (one as { id: number }).id === id)

    /** Row 50 waits for its note, and is known as it was before. */
    async function startWaiting(): Promise<void> {
      await start({ mode: 'capture' })
      await shop.db.query(`UPDATE people SET note = ${large}, name = 'newer' WHERE id = 50`)
      expect(keys(await shop.sync())).toEqual(['rejected 50'])
    }

    test('its masks hold for the version that stays, in the commit that has them for all', async () => {
      await startWaiting()
      transformed({ name: { mask: 'redact' }, age: { mask: 'redact' } })
      expect(keys(await read())).toEqual(['rejected 50'])
      expect(await row()).toEqual({ id: 50, name: '[redacted]', age: '[redacted]', note: null })
      expect(await row(51)).toEqual({ id: 51, name: '[redacted]', age: '[redacted]', note: null })
      // In all that is in common, and in what was read.
      const { refs } = await shop.store.manifest()
      for (const side of ['live', 'base'] as const) {
        const tip = refs.get(linkRef(shop.link.name, side))!
        for await (const one of (await shop.repository.at(tip)).table('shop/people').scan())
          expect(JSON.stringify({ ...one })).not.toMatch(/name 50/)
      }
    })

    test('a value that was masked before is not masked twice, and quiet rounds make nothing', async () => {
      await start({ mode: 'capture' })
      transformed({ name: { mask: 'hash' } })
      await read()
      const hashed = await row()
      await shop.db.query(`UPDATE people SET note = ${large} WHERE id = 50`)
      expect(keys(await read())).toEqual(['rejected 50'])
      expect(await row()).toEqual(hashed)
      const before = (await shop.store.manifest()).refs
      await read()
      expect((await shop.store.manifest()).refs).toEqual(before)
      // Another change of the transform concerns its own column.
      transformed({ name: { mask: 'hash' }, age: { mask: 'null' } })
      await read()
      expect(await row()).toEqual({ ...(hashed as object), age: null })
      await shop.db.query(`UPDATE people SET note = NULL WHERE id = 50`)
      expect(keys(await read())).toEqual([])
      expect(await row()).toEqual({ ...(hashed as object), age: null })
    })

    test('a mask that goes leaves no value, and one that comes back masks none', async () => {
      await start({ mode: 'capture' })
      const { link } = shop
      transformed({ name: { mask: 'hash' }, age: { mask: 'redact' } })
      await read()
      await shop.db.query(`UPDATE people SET note = ${large} WHERE id = 50`)
      transformed({ name: { mask: 'hash' } })
      expect(keys(await read())).toEqual(['rejected 50'])
      expect(await row()).toMatchObject({
        name: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
        age: null,
      })
      for (const columns of [null, { name: { mask: 'hash' as const } }]) {
        shop.link = link
        if (columns !== null) transformed(columns)
        await read()
        expect(await row()).toEqual({ id: 50, name: null, age: null, note: null })
      }
      await shop.db.query(`UPDATE people SET note = NULL WHERE id = 50`)
      shop.link = link
      expect(keys(await read())).toEqual([])
      expect(await row()).toEqual({ id: 50, name: 'name 50', age: 50, note: null })
    })

    test('a column that takes the name of another does not show what that had', async () => {
      await startWaiting()
      transformed({ note: { rename: 'name' } }, ['name'])
      await read()
      expect(await row()).toEqual({ id: 50, name: null, age: 50 })
    })

    test('a key that is masked from now on has its version under the mask', async () => {
      await startWaiting()
      transformed({ id: { mask: 'hash' } })
      const { heldBack } = await read()
      expect(heldBack).toMatchObject([{ reason: 'rejected', tooLarge: { columns: ['note'] } }])
      const found = (await shop.branchRows()).filter((one) => (one as { name: string }).name === 'name 50')
      expect(found).toMatchObject([{ id: expect.stringMatching(/^[0-9a-f]{32}$/), age: 50, note: null }])
      expect(await shop.branchRows()).toHaveLength(93)
      await shop.db.query('UPDATE people SET note = NULL WHERE id = 50')
      expect(keys(await read())).toEqual([])
      expect(await shop.branchRows()).toContainEqual({ ...(found[0] as object), name: 'newer' })
    })

    test('a filter that asks nothing of the large value takes the row or not, as it is there', async () => {
      await startWaiting()
      transformed({}, [], 'age < 50')
      expect(keys(await read())).toEqual([])
      expect(await row()).toBeUndefined()
      await shop.db.query('UPDATE people SET age = 49 WHERE id = 50')
      expect(keys(await read())).toEqual(['rejected 50'])
      transformed({}, [], `name = 'newer' OR age <> 49`)
      expect(keys(await read())).toEqual(['rejected 50'])
      // What the filter before has left out is not there to stay.
      expect(await row()).toBeUndefined()
    })

    test('one that takes it asks the version that stays as well', async () => {
      await startWaiting()
      const stays = { id: 50, name: 'name 50', age: 50, note: null }
      for (const [where, kept] of [
        ['age = 50', stays],
        [`length(name) > 3 AND age BETWEEN 50 AND 60`, stays],
        [`name = 'newer'`, undefined],
      ] as const) {
        transformed({}, [], where)
        expect(keys(await read())).toEqual(['rejected 50'])
        expect(await row()).toEqual(kept)
      }
    })

    test('where that version does not say it, because it is masked, it goes', async () => {
      await startWaiting()
      transformed({ name: { mask: 'redact' } })
      await read()
      expect(await row()).toMatchObject({ name: '[redacted]' })
      transformed({ name: { mask: 'redact' } }, [], `name <> 'x'`)
      expect(keys(await read())).toEqual(['rejected 50'])
      expect(await row()).toBeUndefined()
      expect(await row(51)).toMatchObject({ name: '[redacted]' })
    })
  })

  test('a row that waits while its table gets another key has its version under that key', async () => {
    await start({ mode: 'capture' })
    await shop.db.query(`
      ALTER TABLE people ALTER name SET NOT NULL;
      UPDATE people SET note = ${large}, age = 1 WHERE id IN (50, 51)`)
    expect(keys(await shop.sync())).toEqual(['rejected 50', 'rejected 51'])
    await shop.db.query(`
      UPDATE people SET name = 'newer' WHERE id = 51;
      ALTER TABLE people DROP CONSTRAINT people_pkey, ADD PRIMARY KEY (name)`)
    expect(keys(await shop.sync({ allow: ['schema'] }))).toEqual(['rejected name 50', 'rejected newer'])
    const rows = async (): Promise<unknown[]> =>
      (await shop.branchRows()).filter((one) => [50, 51].includes((one as { id: number }).id))
    // Which row is called 'newer' now nothing says.
    expect(await rows()).toEqual([{ id: 50, name: 'name 50', age: 50, note: null }])
    await shop.db.query('UPDATE people SET note = NULL WHERE id IN (50, 51)')
    expect(keys(await shop.sync())).toEqual([])
    expect(await rows()).toEqual([
      { id: 50, name: 'name 50', age: 1, note: null },
      { id: 51, name: 'newer', age: 1, note: null },
    ])
  })

  test('a transform that leaves the value out keeps the row', async () => {
    await start({ mode: 'capture' })
    await shop.db.query(`UPDATE people SET note = ${large} WHERE id = 50`)
    expect(keys(await sync())).toEqual(['rejected 50'])
    const none = { select: null, omit: ['note'], where: null, columns: [] }
    shop.link = { ...shop.link, transform: [{ table: 'people', ...none }] }
    const { heldBack } = await shop.sync({ allow: ['schema'] })
    expect(heldBack).toEqual([])
    expect(await shop.branchRows()).toContainEqual({ id: 50, name: 'name 50', age: 50 })
  })
})

describe('files with rows that are too large', () => {
  const endings = [
    ['people.csv', (rows: readonly string[][]) => ['id,name', ...rows.map((row) => row.join())].join('\n')],
    [
      'people.jsonl',
      (rows: readonly string[][]) =>
        rows.map(([id, name]) => JSON.stringify({ id: Number(id), name })).join('\n'),
    ],
  ] as const

  interface Place {
    readonly links: BranchLinks
    readonly url: string
    readonly file: { read(): Buffer; write(text: string): void }
  }

  const places = {
    folder: (name: string): Promise<Place> => {
      const folder = path.join(temporaryDir(), 'drop')
      fs.mkdirSync(folder)
      const file = path.join(folder, name)
      return Promise.resolve({
        links: new BranchLinks(),
        url: `${pathToFileURL(folder).href.replace('file:', 'folder:')}?settle=0`,
        file: { read: () => fs.readFileSync(file), write: (text) => fs.writeFileSync(file, text) },
      })
    },
    s3: async (name: string): Promise<Place> => {
      const { files, endpoint } = await startMemoryS3()
      return {
        links: new BranchLinks({ ...testEnvironment, AWS_ENDPOINT_URL: endpoint }),
        url: 's3://bucket/drop',
        file: {
          read: () => Buffer.from(files.get(`drop/${name}`)!.body),
          write: (text) => void files.set(`drop/${name}`, { body: Buffer.from(text), headers: {} }),
        },
      }
    },
  }

  test.each(
    endings.flatMap(([name, text]) =>
      (['folder', 's3'] as const).map((where) => [where, name, text] as const),
    ),
  )(
    '%s, %s: its other rows flow, and nothing is written to it until they are smaller',
    async (where, name, text) => {
      const { links, url, file } = await places[where](name)
      const drop = (...rows: readonly string[][]): void => file.write(text(rows))
      drop(['1', 'Ada'], ['2', 'Grace'], ['3', 'Edsger'])
      const link = links.link(url, ['people'])
      await links.sync(link)
      const long = 'x'.repeat(tooLarge)
      // In its last line too, which has no end.
      drop(
        ['1', long],
        ['k'.repeat(name.endsWith('csv') ? 1100 : 0) || '9', long],
        ['2', 'Grace H.'],
        ['4', long],
      )
      const first = await links.sync(link)
      expect(first.tables[0]).toMatchObject({ captured: { added: 0, changed: 1, removed: 1 }, rejected: 3 })
      const all = [
        { id: 1, name: 'Ada' },
        { id: 2, name: 'Grace H.' },
      ]
      expect(await links.rows('people')).toEqual(all)
      await links.edit('people', { put: [{ id: 2, name: 'here' }] })
      const before = file.read()
      for (let round = 0; round < 2; round++) {
        const { heldBack } = await links.sync(link)
        expect(heldBack).toHaveLength(4)
        expect(heldBack.at(-1)).toMatchObject({
          key: '2',
          reason: 'rejected',
          message: expect.stringContaining('is too large to be kept, and is only read'),
        })
      }
      expect(before.equals(file.read())).toBe(true)
      drop(['1', 'Ada'], ['2', 'Grace H.'])
      expect(heldBackOf(await links.sync(link))).toEqual([])
      expect(file.read().toString()).toContain('here')
      drop(['1', long], ['1', 'twice'])
      expect(heldBackOf(await links.sync(link))).toEqual([expect.stringMatching(/^schema people: .*'1'/)])
      drop(['1', long], ['1', long])
      expect(heldBackOf(await links.sync(link))).toEqual([expect.stringMatching(/^schema people: .*one key/)])
    },
  )
})
