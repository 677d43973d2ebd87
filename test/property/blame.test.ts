// Blame and the log of a row against their definitions, on random histories with merges that took anything.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { collect } from '../../src/base/iterables.ts'
import { DrawnHistory } from '../repo/drawn.ts'

type Row = readonly [name: string, city: string]
type Version = Readonly<Record<number, Row>>
interface Drawn {
  readonly parents: readonly number[]
  readonly rows: Version
}

const word = fc.constantFrom('x', 'y')
const version: fc.Arbitrary<Version> = fc.dictionary(
  fc.integer({ min: 1, max: 5 }).map(String),
  fc.tuple(word, word),
  { maxKeys: 5 },
)

/** A commit's rows are mostly those of its parents. */
const historyOf: fc.Arbitrary<Drawn[]> = fc
  .array(
    fc.record({
      parents: fc.array(fc.nat(), { maxLength: 3 }),
      edits: version,
      drops: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 1 }),
    }),
    {
      minLength: 1,
      maxLength: 9,
    },
  )
  .map((shapes) => {
    const commits: Drawn[] = []
    for (const { parents: picks, edits, drops } of shapes) {
      const parents = [...new Set(commits.length === 0 ? [] : picks.map((pick) => pick % commits.length))]
      const few = Object.fromEntries(Object.entries(edits).slice(0, 2))
      const rows: Record<number, Row> = Object.assign({}, ...parents.map((at) => commits[at]!.rows), few)
      for (const drop of drops) delete rows[drop]
      commits.push({ parents, rows })
    }
    return commits
  })

type Cell = 0 | 1
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** The definition: the first parent that has the same answers, else the commit itself. */
function oracle(commits: readonly Drawn[], at: number, valueOf: (rows: Version) => unknown): number {
  const { parents, rows } = commits[at]!
  const twin = parents.find((parent) => same(commits[parent]!.rows, rows))
  const next = twin ?? parents.find((parent) => same(valueOf(commits[parent]!.rows), valueOf(rows)))
  return next === undefined ? at : oracle(commits, next, valueOf)
}

/** Each row stands for `copies` rows that have the same fate. */
async function drawn(commits: readonly Drawn[], copies = 1): Promise<DrawnHistory> {
  const history = new DrawnHistory()
  for (const [i, { parents, rows }] of commits.entries()) {
    const table = await history.bench.table({
      columns: ['id', 'name', 'city'],
      rows: Object.entries(rows).flatMap(([id, cells]) =>
        Array.from({ length: copies }, (_, copy) => [String(Number(id) + 10 * copy), ...cells]),
      ),
    })
    await history.commit(`c${i}: ${parents.map((at) => `c${at}`).join(' ')}`, { people: table })
  }
  return history
}

test('each row and cell is of the commit that the definition names', async () => {
  await fc.assert(
    fc.asyncProperty(historyOf, async (commits) => {
      const { repo } = await (await drawn(commits)).open()
      const tip = commits.length - 1
      const ids = Object.keys(commits[tip]!.rows).map(Number)
      const rows = (await collect((await repo.blame('people')).rows())).flat()
      expect(rows.map(({ key, by }) => [key[0], by!.subject])).toEqual(
        ids.map((id) => [id, `c${oracle(commits, tip, (version) => version[id])}`]),
      )
      const columns = ['name', 'city']
      const cells = (await collect((await repo.blame('people', { columns })).rows())).flat()
      const cellOf = (id: number, at: Cell) => (version: Version) => version[id]?.[at]
      const expected = ids.map((id) => [0, 1].map((at) => `c${oracle(commits, tip, cellOf(id, at as Cell))}`))
      expect(cells.map((row) => row.cells.map(({ by }) => by.subject))).toEqual(expected)
      for (const [i, id] of ids.entries()) {
        const [[one]] = (await collect((await repo.blame('people', { key: id, columns })).rows())) as [
          [(typeof cells)[0]],
        ]
        expect(one!.cells.map(({ by }) => by.subject)).toEqual(expected[i])
      }
    }),
    { numRuns: 40 },
  )
})

test('so many rows that they are not looked for one by one have the same answers', async () => {
  await fc.assert(
    fc.asyncProperty(historyOf, async (commits) => {
      const { repo } = await (await drawn(commits, 600)).open()
      const tip = commits.length - 1
      const [rows, cells] = await Promise.all(
        [{}, { columns: ['city'] }].map(async (options) =>
          (await collect((await repo.blame('people', options)).rows())).flat(),
        ),
      )
      for (const { key, by } of rows!)
        expect(by!.subject).toBe(`c${oracle(commits, tip, (version) => version[Number(key[0]) % 10])}`)
      for (const { key, cells: found } of cells!)
        expect(found[0]!.by.subject).toBe(
          `c${oracle(commits, tip, (version) => version[Number(key[0]) % 10]?.[1])}`,
        )
    }),
    { numRuns: 8 },
  )
})

test('the log of a row has the commits in which it is as in no parent, and what they did', async () => {
  await fc.assert(
    fc.asyncProperty(historyOf, fc.integer({ min: 1, max: 5 }), async (commits, id) => {
      const { repo } = await (await drawn(commits)).open()
      const reached = new Set<number>()
      const reach = (at: number): void => {
        reached.add(at)
        commits[at]!.parents.forEach(reach)
      }
      reach(commits.length - 1)
      const touching = [...reached].filter((at) => {
        const { parents, rows } = commits[at]!
        if (parents.length === 0) return rows[id] !== undefined
        return parents.every((parent) => !same(commits[parent]!.rows[id], rows[id]))
      })
      fc.pre(touching.length > 0)
      const found = await collect(repo.rowLog('people', { key: id }))
      expect(new Set(found.map(({ message }) => message.trim()))).toEqual(
        new Set(touching.map((at) => `c${at}`)),
      )
      for (const { message, change } of found) {
        const { parents, rows } = commits[Number(message.trim().slice(1))]!
        const row = (version: Version | undefined): object | null =>
          version?.[id] === undefined ? null : { id, name: version[id][0], city: version[id][1] }
        const before = parents[0] === undefined ? undefined : commits[parents[0]]!.rows
        expect([change.before, change.after]).toEqual([row(before), row(rows)])
      }
    }),
    { numRuns: 40 },
  )
})
