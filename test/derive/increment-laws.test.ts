// Queries whose result is brought up to date from what has changed, against the same queries run whole.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { collect } from '../../src/base/iterables.ts'
import { byParts, derivingRepository, edit, othersWhole } from '../support/derivations.ts'

const ids = fc.integer({ min: 1, max: 12 })
const cities = fc.constantFrom('Rome', 'Oslo', 'Bern', '0', null)
const person = fc.record({
  id: ids,
  name: fc.constantFrom('Ada', 'Tim', 'x', 'é'),
  city: cities,
  age: fc.integer({ min: 0, max: 9 }),
})
const amounts = fc.constantFrom<number | string | null>(
  0.1,
  0.2,
  0.3,
  1,
  2,
  1e16,
  -1e16,
  7,
  'much',
  null,
  1.5,
)
const order = fc.record({
  id: fc.integer({ min: 1, max: 20 }),
  person: fc.option(ids),
  total: amounts,
  day: fc.constantFrom('2024-01-02', '2024-01-31', '2024-02-01', '2023-12-31', '?'),
})
const country = fc.record({
  city: fc.constantFrom('Rome', 'Oslo', 'Bern', 'Lima'),
  country: fc.constantFrom('x', 'y', null),
})
const edits = fc.record({
  p: fc.array(person, { maxLength: 4 }),
  o: fc.array(order, { maxLength: 6 }),
  c: fc.array(country, { maxLength: 2 }),
  gone: fc.record({
    p: fc.array(ids, { maxLength: 2 }),
    o: fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 3 }),
    c: fc.array(fc.constantFrom('Rome', 'Oslo'), { maxLength: 1 }),
  }),
})

test('come out the same as when they are run whole, whatever has changed', async () => {
  // What SQLite itself makes of DISTINCT.
  const distinct = Object.entries(byParts).filter(([, { sql }]) => sql.startsWith('SELECT DISTINCT'))
  const own = distinct.map(([name, one]) => [`own ${name}`, { ...one, sql: `${one.sql} LIMIT -1` }] as const)
  const repo = await derivingRepository(Object.fromEntries(own))
  await repo.derive()
  const byPartsCount = new Map<string, number>()
  const runs = 25
  await fc.assert(
    fc.asyncProperty(edits, async (changes) => {
      await edit(repo, changes)
      const { tables } = await repo.derive()
      for (const { path, whole, outcome } of tables) {
        if (path.startsWith('by/own ')) {
          if (outcome !== 'unchanged') expect(whole).toBe('LIMIT')
          continue
        }
        // The first rows say what type a column has.
        if (whole !== null) expect(whole).toMatch(/is of another type now$|has other columns$/)
        else if (outcome !== 'unchanged') byPartsCount.set(path, (byPartsCount.get(path) ?? 0) + 1)
      }
      expect(await othersWhole(repo)).toEqual([])
      const view = await repo.at('main')
      for (const [name] of distinct)
        expect([name, await collect(view.table(`by/${name}`).scan())]).toEqual([
          name,
          await collect(view.table(`by/own ${name}`).scan()),
        ])
    }),
    { numRuns: runs, endOnFailure: true },
  )
  for (const name of Object.keys(byParts))
    expect([name, byPartsCount.get(`by/${name}`)! > runs / 2]).toEqual([name, true])
  await repo.close()
}, 300_000)
