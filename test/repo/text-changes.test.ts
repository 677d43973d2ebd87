// The pickaxe: which commits change how often a text stands somewhere, and what it costs to find out.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { eachOf, collect } from '../../src/base/iterables.ts'
import { compilePattern } from '../../src/base/pattern.ts'
import { DataRepository, type LogOptions, type Transaction } from '../../src/index.ts'
import { utf8 } from '../../src/base/bytes.ts'
import { Needle } from '../../src/repo/log/needle.ts'
import { PatternCounter } from '../../src/repo/log/pattern-counter.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { WrappedStore } from '../remote/wrapped-store.ts'

test('a text is counted alike in one piece and in any, as split counts it', async () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'ä'), maxLength: 60 })
  const needles = fc.string({ unit: fc.constantFrom('a', 'b', 'ä'), minLength: 1, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(letters, needles, fc.array(fc.nat(70)), async (text, part, cuts) => {
      const bytes = utf8(text)
      const ends = [...new Set([0, ...cuts, bytes.length])].filter((at) => at <= bytes.length)
      ends.sort((a, b) => a - b)
      const pieces = ends.slice(1).map((end, i) => bytes.subarray(ends[i], end))
      const needle = new Needle(part)
      const count = text.split(part).length - 1
      expect(needle.countIn(bytes)).toBe(count)
      expect(await needle.countInPieces(eachOf(pieces))).toBe(count)
    }),
  )
})

test('of a table only what has changed is read, and of equal files nothing', async () => {
  const author = { name: 'Ada', email: 'ada@example.org' }
  const inner = MemoryStore.create()
  const data = DataRepository.over(inner, { author })
  const ids: string[] = []
  const commit = async (work: (tx: Transaction) => Promise<void>): Promise<void> => {
    ids.push((await data.transaction('main', work)).commit!.id)
  }
  await commit(async (tx) => {
    const rows = Array.from({ length: 20_000 }, (_, id) => ({
      id,
      metal: 'iron',
      isSold: false,
      place: `shelf ${id / 7}`,
    }))
    await tx.createTable('stock', { key: ['id'] }).putAll(rows)
    await tx.writeFile('a.txt', 'about gold\n')
  })
  await commit(async (tx) =>
    tx.table('stock').put({ id: 500, metal: 'silver', isSold: false, place: 'shelf 1' }),
  )
  await commit(async (tx) =>
    tx.table('stock').put({ id: 7000, metal: 'iron', isSold: true, place: 'shelf 2' }),
  )
  const found = async (changesText: string, revision: string): Promise<[string[], number]> => {
    const store = new WrappedStore(inner)
    const over = DataRepository.over(store, { author })
    const commits = await collect(over.log({ changesText, revision }))
    return [commits.map(({ id }) => id), store.read.size]
  }
  expect((await inner.stats()).objects).toBeGreaterThan(80)
  const [silver, reads] = await found('silver', 'HEAD~2..HEAD')
  expect(silver).toEqual([ids[1]])
  expect(reads).toBeLessThan(40)
  expect((await found('gold', 'HEAD~2..HEAD'))[0]).toEqual([])
  expect((await found('gold', 'HEAD'))[0]).toEqual([ids[0]])
  // As people see it, though no text of it is stored.
  expect((await found('true', 'HEAD'))[0]).toEqual([ids[2]])
  expect((await found('metal', 'HEAD'))[0]).toEqual([ids[0]])
})

test('a pattern is counted alike in one piece and in any, line by line', async () => {
  const counter = new PatternCounter(await compilePattern('^a|b$|c.'))
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'ä', '\n'), maxLength: 60 })
  await fc.assert(
    fc.asyncProperty(letters, fc.array(fc.nat(70)), async (text, cuts) => {
      const bytes = utf8(text)
      const ends = [...new Set([0, ...cuts, bytes.length])].filter((at) => at <= bytes.length)
      ends.sort((a, b) => a - b)
      const pieces = ends.slice(1).map((end, i) => bytes.subarray(ends[i], end))
      const count = text.match(/^a|b$|c./gmu)?.length ?? 0
      expect(counter.countIn(bytes)).toBe(count)
      expect(await counter.countInPieces(eachOf(pieces))).toBe(count)
    }),
  )
})

test('a line without an end is looked through all the same', async () => {
  const counter = new PatternCounter(await compilePattern('ab'))
  const piece = utf8('ab'.repeat(1 << 17))
  expect(await counter.countInPieces(eachOf(Array.from({ length: 12 }, () => piece)))).toBe(12 << 17)
})

test('of a table a pattern is looked for in the cells that differ', async () => {
  const author = { name: 'Ada', email: 'ada@example.org' }
  const data = DataRepository.over(MemoryStore.create(), { author })
  const commit = async (message: string, work: (tx: Transaction) => Promise<unknown>): Promise<void> => {
    await data.transaction('main', work, { message })
  }
  const found = async (options: LogOptions): Promise<string[]> =>
    (await collect(data.log(options))).map(({ message }) => message)
  const row = { id: 1, metal: 'iron', place: 'shelf 1', isSold: false }
  await commit('one', async (tx) =>
    tx.createTable('stock', { key: ['id'] }).putAll([row, { ...row, id: 2, place: 'shelf 2\nfloor' }]),
  )
  await commit('sold', async (tx) => tx.table('stock').put({ ...row, isSold: true }))
  await commit('moved', async (tx) => tx.table('stock').put({ ...row, isSold: true, place: 'shelf 7' }))
  await commit('floor', async (tx) => tx.table('stock').put({ ...row, id: 2, place: 'shelf 2\nfloors' }))
  await commit('gone', async (tx) => tx.table('stock').delete([1]))
  expect(await found({ changesLines: '^iron$' })).toEqual(['gone', 'one'])
  expect(await found({ changesLines: '^shelf [0-9]$' })).toEqual(['gone', 'floor', 'moved', 'one'])
  expect(await found({ changesLines: '^floors?$' })).toEqual(['floor', 'one'])
  expect(await found({ changesLines: 'true' })).toEqual(['gone', 'sold'])
  expect(await found({ changesLines: '^place$' })).toEqual(['one'])
  expect(await found({ changesPattern: '^shelf [0-9]$' })).toEqual(['gone', 'one'])
  expect(await found({ changesPattern: 'floors?' })).toEqual(['one'])
  await expect(found({ changesLines: 'a', changesText: 'b' })).rejects.toMatchObject({ code: 'VARVE_USAGE' })
})
