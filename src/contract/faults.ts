// What happens to a plan when something breaks in the middle: nothing is written, and it is said what it was.
import { expect } from 'vitest'
import { apply, heldBack, insert, readAll, remove, update } from './plans.ts'
import { people, person } from './fixture.ts'
import type { Suite } from './connector.ts'

const ada = person(1, 'Ada', 36)
const grace = person(2, 'Grace', 85)

export function faultTests({ fixture, promise }: Suite): void {
  promise(
    'somebody who writes while a plan is applied is not overwritten',
    async ({ endpoint, connector }) => {
      await endpoint.create(people)
      await endpoint.write({ table: 'people', put: ada }, { table: 'people', put: grace })
      const writing: Promise<void>[] = []
      const applied = await apply(
        connector,
        [update('people', ada, person(1, 'ours', 36)), insert('people', person(3, 'ours', 3))],
        {
          amid: async () => {
            if (writing.length === 0)
              writing.push(endpoint.write({ table: 'people', put: person(1, 'theirs', 36) }))
            if (fixture.features.has('writers amid a plan')) await writing[0]
          },
        },
      )
      await Promise.all(writing)
      const rows = await endpoint.rows('people')
      expect(rows[0]).toEqual(person(1, 'theirs', 36))
      if (fixture.features.has('writers amid a plan')) expect(heldBack(applied)).toBe('changed 1')
      expect(rows).toHaveLength(applied.outcome === 'applied' ? 3 : 2)
    },
  )

  promise('nor is one who writes at any other moment', async ({ endpoint, connector }) => {
    await endpoint.create(people)
    const before = [ada, grace]
    await endpoint.write(...before.map((put) => ({ table: 'people', put })))
    for (let isReached = true, at = 1; isReached; at++) {
      isReached = false
      let left = at
      const ours = [
        update('people', ada, person(1, 'ours', 36)),
        insert('people', person(100 + at, 'ours', 3)),
      ]
      const writing: Promise<void>[] = []
      const applied = await apply(connector, ours, {
        amid: async () => {
          if (--left !== 0) return
          isReached = true
          writing.push(endpoint.write({ table: 'people', put: person(2, `theirs ${at}`, 85) }))
          // Where writers have to wait for the plan to end, waiting for them would be for ever.
          await Promise.race([writing[0], new Promise((resolve) => setTimeout(resolve, 50))])
        },
      })
      await Promise.all(writing)
      const rows = await endpoint.rows('people')
      if (isReached) expect(rows[1]).toEqual(person(2, `theirs ${at}`, 85))
      expect([heldBack(applied), rows[0]!['name']]).toEqual(['nothing', 'ours'])
      await endpoint.write({ table: 'people', put: ada })
    }
  })

  promise('readers see all of a plan or nothing of it', async (bench) => {
    const { endpoint, connector } = bench
    await endpoint.create(people, { ...people, name: 'others' })
    const reader = await bench.another()
    const seen = new Set<string>()
    const look = async (): Promise<void> => {
      seen.add((await readAll(reader, ['people', 'others'])).map((rows) => rows.length).join(' '))
    }
    await apply(connector, [insert('people', ada), insert('others', ada)], { amid: look })
    await look()
    expect([...seen]).toEqual(['0 0', '1 1'])
  })

  promise('a plan that is given up in the middle has written nothing', async ({ endpoint, connector }) => {
    await endpoint.create(people)
    await endpoint.write({ table: 'people', put: ada })
    const abort = new AbortController()
    const amid = (_: string, kind: string): void => {
      if (kind === 'insert') abort.abort()
    }
    const changes = [remove('people', ada), insert('people', grace)]
    await expect(apply(connector, changes, { signal: abort.signal, amid })).rejects.toThrow()
    expect(await endpoint.rows('people')).toEqual([ada])
    expect((await connector.checkpoint('shop'))!.base).toBe(null)
    expect(heldBack(await apply(connector, changes))).toBe('nothing')
    expect(await endpoint.rows('people')).toEqual([grace])
  })

  promise('a plan whose rows cannot be read has written nothing', async ({ endpoint, connector }) => {
    await endpoint.create(people)
    await endpoint.write({ table: 'people', put: ada })
    const changes = [remove('people', ada), insert('people', grace)]
    const failing = apply(connector, changes, {
      amid: (_, kind) => {
        if (kind === 'insert') throw new Error('a pack is broken')
      },
    })
    await expect(failing).rejects.toThrow('a pack is broken')
    expect(await endpoint.rows('people')).toEqual([ada])
    expect(heldBack(await apply(connector, changes))).toBe('nothing')
  })

  promise(
    'a line that is cut in the middle of a plan has written nothing',
    ['a line that can be cut'],
    async (bench) => {
      const { endpoint, connector } = bench
      await endpoint.create(people)
      await endpoint.write({ table: 'people', put: ada })
      const changes = [remove('people', ada), insert('people', grace)]
      const cut = apply(connector, changes, {
        amid: async (_, kind) => {
          if (kind === 'insert') await endpoint.cut()
        },
      })
      await expect(cut).rejects.toMatchObject({ code: 'VARVE_UNREACHABLE' })
      await expect(connector.discover()).rejects.toMatchObject({ code: 'VARVE_UNREACHABLE' })
      expect(await endpoint.rows('people')).toEqual([ada])
      const again = await bench.another()
      expect((await again.checkpoint('shop'))!.base).toBe(null)
      expect(heldBack(await apply(again, changes))).toBe('nothing')
    },
  )

  promise('a line that is cut while a table is read says so', ['a line that can be cut'], async (bench) => {
    const { endpoint, connector } = bench
    await endpoint.create(people)
    const rows = Array.from({ length: 3_000 }, (_, i) => person(i, 'x'.repeat(2_000), null))
    await endpoint.write(...rows.map((put) => ({ table: 'people', put })))
    const tables = await connector.discover(['people'])
    const snapshot = await connector.snapshot(tables)
    const reading = async (): Promise<number> => {
      let count = 0
      for await (const batch of snapshot.rows(tables[0]!)) {
        if (count === 0) await endpoint.cut()
        count += batch.length
      }
      return count
    }
    await expect(reading()).rejects.toMatchObject({ code: 'VARVE_UNREACHABLE' })
  })
}
