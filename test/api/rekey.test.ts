import { describe, expect, test } from 'vitest'
import { Clash, csv } from './merging.ts'

const config = `tables:
  people.csv:
    key: id
    references: {boss: people.csv}
  orders.csv:
    key: id
    references: {person: people.csv}
`
const people = 'id,name,boss'
const orders = 'id,person,what'

/** Both sides add persons 3 and 4 and orders that refer to them; theirs also lets 4 report to 3. */
function colliding(): Promise<Clash> {
  return Clash.of(
    { 'people.csv': ['id'], 'orders.csv': ['id'] },
    {
      base: { 'people.csv': csv(people, '1,Ann,', '2,Bob,1'), 'orders.csv': csv(orders, '10,1,tea') },
      ours: {
        'people.csv': csv(people, '1,Ann,', '2,Bob,1', '3,Cy,1', '4,Dan,3'),
        'orders.csv': csv(orders, '10,1,tea', '11,3,milk'),
      },
      theirs: {
        'people.csv': csv(people, '1,Ann,3', '2,Bob,1', '3,Eve,1', '4,Flo,3', '5,Gil,4'),
        'orders.csv': csv(orders, '10,4,tea', '12,3,salt'),
      },
    },
    config,
  )
}

describe('key collisions', () => {
  test('theirs get new keys above all others, and what theirs wrote follows', async () => {
    const clash = await colliding()
    expect((await clash.repo.merge('theirs')).conflictCount).toBe(2)
    expect((await clash.conflicts()).map(({ kind }) => kind)).toEqual(['key-collision', 'key-collision'])
    expect(await clash.repo.rekey('people.csv')).toEqual({
      path: 'people.csv',
      side: 'theirs',
      keys: [
        { before: '3', after: '6' },
        { before: '4', after: '7' },
      ],
      references: [
        { path: 'orders.csv', column: 'person', cells: 2 },
        { path: 'people.csv', column: 'boss', cells: 3 },
      ],
      found: 0,
      resolved: 2,
      left: 0,
    })
    expect(clash.read('people.csv')).toBe(
      csv(people, '1,Ann,6', '2,Bob,1', '3,Cy,1', '4,Dan,3', '5,Gil,7', '6,Eve,1', '7,Flo,6'),
    )
    expect(clash.read('orders.csv')).toBe(csv(orders, '10,7,tea', '11,3,milk', '12,6,salt'))
    expect(await clash.conflicts({ resolved: true })).toMatchObject([
      { id: '1', resolution: { how: 'rekeyed', side: 'ours', value: { name: 'Cy' } } },
      { id: '2', resolution: { how: 'rekeyed', side: 'ours' } },
    ])
    const { extra } = await clash.repo.mergeContinue()
    expect(extra['rekeyed']).toEqual([
      {
        path: 'people.csv',
        side: 'theirs',
        count: 2,
        keys: [
          ['3', '6'],
          ['4', '7'],
        ],
      },
    ])
    expect((await clash.repo.fsck()).problems).toEqual([])
  })

  test('or ours do', async () => {
    const clash = await colliding()
    await clash.repo.merge('theirs')
    await clash.repo.rekey('people.csv', { side: 'ours' })
    expect(clash.read('people.csv')).toBe(
      csv(people, '1,Ann,3', '2,Bob,1', '3,Eve,1', '4,Flo,3', '5,Gil,4', '6,Cy,1', '7,Dan,6'),
    )
    expect(clash.read('orders.csv')).toBe(csv(orders, '10,4,tea', '11,6,milk', '12,3,salt'))
  })

  test('a cell that both sides wrote alike follows our row, where ours gets the new key, and is a conflict', async () => {
    const clash = await Clash.of(
      { 'people.csv': ['id'], 'orders.csv': ['id'] },
      {
        base: { 'people.csv': csv(people, '1,Ann,'), 'orders.csv': csv(orders, '10,1,tea') },
        ours: { 'people.csv': csv(people, '1,Ann,', '2,Bob,1'), 'orders.csv': csv(orders, '10,2,tea') },
        theirs: { 'people.csv': csv(people, '1,Ann,', '2,Cleo,1'), 'orders.csv': csv(orders, '10,2,tea') },
      },
      config,
    )
    await clash.repo.merge('theirs')
    expect(await clash.repo.rekey('people.csv', { side: 'ours' })).toMatchObject({ found: 1, left: 1 })
    expect(clash.read('people.csv')).toBe(csv(people, '1,Ann,', '2,Cleo,1', '3,Bob,1'))
    expect(clash.read('orders.csv')).toBe(csv(orders, '10,3,tea'))
    expect(await clash.conflicts()).toMatchObject([{ path: 'orders.csv', ours: 3, theirs: 2 }])
  })

  test('a cell that both sides wrote alike becomes a conflict, and open conflicts refer to the new keys', async () => {
    const clash = await Clash.of(
      { 'people.csv': ['id'], 'orders.csv': ['id'] },
      {
        base: {
          'people.csv': csv(people, '1,Ann,'),
          'orders.csv': csv(orders, '10,1,tea', '11,1,tea', '13,1,tea'),
        },
        ours: {
          'people.csv': csv(people, '1,Ann,', '2,Bob,1'),
          'orders.csv': csv(orders, '10,2,tea', '11,5,tea', '12,2,milk'),
        },
        theirs: {
          'people.csv': csv(people, '1,Ann,', '2,Cleo,1'),
          'orders.csv': csv(orders, '10,2,tea', '11,2,tea', '12,2,salt', '13,2,tea'),
        },
      },
      config,
    )
    expect((await clash.repo.merge('theirs')).conflictCount).toBe(4)
    expect(await clash.repo.rekey('people.csv')).toMatchObject({
      keys: [{ before: '2', after: '3' }],
      found: 1,
      resolved: 1,
      left: 4,
    })
    expect(await clash.conflicts()).toMatchObject([
      { id: '1', kind: 'cell', key: [11], column: 'person', base: 1, ours: 5, theirs: 3 },
      { id: '2', kind: 'key-collision', key: [12], ours: { person: 2 }, theirs: { person: 3 } },
      { id: '3', kind: 'row', key: [13], base: { person: 1 }, ours: null, theirs: { person: 3 } },
      { id: '5', kind: 'cell', key: [10], column: 'person', base: 1, ours: 2, theirs: 3 },
    ])
    await clash.repo.rekey('orders.csv')
    expect(clash.read('orders.csv')).toBe(csv(orders, '10,2,tea', '11,5,tea', '12,2,milk', '14,3,salt'))
    await clash.repo.resolve('orders.csv', { take: 'theirs' })
    expect(clash.read('orders.csv')).toBe(
      csv(orders, '10,3,tea', '11,3,tea', '12,2,milk', '13,3,tea', '14,3,salt'),
    )
  })

  test('resolutions before and after come to the same, in a file that is in no order as well', async () => {
    const head = 'id,name,boss'
    const sides = {
      base: { 'people.csv': csv(head, '9,Ida,', '1,Ann,', '5,Eve,') },
      ours: { 'people.csv': csv(head, '9,Ida,', '1,Anna,', '7,Gus,') },
      theirs: { 'people.csv': csv(head, '9,Ida,', '1,Anne,7', '5,Eva,', '7,Gil,1') },
    }
    const files: string[] = []
    for (const order of ['first', 'last']) {
      const clash = await Clash.of(
        { 'people.csv': ['id'] },
        sides,
        'tables: {people.csv: {key: id, references: {boss: people.csv}}}\n',
      )
      await clash.repo.merge('theirs')
      if (order === 'first') await clash.repo.rekey('people.csv')
      await clash.repo.resolve('people.csv', { key: ['5'], take: 'keep' })
      await clash.repo.resolve('people.csv', { key: ['1'], take: 'theirs' })
      if (order === 'last') await clash.repo.rekey('people.csv')
      files.push(clash.read('people.csv'))
    }
    expect(files[0]).toBe(csv(head, '9,Ida,', '1,Anne,10', '7,Gus,', '10,Gil,1', '5,Eva,'))
    expect(files[1]).toBe(files[0])
  })

  test('what cannot be renumbered is refused, and nothing is changed', async () => {
    const of = (key: readonly string[], one: string, other: string, config = ''): Promise<Clash> =>
      Clash.of(
        { 't.csv': key },
        {
          base: { 't.csv': csv('a,b,c') },
          ours: { 't.csv': csv('a,b,c', one) },
          theirs: { 't.csv': csv('a,b,c', other) },
        },
        config,
      )
    const words = await of(['a'], 'x,1,1', 'x,1,2')
    await words.repo.merge('theirs')
    await expect(words.repo.rekey('t.csv')).rejects.toThrow("the key 'x' is not an integer")
    const pair = await of(['a', 'b'], '1,1,1', '1,1,2')
    await pair.repo.merge('theirs')
    await expect(pair.repo.rekey('t.csv')).rejects.toThrow('its key has 2 columns (a, b)')
    expect((await pair.conflicts()).length).toBe(1)
    await expect(pair.repo.rekey('u.csv')).rejects.toMatchObject({ code: 'VARVE_PATH_NOT_FOUND' })
    const inKey = await Clash.of(
      { 'people.csv': ['id'], 'badges.csv': ['person'] },
      {
        base: { 'people.csv': csv('id,name', '1,Ann'), 'badges.csv': csv('person,no', '1,7') },
        ours: { 'people.csv': csv('id,name', '1,Ann', '2,Bob'), 'badges.csv': csv('person,no', '1,7') },
        theirs: {
          'people.csv': csv('id,name', '1,Ann', '2,Cy'),
          'badges.csv': csv('person,no', '1,7', '2,8'),
        },
      },
      'tables: {people.csv: {key: id}, badges.csv: {key: person, references: {person: people.csv}}}\n',
    )
    await inKey.repo.merge('theirs')
    await expect(inKey.repo.rekey('people.csv')).rejects.toThrow(
      "column 'person' of 'badges.csv' refers to rows",
    )
    expect((await inKey.conflicts()).length).toBe(1)
  })
})
