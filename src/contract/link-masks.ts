// What a mask has hidden stays hidden from nobody but the dataset: whatever becomes of the masked rows, no link writes them
// over the values in the system that they were read from. To another system they may go.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createContext } from '../repo/context.ts'
import { cloneInto } from '../remote/clone.ts'
import { MemoryStore } from '../store/memory.ts'
import { settleHeldRows } from '../sync/held/settle.ts'
import type { Link } from '../sync/interface.ts'
import { type ConnectorFixture, type Endpoint, type FixtureHost, people, person } from './fixture.ts'
import { heldBackKeys, LinkedEndpoint, changesLabel } from './linked-endpoint.ts'

const there = [person(1, 'Ada', 36), person(2, 'Grace', 85), person(3, 'Edsger', 72)]
const masked = there.map((row) => ({ ...row, name: '[redacted]' }))
const writing = ['mirror', 'materialize', 'two-way'] as const
const refused = { code: 'VARVE_REFUSED', message: expect.stringContaining("the branch has of 'people' what") }

export function linkMasksContract(fixture: ConnectorFixture, setting: Partial<Link> = {}): void {
  const name = `masks of links with ${fixture.name}${changesLabel(setting)}${fixture.without}`
  describe.skipIf(fixture.without !== '')(name, () => {
    let host: FixtureHost
    let endpoint: Endpoint
    let linked: LinkedEndpoint

    beforeAll(async () => {
      host = await fixture.start()
    }, 60_000)
    afterAll(() => host.stop(), 60_000)

    beforeEach(async () => {
      endpoint = await host.fresh()
      linked = await LinkedEndpoint.make(endpoint, setting)
      mask(linked, true)
      await linked.sync()
      expect(await linked.branch()).toEqual(masked)
    }, 60_000)
    afterEach(() => endpoint.close(), 60_000)

    /** With the mask the link reads alone. */
    function mask(at: LinkedEndpoint, isMasked: boolean, rest: Partial<Link> = {}): void {
      const column = {
        column: 'name',
        rename: null,
        cast: null,
        mask: { kind: 'redact' },
        compute: null,
      } as const
      const table = { table: 'people', select: null, omit: [], where: null, columns: [column] }
      at.link = { ...at.link, mode: 'capture', transform: isMasked ? [table] : [], ...rest }
    }

    async function clone(): Promise<LinkedEndpoint> {
      const made = linked.anew()
      made.store = MemoryStore.create()
      await cloneInto(made.store, linked.store, { url: 'memory:' })
      return made
    }

    test('a clone does not write them over the values, whatever its link is called and whichever way it writes', async () => {
      const cloned = await clone()
      for (const name of ['shop', 'back'])
        for (const mode of writing) {
          mask(cloned, false, { name, mode })
          await expect(cloned.sync()).rejects.toMatchObject({
            ...refused,
            data: { link: name, madeBy: 'shop' },
          })
        }
      expect(await endpoint.rows('people')).toEqual(there)
      expect(await cloned.branch()).toEqual(masked)
    })

    test('to another system they go, come back from it, and are what they were', async () => {
      const cloned = await clone()
      const staging = await host.fresh()
      await staging.create(people)
      const stage = cloned.at(staging)
      mask(stage, false, { name: 'staging', mode: 'mirror' })
      await stage.sync()
      expect(await staging.rows('people')).toEqual(masked)
      const { commit, tables } = await stage.sync()
      expect(tables[0]!.written).toEqual({ added: 0, changed: 0, removed: 0 })
      mask(stage, false, { name: 'staging', mode: 'two-way' })
      expect((await stage.sync()).commit).toBe(commit)
      await staging.write({ table: 'people', put: person(1, '[redacted]', 37) })
      expect((await stage.sync()).heldBack).toEqual([])
      expect(await stage.branch()).toEqual([person(1, '[redacted]', 37), ...masked.slice(1)])
      expect((await stage.sync()).heldBack).toEqual([])
      mask(cloned, false, { mode: 'mirror' })
      await expect(cloned.sync()).rejects.toMatchObject(refused)
      await staging.close()
    })

    test('once a round has read the values they may go back, until the mask is there again', async () => {
      mask(linked, false)
      expect((await linked.sync()).heldBack).toEqual([])
      expect(await linked.branch()).toEqual(there)
      const plain = await clone()
      for (const name of ['shop', 'back']) {
        mask(plain, false, { name, mode: 'mirror' })
        expect((await plain.sync()).tables[0]!.written).toEqual({ added: 0, changed: 0, removed: 0 })
      }
      mask(linked, true)
      await linked.sync()
      const quiet = await linked.sync()
      expect(quiet.tables[0]!.captured).toEqual({ added: 0, changed: 0, removed: 0 })
      expect(await linked.branch()).toEqual(masked)
      for (const one of [linked, await clone()])
        for (const mode of ['mirror', 'materialize'] as const) {
          mask(one, false, { mode })
          await expect(one.sync()).rejects.toMatchObject(refused)
        }
      expect(await endpoint.rows('people')).toEqual(there)
    })

    test('in both ways, the link that masked them reads the values first', async () => {
      mask(linked, false, { mode: 'two-way' })
      expect((await linked.sync()).heldBack).toEqual([])
      expect([await linked.branch(), await endpoint.rows('people')]).toEqual([there, there])
      await linked.edit(person(1, 'Ada L.', 36))
      await linked.sync()
      expect((await endpoint.rows('people'))[0]).toEqual(person(1, 'Ada L.', 36))
    })

    test('a clone reads the values as a clash, and may write once they are taken', async () => {
      const cloned = await clone()
      mask(cloned, false, { name: 'back' })
      const { heldBack } = await cloned.sync()
      expect(heldBack.map(({ reason, key }) => `${reason} ${key}`)).toEqual([
        'conflict 1',
        'conflict 2',
        'conflict 3',
      ])
      const settle = (rows: typeof heldBack): Promise<void> =>
        settleHeldRows({
          repo: createContext(cloned.store, { author: { name: 'Ada', email: 'ada@example.org' } }),
          folder: null,
          link: cloned.link,
          rows,
          side: 'theirs',
        })
      await settle(heldBack.slice(0, 2))
      expect(heldBackKeys(await cloned.sync())).toEqual(['conflict 3'])
      mask(cloned, false, { name: 'back', mode: 'mirror' })
      await expect(cloned.sync()).rejects.toMatchObject(refused)
      mask(cloned, false, { name: 'back' })
      await settle(heldBack.slice(2))
      expect((await cloned.sync()).heldBack).toEqual([])
      mask(cloned, false, { name: 'back', mode: 'mirror' })
      await cloned.sync()
      expect([await cloned.branch(), await endpoint.rows('people')]).toEqual([there, there])
    })
  })
}
