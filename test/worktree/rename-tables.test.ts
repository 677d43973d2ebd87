// What varve.yaml says of tables that move: it follows them, and queries keep their names for them.
import { expect, test } from 'vitest'
import { parseConfig } from '../../src/dataset/config.ts'
import { renamedTables } from '../../src/dataset/rename-tables.ts'
import type { Path } from '../../src/files/interface.ts'

const moved = new Map([['people.csv', 'data/folk.csv']] as [Path, Path][])
const declared = (from: string): string => `derive:
  # by city
  r:
    from: ${from}
    sql: SELECT city, count(*) AS n FROM people GROUP BY city
    key: city
`

test.each(['people.csv', '[ people.csv, orders.csv ]', '{ people: people.csv, orders: orders.csv }'])(
  'what is derived from %s follows the table, which the query still calls people',
  (from) => {
    const text = renamedTables(declared(from), moved, () => 'csv')!
    expect(text).toContain('# by city')
    const before = [...parseConfig(declared(from)).derivations.values()][0]!.from
    const after = [...parseConfig(text).derivations.values()][0]!.from
    expect(after).toEqual(before.map(({ name, path }) => ({ name, path: moved.get(path) ?? path })))
  },
)

test('a folder of another name changes paths and nothing else; what names none of the moved is left alone', () => {
  const folder = new Map([['people.csv', 'data/people.csv']] as [Path, Path][])
  expect(renamedTables(declared('people.csv'), folder, () => 'csv')).toBe(declared('data/people.csv'))
  expect(renamedTables(declared('orders.csv'), moved, () => 'csv')).toBeNull()
})
