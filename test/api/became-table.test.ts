// A file that one branch, or each for itself, declared a table after they parted.
import { expect, test } from 'vitest'
import { Clash, csv, type Files } from './merging.ts'

const head = 'id,name,city'
const base = csv(head, '1,Ann,Wien', '2,Bob,Graz', '3,Cy,Linz')
const declared = (key = 'id'): Files => ({ 'varve.yaml': `tables:\n  t.csv:\n    key: ${key}\n` })

const clashOf = (ours: Files, theirs: Files): Promise<Clash> =>
  Clash.of({}, { base: { 't.csv': base }, ours, theirs })

const edited = (...edits: readonly [string, string][]): Files => ({
  't.csv': edits.reduce((text, [old, fresh]) => text.replace(old, fresh), base),
})

test.each([
  ['theirs', {}, declared()],
  ['ours', declared(), {}],
  ['both', declared(), declared()],
])('declared on %s: rows are merged by cells, and it is a table', async (_, ours, theirs) => {
  const clash = await clashOf(
    { ...edited(['Ann', 'Anna'], ['3,Cy,Linz\n', '']), ...ours },
    { ...edited(['Wien', 'Rom'], ['Graz', 'Oslo']), ...theirs },
  )
  expect(await clash.repo.merge('theirs')).toMatchObject({ outcome: 'merged', conflictCount: 0 })
  expect(clash.read('t.csv')).toBe(csv(head, '1,Anna,Rom', '2,Bob,Oslo'))
  expect(await clash.repo.status()).toMatchObject({ staged: [], unstaged: [], unmerged: [] })
  const table = (await clash.repo.at('HEAD')).table('t.csv')
  expect(await table.get(2)).toMatchObject({ city: 'Oslo' })
})

test('a side that only declared it takes nothing from the edits of the other', async () => {
  const clash = await clashOf(edited(['Ann', 'Anna']), { ...edited(), ...declared() })
  await clash.repo.merge('theirs')
  expect(clash.read('t.csv')).toBe(edited(['Ann', 'Anna'])['t.csv'])
  expect(await clash.repo.status()).toMatchObject({ staged: [], unstaged: [], unmerged: [] })
})

test('cells that clash are conflicts of cells', async () => {
  const clash = await clashOf(edited(['Ann', 'Anna']), { ...edited(['Ann', 'Anne']), ...declared() })
  expect(await clash.repo.merge('theirs')).toMatchObject({ outcome: 'conflict', conflictCount: 1 })
  expect(await clash.conflicts()).toMatchObject([
    { kind: 'cell', key: [1], column: 'name', base: 'Ann', ours: 'Anna', theirs: 'Anne' },
  ])
  await clash.repo.resolve('t.csv', { take: 'theirs' })
  await clash.repo.commit({})
  expect(clash.read('t.csv')).toBe(edited(['Ann', 'Anne'])['t.csv'])
})

test('a side that cannot be read as the table, or has another key, is a conflict of the whole', async () => {
  const twice = await clashOf(
    { 't.csv': `${base}1,Ann,Ulm\n` },
    { ...edited(['Wien', 'Rom']), ...declared() },
  )
  expect(await twice.repo.merge('theirs')).toMatchObject({ outcome: 'conflict' })
  expect(await twice.conflicts()).toMatchObject([{ kind: 'file', reason: 'type' }])
  const apart = await clashOf(
    { ...edited(['Graz', 'Oslo']), ...declared('name') },
    { ...edited(['Wien', 'Rom']), ...declared() },
  )
  expect(await apart.repo.merge('theirs')).toMatchObject({ outcome: 'conflict' })
  expect((await apart.conflicts({ path: 't.csv' })).map(({ kind }) => kind)).toEqual(['schema'])
})
