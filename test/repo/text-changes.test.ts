// The pickaxe: which commits change how often a text stands somewhere, and what it costs to find out.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { eachOf, collect } from '../../src/base/iterables.ts'
import { DataRepository, type Transaction } from '../../src/index.ts'
import { utf8 } from '../../src/base/bytes.ts'
import { Needle } from '../../src/repo/log/needle.ts'
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
