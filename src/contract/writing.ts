// Writing a plan: all of it or nothing, and no row that is not as expected.
import { expect } from 'vitest'
import { apply, heldBack, insert, readAll, remove, update } from './plans.ts'
import { type PlainRow, people, person } from './fixture.ts'
import { doubled, hostileNamesFor, hostileTable } from './reading.ts'
import type { Suite } from './connector.ts'

const ada = person(1, 'Ada', 36)
const grace = person(2, 'Grace', 85)
const edsger = person(3, 'Edsger', 72)

export function writingTests({ promise }: Suite): void {
  promise('inserts, changes and deletes, and counts what it wrote', async ({ endpoint, connector }) => {
    await endpoint.create(people, { ...people, name: 'others' })
    await endpoint.write(...[ada, grace, edsger].map((put) => ({ table: 'people', put })))
    const applied = await apply(connector, [
      update('people', ada, person(1, null, 37)),
      remove('people', grace),
      insert('people', person(4, '', null)),
      insert('others', ada),
    ])
    expect(applied).toEqual({ outcome: 'applied', written: 4 })
    expect(await endpoint.rows('people')).toEqual([person(1, null, 37), edsger, person(4, '', null)])
    expect(await readAll(connector, ['people', 'others'])).toEqual([
      [person(1, null, 37), edsger, person(4, '', null)],
      [ada],
    ])
  })

  promise('a plan without changes sets the base', async ({ endpoint, connector }) => {
    await endpoint.create(people)
    const tables = await connector.discover(['people'])
    const { fence } = await connector.takeOver('shop')
    const base = 'c'.repeat(64)
    const plan = { link: 'shop', fence, base, tables, async *changes() {} }
    expect(await connector.apply(plan)).toEqual({ outcome: 'applied', written: 0 })
    expect((await connector.checkpoint('shop'))!.base).toBe(base)
  })

  for (const [what, meanwhile, change, expected] of [
    ['changed', { put: person(1, 'theirs', 36) }, update('people', ada, person(1, 'ours', 36)), 'changed 1'],
    [
      'changed in another cell',
      { put: person(1, 'Ada', 37) },
      update('people', ada, person(1, 'ours', 36)),
      'changed 1',
    ],
    ['emptied', { put: person(1, null, 36) }, update('people', ada, person(1, 'ours', 36)), 'changed 1'],
    ['deleted', { remove: ada }, update('people', ada, person(1, 'ours', 36)), 'changed 1'],
    ['changed before it is deleted', { put: person(1, 'theirs', 36) }, remove('people', ada), 'changed 1'],
    ['deleted before it is deleted', { remove: ada }, remove('people', ada), 'changed 1'],
    ['inserted', { put: person(9, 'theirs', 9) }, insert('people', person(9, 'ours', 9)), 'changed 9'],
  ] as const) {
    promise(
      `a row that somebody else has ${what} is left alone, and with it all of the plan`,
      async (bench) => {
        const { endpoint, connector } = bench
        await endpoint.create(people)
        await endpoint.write(...[ada, grace, edsger].map((put) => ({ table: 'people', put })))
        await endpoint.write({ table: 'people', ...meanwhile })
        const before = await endpoint.rows('people')
        const applied = await apply(connector, [
          change,
          update('people', grace, person(2, 'ours', 85)),
          remove('people', edsger),
          insert('people', person(5, 'ours', 5)),
        ])
        expect(heldBack(applied)).toBe(expected)
        expect(await endpoint.rows('people')).toEqual(before)
        expect((await connector.checkpoint('shop'))!.base).toBe(null)
      },
    )
  }

  promise('a row that has a value where none was expected is left alone', async ({ endpoint, connector }) => {
    await endpoint.create(people)
    await endpoint.write({ table: 'people', put: person(1, '', 0) })
    const applied = await apply(connector, [update('people', person(1, null, 0), person(1, 'ours', 0))])
    expect(heldBack(applied)).toBe('changed 1')
    expect(await endpoint.rows('people')).toEqual([person(1, '', 0)])
  })

  promise('guards rows by a key of several columns in any order', async ({ endpoint, connector }) => {
    await endpoint.create({
      name: 'places',
      key: ['zip', 'country'],
      columns: [
        { name: 'country', type: 'name' },
        { name: 'label', type: 'text', nullable: true },
        { name: 'zip', type: 'int' },
      ],
    })
    const [x, y] = [
      { country: 'de', label: 'x', zip: '1' },
      { country: 'fr', label: 'y', zip: '1' },
    ]
    expect(heldBack(await apply(connector, [insert('places', x), insert('places', y)]))).toBe('nothing')
    const later = await apply(connector, [update('places', y, { ...y, label: null }), remove('places', x)])
    expect(heldBack(later)).toBe('nothing')
    expect(await endpoint.rows('places')).toEqual([{ ...y, label: null }])
  })

  promise(
    'many rows at once go through as few do, and what is not as expected is found among them',
    async (bench) => {
      const { endpoint, connector } = bench
      await endpoint.create(people)
      const rows = Array.from({ length: 1_300 }, (_, id) =>
        person(id, id % 7 === 0 ? null : `ü\t${id}\n`, id % 150),
      )
      expect(
        heldBack(
          await apply(
            connector,
            rows.map((row) => insert('people', row)),
          ),
        ),
      ).toBe('nothing')
      expect(await endpoint.rows('people')).toEqual(rows)
      const after = (row: PlainRow, id: number): PlainRow | null =>
        id % 5 === 0
          ? null
          : { ...row, ...(id % 2 === 0 ? { name: 'even' } : {}), ...(id % 3 === 0 ? { age: null } : {}) }
      const wanted = rows.map(after)
      const changes = rows.flatMap((row, id) => {
        const now = wanted[id]!
        if (now === null) return [remove('people', row)]
        return now['name'] === row['name'] && now['age'] === row['age'] ? [] : [update('people', row, now)]
      })
      await endpoint.write(
        { table: 'people', put: person(8, 'theirs', 8) },
        { table: 'people', remove: rows[1000]! },
      )
      const raced = await endpoint.rows('people')
      expect(heldBack(await apply(connector, changes))).toBe('changed 1000; changed 8')
      expect(await endpoint.rows('people')).toEqual(raced)
      await endpoint.write({ table: 'people', put: rows[8]! }, { table: 'people', put: rows[1000]! })
      expect(heldBack(await apply(connector, changes))).toBe('nothing')
      expect(await endpoint.rows('people')).toEqual(wanted.filter((row) => row !== null))
    },
  )

  promise('hostile names are names, in writing', async ({ fixture, endpoint, connector }) => {
    const names = hostileNamesFor(fixture)
    await endpoint.create(people, ...names.map(hostileTable))
    await endpoint.write({ table: 'people', put: ada })
    for (const name of names) {
      const row = { id: '1', [name]: name, [`${name.slice(0, 40)} 2`]: null }
      const next = { ...row, [name]: `${name}!` }
      expect(heldBack(await apply(connector, [insert(name, row)]))).toBe('nothing')
      expect(heldBack(await apply(connector, [update(name, row, next)]))).toBe('nothing')
      expect(Object.entries((await endpoint.rows(name))[0]!)).toEqual(Object.entries(next))
      expect(heldBack(await apply(connector, [remove(name, next)]))).toBe('nothing')
      expect(await endpoint.rows(name)).toEqual([])
    }
    expect(await endpoint.rows('people')).toEqual([ada])
  })

  promise('what the system computes is not written and not guarded', ['generated columns'], async (bench) => {
    const { endpoint, connector } = bench
    await endpoint.create(doubled)
    const row = { id: '1', n: '2', twice: '999' }
    expect(heldBack(await apply(connector, [insert('doubled', row)]))).toBe('nothing')
    expect(heldBack(await apply(connector, [update('doubled', row, { ...row, n: '3' })]))).toBe('nothing')
    expect(await endpoint.rows('doubled')).toEqual([{ id: '1', n: '3', twice: '6' }])
  })

  promise('numbers that the system gives out are not given out again', ['sequences'], async (bench) => {
    const { endpoint, connector } = bench
    await endpoint.create({
      name: 'numbered',
      key: ['id'],
      columns: [
        { name: 'id', type: 'int', serial: true },
        { name: 'name', type: 'text' },
      ],
    })
    expect(heldBack(await apply(connector, [insert('numbered', { id: '7', name: 'ours' })]))).toBe('nothing')
    await endpoint.write({ table: 'numbered', put: { name: 'theirs' } })
    expect(await endpoint.rows('numbered')).toEqual([
      { id: '7', name: 'ours' },
      { id: '8', name: 'theirs' },
    ])
  })

  promise(
    'a trigger that writes something else than was sent is seen in the next reading',
    ['triggers'],
    async (bench) => {
      const { endpoint, connector } = bench
      await endpoint.create(people)
      await endpoint.capitalize('people', 'name')
      expect(heldBack(await apply(connector, [insert('people', ada)]))).toBe('nothing')
      expect(await readAll(connector, ['people'])).toEqual([[person(1, 'ADA', 36)]])
      expect(heldBack(await apply(connector, [update('people', ada, person(1, 'x', 1))]))).toBe('changed 1')
      expect(
        heldBack(await apply(connector, [update('people', person(1, 'ADA', 36), person(1, 'x', 1))])),
      ).toBe('nothing')
      expect(await readAll(connector, ['people'])).toEqual([[person(1, 'X', 1)]])
    },
  )
}
