// The record that a link keeps in the endpoint, and who may write.
import { expect } from 'vitest'
import { apply, insert } from './plans.ts'
import { people, person } from './fixture.ts'
import type { Checkpoint } from '../connectors/interface.ts'
import type { Suite } from './connector.ts'

const [a, b] = ['a'.repeat(64), 'b'.repeat(64)]

export function checkpointTests({ promise }: Suite): void {
  promise(
    'keeps the base that was last written, for each link apart, and shows it to everybody',
    async (bench) => {
      const { connector, endpoint } = bench
      await endpoint.create(people)
      expect(await connector.checkpoint('shop')).toBe(null)
      expect(await connector.takeOver('shop')).toMatchObject({ fence: 1, base: null })
      await apply(connector, [insert('people', person(1, 'Ada', 36))], { base: a })
      expect(await connector.checkpoint('shop')).toMatchObject({ fence: 2, base: a })
      expect(await connector.checkpoint("it's")).toBe(null)
      await apply(connector, [insert('people', person(2, 'Grace', 85))], { base: b, link: "it's" })
      const other = await bench.another()
      expect(await other.checkpoint('shop')).toMatchObject({ fence: 2, base: a })
      expect(await other.takeOver("it's")).toMatchObject({ fence: 2, base: b })
    },
  )

  promise('whoever was overtaken writes nothing', async (bench) => {
    const { connector, endpoint } = bench
    await endpoint.create(people)
    const { fence } = await connector.takeOver('shop')
    const other = await bench.another()
    await other.takeOver('shop')
    const late = apply(connector, [insert('people', person(1, 'late', 1))], { fence, base: a })
    await expect(late).rejects.toMatchObject({ code: 'VARVE_NOT_POSSIBLE', data: { passing: true } })
    expect(await endpoint.rows('people')).toEqual([])
    expect(await connector.checkpoint('shop')).toMatchObject({ fence: 2, base: null })
    await apply(other, [insert('people', person(1, 'in time', 1))], { fence: 2, base: b })
    expect(await endpoint.rows('people')).toEqual([person(1, 'in time', 1)])
  })

  promise(
    'whoever is overtaken while it writes has written nothing, or all before the other',
    async (bench) => {
      const { connector, endpoint } = bench
      await endpoint.create(people)
      const other = await bench.another()
      const { fence } = await connector.takeOver('shop')
      const overtaking: Promise<Checkpoint>[] = []
      const outcome = await apply(connector, [insert('people', person(1, 'Ada', 36))], {
        fence,
        base: a,
        amid: async () => {
          if (overtaking.length === 0) overtaking.push(other.takeOver('shop'))
          // Where takers have to wait for the plan to end, waiting for them would be for ever.
          await Promise.race([overtaking[0], new Promise((resolve) => setTimeout(resolve, 50))])
        },
      }).then(
        ({ outcome: one }) => one,
        (error: unknown) => (error as { code: string }).code,
      )
      const [checkpoint] = await Promise.all(overtaking)
      const taken = { fence: checkpoint?.fence, base: checkpoint?.base }
      const rows = await endpoint.rows('people')
      expect([
        { outcome: 'VARVE_NOT_POSSIBLE', taken: { fence: 2, base: null }, rows: 0 },
        { outcome: 'applied', taken: { fence: 2, base: a }, rows: 1 },
      ]).toContainEqual({ outcome, taken, rows: rows.length })
    },
  )

  promise('is the same endpoint for every connection, and another is another', async (bench) => {
    const identity = await bench.connector.identity()
    await bench.endpoint.create(people)
    await bench.connector.takeOver('shop')
    expect(await (await bench.another()).identity()).toBe(identity)
    expect(await (await bench.another(await bench.fresh())).identity()).not.toBe(identity)
  })
}
