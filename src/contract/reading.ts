// Finding tables out and reading them at one moment.
import { expect } from 'vitest'
import { plainOf, digestOf, readAll } from './plans.ts'
import type { Suite } from './connector.ts'
import { type ConnectorFixture, type TableShape, type Write, people, person } from './fixture.ts'

const hostileNames: readonly string[] = [
  'x"; DROP TABLE people; --',
  "it's",
  '__proto__',
  'constructor',
  'order',
  'select',
  'Ünïcode 💧',
  'with space',
  'a`b',
  '$1',
  '%s',
  'n'.repeat(63),
]

export function hostileNamesFor({ impossibleNames = [] }: ConnectorFixture): string[] {
  return hostileNames.filter((name) => !impossibleNames.includes(name))
}

export function readingTests({ promise }: Suite): void {
  promise('discovers columns in order, with types, nullability and key', async (bench) => {
    await bench.endpoint.create({
      name: 'places',
      key: ['zip', 'country'],
      columns: [
        { name: 'country', type: 'name' },
        { name: 'zip', type: 'int' },
        { name: 'label', type: 'text', nullable: true },
      ],
    })
    const [table] = await bench.connector.discover(['places'])
    expect(table).toMatchObject({ name: 'places', key: ['zip', 'country'], references: [] })
    expect(table!.columns.map(({ name, nullable, generated }) => [name, nullable, generated])).toEqual([
      ['country', false, false],
      ['zip', false, false],
      ['label', true, false],
    ])
  })

  promise('says which columns the system computes', ['generated columns'], async (bench) => {
    await bench.endpoint.create(doubled)
    const [table] = await bench.connector.discover(['doubled'])
    expect(table!.columns.map(({ name, generated }) => [name, generated])).toEqual([
      ['id', false],
      ['n', false],
      ['twice', true],
    ])
  })

  promise('says which tables must have their rows first', ['foreign keys'], async (bench) => {
    await bench.endpoint.create(
      { name: 'parent', key: ['id'], columns: [{ name: 'id', type: 'int' }] },
      {
        name: 'child',
        key: ['id'],
        columns: [
          { name: 'id', type: 'int' },
          { name: 'parent', type: 'int', references: 'parent' },
          { name: 'twin', type: 'int', nullable: true, references: 'child' },
        ],
      },
    )
    const tables = await bench.connector.discover(['child', 'parent'])
    expect(tables.map(({ name, references }) => [name, references])).toEqual([
      ['child', ['parent']],
      ['parent', []],
    ])
  })

  promise('discovers all tables but its own, and only those asked for', async (bench) => {
    await bench.endpoint.create(people, { ...people, name: 'others' })
    await bench.connector.takeOver('shop')
    const all = await bench.connector.discover()
    expect(all.map(({ name }) => name).sort()).toEqual(['others', 'people'])
    expect((await bench.connector.discover(['others'])).map(({ name }) => name)).toEqual(['others'])
    await expect(bench.connector.discover(['people', 'gone'])).rejects.toMatchObject({
      code: 'VARVE_PATH_NOT_FOUND',
      message: expect.stringContaining("'gone'") as string,
    })
  })

  promise('shows a table without a key as one', ['tables without a key'], async (bench) => {
    await bench.endpoint.create({ name: 'loose', key: [], columns: [{ name: 'n', type: 'int' }] })
    expect(await bench.connector.discover(['loose'])).toMatchObject([{ name: 'loose', key: [] }])
  })

  promise('reads all rows, each with a cell for every column, and an empty table as none', async (bench) => {
    await bench.endpoint.create(people, { ...people, name: 'others' })
    const rows = [person(1, 'Ada', 36), person(2, null, 85), person(10, '', null)]
    await bench.endpoint.write(...rows.map((put) => ({ table: 'people', put })))
    expect(await readAll(bench.connector, ['people', 'others'])).toEqual([rows, []])
    expect(await bench.endpoint.rows('people')).toEqual(rows)
  })

  promise('reads many rows in batches, each once', async (bench) => {
    await bench.endpoint.create(people)
    const rows = Array.from({ length: 3_000 }, (_, i) => person(i, `name ${i}`, i % 150))
    await bench.endpoint.write(...rows.map((put) => ({ table: 'people', put })))
    expect(await readAll(bench.connector, ['people'])).toEqual([rows])
  })

  promise('can be left in the middle of reading', async (bench) => {
    await bench.endpoint.create(people)
    const rows = Array.from({ length: 3_000 }, (_, i) => person(i, 'x'.repeat(500), null))
    await bench.endpoint.write(...rows.map((put) => ({ table: 'people', put })))
    const tables = await bench.connector.discover(['people'])
    const snapshot = await bench.connector.snapshot(tables)
    for await (const batch of snapshot.rows(tables[0]!)) {
      expect(plainOf(tables[0]!, batch[0]!)['name']).toBe('x'.repeat(500))
      break
    }
    await snapshot.close()
    expect((await readAll(await bench.another(), ['people']))[0]).toHaveLength(3_000)
  })

  promise('reads all tables as they were at one moment', ['one moment over all tables'], async (bench) => {
    await bench.endpoint.create(people, { ...people, name: 'others' })
    await bench.endpoint.write(
      { table: 'people', put: person(1, 'one', 1) },
      { table: 'others', put: person(1, 'one', 1) },
    )
    const tables = await bench.connector.discover(['people', 'others'])
    const snapshot = await bench.connector.snapshot(tables)
    const seen: string[] = []
    for (const table of tables) {
      for await (const batch of snapshot.rows(table))
        for (const cells of batch) seen.push(plainOf(table, cells)['name']!)
      await bench.endpoint.write(
        { table: 'people', put: person(1, 'two', 2) },
        { table: 'others', put: person(1, 'two', 2) },
      )
    }
    await snapshot.close()
    expect(seen).toEqual(['one', 'one'])
    expect((await readAll(bench.connector, ['others']))[0]).toEqual([person(1, 'two', 2)])
  })

  promise('hostile names are names, in reading', async (bench) => {
    const names = hostileNamesFor(bench.fixture)
    await bench.endpoint.create(people, ...names.map(hostileTable))
    await bench.endpoint.write(
      ...names.map((table) => ({
        table,
        put: { id: '1', [table]: table, [`${table.slice(0, 40)} 2`]: '' },
      })),
    )
    const all = await bench.connector.discover()
    expect(new Set(all.map(({ name }) => name))).toEqual(new Set(['people', ...names]))
    const read = await readAll(bench.connector, names)
    for (const [i, name] of names.entries()) {
      expect(Object.entries(read[i]![0]!)).toEqual([
        ['id', '1'],
        [name, name],
        [`${name.slice(0, 40)} 2`, ''],
      ])
    }
    expect(await bench.endpoint.rows('people')).toEqual([])
  })

  promise('a digest is the same only while the rows are', ['digest'], async (bench) => {
    await bench.endpoint.create(people)
    const digests: (string | null)[] = []
    const seen = async (...writes: readonly Write[]): Promise<void> => {
      await bench.endpoint.write(...writes)
      digests.push(await digestOf(bench.connector, 'people'))
    }
    digests.push(await digestOf(bench.connector, 'people'))
    await seen({ table: 'people', put: person(1, 'Ada', 36) })
    await seen({ table: 'people', put: person(2, '36', null) })
    await seen({ table: 'people', put: person(2, '', 36) })
    await seen({ table: 'people', put: person(2, null, 36) })
    await seen({ table: 'people', put: person(1, 'Ada\n', 36) })
    await seen({ table: 'people', put: person(1, 'Ada,', 36) })
    await seen({ table: 'people', put: person(1, '(Ada)', 36) })
    expect(digests.every((digest) => digest !== null)).toBe(true)
    expect(new Set(digests).size).toBe(digests.length)
    expect(await digestOf(bench.connector, 'people')).toBe(digests.at(-1))
    expect(await digestOf(await bench.another(), 'people')).toBe(digests.at(-1))
  })
}

export const doubled: TableShape = {
  name: 'doubled',
  key: ['id'],
  columns: [
    { name: 'id', type: 'int' },
    { name: 'n', type: 'int', nullable: true },
    { name: 'twice', type: 'int', nullable: true, twice: 'n' },
  ],
}

export function hostileTable(name: string): TableShape {
  return {
    name,
    key: ['id'],
    columns: [
      { name: 'id', type: 'int' },
      { name, type: 'text', nullable: true },
      { name: `${name.slice(0, 40)} 2`, type: 'text', nullable: true },
    ],
  }
}
