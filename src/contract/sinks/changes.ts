// What a sink is told of a branch as its rows change, and how it is told.
import { expect, test } from 'vitest'
import { type LinkedReceiver, patience, watched } from './linked-receiver.ts'

export function changesTests(bench: LinkedReceiver): void {
  const { sync, edit, rowsThere, rowsHere, count, resetTo } = bench

  test(
    'the first round tells it all rows; a quiet one tells nothing and moves nothing',
    async () => {
      const receipt = await sync()
      expect(receipt.tables.map(({ written }) => written.added)).toEqual([3, 1])
      expect(await rowsThere()).toEqual(await rowsHere())
      const [told, refs] = [await count(), new Map((await bench.store.manifest()).refs)]
      const quiet = await sync()
      expect(quiet.tables.map(({ written }) => written)).toEqual(
        Array(2).fill({ added: 0, changed: 0, removed: 0 }),
      )
      expect(await count()).toBe(told)
      refs.delete('links/shop/receipt')
      const now = new Map((await bench.store.manifest()).refs)
      now.delete('links/shop/receipt')
      expect(now).toEqual(refs)
    },
    patience,
  )

  test(
    'rows that are added, changed and removed are told once each, and the rest of the dataset is not',
    async () => {
      await sync()
      const told = await count()
      await edit((tx) => {
        const people = tx.table('people')
        people.put({ id: 1, name: 'Grace H.', age: 31 })
        people.put({ id: 9, name: 'Barbara', age: null })
        people.delete(0)
        return tx.writeFile('notes.txt', 'not of the link')
      })
      const receipt = await sync()
      expect(receipt.tables[0]!.written).toEqual({ added: 1, changed: 1, removed: 1 })
      expect(await rowsThere()).toEqual(await rowsHere())
      if (bench.receiver.messages !== undefined) {
        const fresh = (await bench.receiver.messages()).slice(told)
        expect(fresh.map(({ kind, key }) => [kind, key['id']])).toEqual([
          ['delete', 0],
          ['update', 1],
          ['insert', 9],
        ])
        expect(fresh[1]).toMatchObject({
          link: 'shop',
          table: 'people',
          before: { id: 1, name: 'Grace', age: 31 },
          after: { id: 1, name: 'Grace H.', age: 31 },
          commit: (await bench.repository.at('main')).commit,
        })
      }
    },
    patience,
  )

  test(
    'a dry run says what would be told, and tells nothing',
    async () => {
      const before = await bench.store.manifest()
      const receipt = await sync({ dryRun: true })
      expect(receipt.tables.map(({ written }) => written.added)).toEqual([3, 1])
      expect([await count(), await rowsThere()]).toEqual([0, {}])
      expect((await bench.store.manifest()).sequence).toBe(before.sequence)
    },
    patience,
  )

  test(
    'a branch that goes back and forth is told each time, under new ids',
    async () => {
      await sync()
      const first = (await bench.repository.at('main')).commit
      await edit((tx) => tx.table('people').delete(2))
      const second = (await bench.repository.at('main')).commit
      await sync()
      for (const commit of [first, second, first, second]) {
        await resetTo(commit)
        await sync()
        expect(await rowsThere()).toEqual(await rowsHere())
      }
      const ids = (await bench.receiver.messages?.())?.map(({ id }) => id) ?? []
      expect(new Set(ids).size).toBe(ids.length)
    },
    patience,
  )

  test(
    "with 'commits: each' every commit is told by itself, and rewritten history in one step",
    async () => {
      await sync({}, { link: { commits: 'each' } })
      const start = (await bench.repository.at('main')).commit
      const told = await count()
      for (const age of [40, 41, 42])
        await edit((tx) => tx.table('people').put({ id: 1, name: 'Grace', age }))
      await sync({}, { link: { commits: 'each' } })
      if (bench.receiver.messages !== undefined) {
        const fresh = (await bench.receiver.messages()).slice(told)
        expect(fresh.map(({ after }) => after!['age'])).toEqual([40, 41, 42])
        expect(new Set(fresh.map(({ commit }) => commit)).size).toBe(3)
      }
      await resetTo(start)
      await edit((tx) => tx.table('people').put({ id: 7, name: 'Donald', age: 60 }))
      await sync({}, { link: { commits: 'each' } })
      expect(await rowsThere()).toEqual(await rowsHere())
    },
    patience,
  )

  test(
    'values arrive with every digit and byte, and names of columns mean nothing',
    async () => {
      await edit((tx) => {
        const people = tx.table('people')
        people.put({ id: 10, name: 'ünïcödé 🦆 "quoted"\n', age: 12345678901234567890n })
        people.put(Object.assign(Object.create(null), { id: 11, name: '', ['__proto__']: 'x', age: -0.5 }))
        people.put({
          id: 12,
          raw: Uint8Array.of(0xff, 0, 1),
          nested: { a: [1, null] },
          name: 'x'.repeat(100_000),
        })
        people.put({ id: 13, name: "'; DROP TABLE people; --", age: true })
      })
      await sync()
      const there = await rowsThere()
      expect(there).toEqual(await rowsHere())
      expect(there['people/10']!['age']).toBe('12345678901234567890')
      expect(there['people/12']!['raw']).toBe('/wAB')
    },
    patience,
  )

  test(
    'many rows come in order, batch by batch',
    async () => {
      await edit((tx) => {
        const people = tx.table('people')
        for (let id = 100; id < 1700; id++) people.put({ id, name: `name ${id}`, age: id % 90 })
      })
      const sizes: number[] = []
      await sync({}, { wrap: (sink) => watched(sink, ({ messages }) => void sizes.push(messages.length)) })
      expect(Math.max(...sizes)).toBeLessThanOrEqual(500)
      expect(await rowsThere()).toEqual(await rowsHere())
      const ids = ((await bench.receiver.messages?.()) ?? [])
        .filter(({ table }) => table === 'people')
        .map(({ key }) => key['id'])
      expect(ids).toEqual([...ids].sort((a, b) => Number(a) - Number(b)))
    },
    patience,
  )

  test(
    'a table that has another key tells its rows gone before they come again',
    async () => {
      await sync()
      await edit((tx) => tx.remove('people'))
      await edit((tx) => {
        const people = tx.createTable('people', { key: ['name'] })
        people.put({ name: 'Ada', id: 0 })
        people.put({ name: '1', id: 1 })
      })
      await sync({ allow: ['deletes'] })
      expect(await rowsThere()).toEqual(await rowsHere())
    },
    patience,
  )
}
