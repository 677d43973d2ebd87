// Tables as queries see them: the same, whether all of their rows were read at once or only those that changed.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { collect } from '../../src/base/iterables.ts'
import { Repository, type Row, type Value } from '../../src/index.ts'
import { temporaryDir } from '../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
/** One row of each type of column. */
const first = { id: 0, int: 1, real: 0.5, text: 'a', bool: true, bytes: Uint8Array.of(1), json: [1] }
const columns = Object.keys(first)

const numbers = [
  '0',
  '007',
  '1.0',
  '-0',
  '1e3',
  '1e400',
  '.5',
  '-9223372036854775808',
  '-9223372036854775808.0',
]
const others = [
  '9223372036854775807',
  '18446744073709551616',
  '0.30000000000000004',
  '67787.21',
  'true',
  '',
  ' ',
]
const long = ['x'.repeat(300), 'ü'.repeat(900), '1'.repeat(1500)]
const real = fc.double({ noNaN: true, noDefaultInfinity: true })
const value: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom<Value>(...numbers, ...others, ...long, 'a\0b', null, true, false),
  fc.string({ unit: 'grapheme' }),
  real.map(String),
  real,
  fc.integer(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.uint8Array({ maxLength: 1200 }),
  fc.json().map((json) => JSON.parse(json) as Value),
)

async function ask(repo: Repository, table: string): Promise<{ rows: Row[]; read: number }> {
  const parts = columns.map(
    (name) =>
      `typeof(${name}) || CASE typeof(${name}) WHEN 'real' THEN printf('%!.17g', ${name}) ELSE hex(${name}) END`,
  )
  await using result = await repo.query(`SELECT ${parts.join(', ')} FROM "${table}" ORDER BY id`)
  return { rows: (await collect(result.rows())).flat(), read: result.rowsRead }
}

async function expectSame(repo: Repository, changed: number, all: number): Promise<void> {
  await repo.createTag('after')
  const byChange = await ask(repo, 'things')
  const atOnce = await ask(repo, 'things@after')
  expect([byChange.read, atOnce.read]).toEqual([changed, all])
  expect(atOnce.rows).toEqual(byChange.rows)
}

test('in a table whose cells have kinds of their own', async () => {
  const row = fc.record(Object.fromEntries(columns.slice(1).map((name) => [name, value])))
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 60, maxLength: 60 }), async (rows) => {
      const repo = await Repository.init(temporaryDir(), { author })
      try {
        await repo.transaction('main', (tx) => tx.createTable('things', { key: ['id'] }).putAll([first]))
        await ask(repo, 'things')
        await repo.transaction('main', (tx) =>
          tx.table('things').putAll(rows.map((one, i) => ({ id: i + 1, ...one }) as Row)),
        )
        await expectSame(repo, rows.length, rows.length + 1)
      } finally {
        await repo.close()
      }
    }),
    { numRuns: 3, endOnFailure: true },
  )
}, 60_000)
