// `add` and `restore` of chosen rows against their definition: those rows are as in the other version, all else is as it was.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { temporaryDir } from '../support/temporary.ts'

const dir = temporaryDir()
const cell = fc.constantFrom('', 'x', 'y', '"quoted"', '"a, b"')
const row = fc.record({ id: fc.integer({ min: 1, max: 9 }), name: cell, city: cell })
type Line = { readonly id: number; readonly name: string; readonly city: string }
const version = fc.uniqueArray(row, { selector: ({ id }) => id, minLength: 1, maxLength: 9 })
const wider = fc.boolean()

const fileOf = (rows: readonly Line[], note: boolean): string =>
  [
    note ? 'id,name,city,note' : 'id,name,city',
    ...rows.map(({ id, name, city }) => `${id},${name},${city}${note ? `,n${id}` : ''}`),
  ].join('\n') + '\n'

/** What a file says, whatever it quotes (a row is spelled as the file it goes into): by id, the cells that are not empty. */
function said(text: string): Map<number, string> {
  const [head, ...lines] = text.trimEnd().split('\n')
  const names = head!.split(',')
  return new Map(
    lines.map((line) => {
      const cells = [...line.matchAll(/("[^"]*"|[^,]*)(?:,|$)/g)].map(([, one]) =>
        one!.replace(/^"(.*)"$/, '$1'),
      )
      const known = names.flatMap((name, i) => (cells[i] === '' ? [] : [`${name}=${cells[i]}`]))
      return [Number(cells[0]), known.join(' ')]
    }),
  )
}

const drawn = fc.record({
  before: version,
  after: version,
  picks: fc.array(fc.nat(), { minLength: 1 }),
  wider,
})

interface Case {
  readonly repo: Repository
  readonly file: string
  readonly before: string
  readonly after: string
  readonly ids: readonly number[]
}

/** `before` is committed, `after` is in the folder. */
async function open(one: typeof drawn extends fc.Arbitrary<infer T> ? T : never): Promise<Case> {
  const root = mkdtempSync(path.join(dir, 'r-'))
  const repo = await Repository.init(root, { author: { name: 'Ada', email: 'ada@example.org' } })
  const file = path.join(root, 'p.csv')
  const [before, after] = [fileOf(one.before, false), fileOf(one.after, one.wider)]
  writeFileSync(file, before)
  await repo.track('p.csv', { key: ['id'] })
  await repo.add(['.'])
  await repo.commit({ message: 'Before' })
  writeFileSync(file, after)
  const all = [...new Set([...one.before, ...one.after].map(({ id }) => id))]
  return { repo, file, before, after, ids: [...new Set(one.picks.map((pick) => all[pick % all.length]!))] }
}

/** `into`, with the chosen rows as `from` has them. */
function expected(into: string, from: string, ids: readonly number[]): Map<number, string> {
  const [rows, others] = [said(into), said(from)]
  for (const id of ids) {
    const taken = others.get(id)
    if (taken === undefined) rows.delete(id)
    else rows.set(id, taken)
  }
  return rows
}

const byId = (rows: Map<number, string>): [number, string][] => [...rows].sort(([a], [b]) => a - b)

/** Rows that both have and nobody chose stand in the order in which they stood. */
function orderOf(text: string, among: readonly number[]): number[] {
  return [...said(text).keys()].filter((id) => among.includes(id))
}

async function staged(repo: Repository): Promise<string> {
  const commit = await repo.commit({ message: 'Chosen', allowEmpty: true })
  return Buffer.from(await (await repo.at(commit.id)).readAll('p.csv')).toString()
}

test('add stages the chosen rows and no others, and the rest can follow', async () => {
  await fc.assert(
    fc.asyncProperty(drawn, async (one) => {
      const { repo, file, before, after, ids } = await open(one)
      try {
        await repo.add(['p.csv'], { rows: ids })
        expect(readFileSync(file, 'utf8')).toBe(after)
        const text = await staged(repo)
        expect(byId(said(text))).toEqual(byId(expected(before, after, ids)))
        const left = [...said(before).keys()].filter((id) => said(text).has(id) && !ids.includes(id))
        expect(orderOf(text, left)).toEqual(orderOf(before, left))
        for (const id of left)
          expect(text.split('\n').find((line) => line.startsWith(`${id},`))).toMatch(
            before.split('\n').find((line) => line.startsWith(`${id},`))!,
          )
        await repo.add(['.'])
        expect(await staged(repo)).toBe(after)
        expect((await repo.fsck()).problems).toEqual([])
      } finally {
        await repo.close()
      }
    }),
    { numRuns: 25 },
  )
}, 60_000)

test('restore brings the chosen rows back into the file, and leaves the others', async () => {
  await fc.assert(
    fc.asyncProperty(drawn, async (one) => {
      const { repo, file, before, after, ids } = await open(one)
      try {
        await repo.restore(['p.csv'], { rows: ids })
        const text = readFileSync(file, 'utf8')
        expect(byId(said(text))).toEqual(byId(expected(after, before, ids)))
        const left = [...said(after).keys()].filter((id) => !ids.includes(id))
        expect(orderOf(text, left)).toEqual(orderOf(after, left))
        expect(await staged(repo)).toBe(before)
        await repo.add(['.'])
        expect(await staged(repo)).toBe(text)
      } finally {
        await repo.close()
      }
    }),
    { numRuns: 25 },
  )
}, 60_000)

test('one cell', async () => {
  await fc.assert(
    fc.asyncProperty(drawn, async (one) => {
      const { repo, before, after, ids } = await open(one)
      try {
        const both = ids.filter((id) => said(before).has(id) && said(after).has(id))
        await repo.add(['p.csv'], { rows: both, column: 'city' })
        const rows = said(before)
        const cellsOf = (text: string, id: number): string[] =>
          said(text)
            .get(id)!
            .split(/ (?=\w+=)/)
        const isCity = (part: string): boolean => part.startsWith('city=')
        for (const id of both) {
          const kept = cellsOf(before, id).filter((part) => !isCity(part))
          rows.set(id, [...kept, ...cellsOf(after, id).filter(isCity)].join(' '))
        }
        expect(byId(said(await staged(repo)))).toEqual(byId(rows))
      } finally {
        await repo.close()
      }
    }),
    { numRuns: 15 },
  )
}, 60_000)
