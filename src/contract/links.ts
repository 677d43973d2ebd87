// What a link promises whatever is at its other end: rounds between a repository and a real endpoint that somebody else
// writes to as well.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Connector } from '../connectors/interface.ts'
import { MemoryStore } from '../store/memory.ts'
import type { Link, Receipt } from '../sync/interface.ts'
import { type ConnectorFixture, type Endpoint, type FixtureHost, person, tooLarge } from './fixture.ts'
import { LinkedEndpoint, heldBackKeys, changesLabel, withOverrides } from './linked-endpoint.ts'

const [ada, grace, edsger] = [person(1, 'Ada', 36), person(2, 'Grace', 85), person(3, 'Edsger', 72)]

/** `setting`: what the links declare beside the rest. */
export function linkContract(fixture: ConnectorFixture, setting: Partial<Link> = {}): void {
  const how = changesLabel(setting)
  describe.skipIf(fixture.without !== '')(`links with ${fixture.name}${how}${fixture.without}`, () => {
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
    }, 60_000)
    afterEach(() => endpoint.close(), 60_000)

    const sync = (wrap?: (connector: Connector) => Partial<Connector>): Promise<Receipt> =>
      linked.sync(wrap === undefined ? {} : { wrap })
    const branch: LinkedEndpoint['branch'] = () => linked.branch()
    const edit: LinkedEndpoint['edit'] = (...rows) => linked.edit(...rows)

    test('the first round brings all rows, and a quiet one makes no commit and writes nothing', async () => {
      const first = await sync()
      expect(first.tables[0]).toMatchObject({ read: 3, captured: { added: 3 }, written: { added: 0 } })
      expect(await branch()).toEqual([ada, grace, edsger])
      const second = await sync()
      expect(second.commit).toBe(first.commit)
      expect(second.tables[0]).toMatchObject({ captured: { added: 0, changed: 0, removed: 0 } })
      const connector = await endpoint.open()
      expect(await connector.checkpoint('shop')).toBe(null)
      await connector.close()
    })

    test('both sides change different rows and cells: all of it arrives on both sides', async () => {
      await sync()
      await endpoint.write(
        { table: 'people', put: person(1, 'Ada', 37) },
        { table: 'people', put: person(4, 'Barbara', 84) },
      )
      await edit(person(1, 'Ada Lovelace', 36), { remove: '3' }, person(5, 'Donald', null))
      const receipt = await sync()
      expect(receipt.heldBack).toEqual([])
      const all = [person(1, 'Ada Lovelace', 37), grace, person(4, 'Barbara', 84), person(5, 'Donald', null)]
      expect(await endpoint.rows('people')).toEqual(all)
      expect(await branch()).toEqual(all)
      expect((await sync()).commit).toBe(receipt.commit)
    })

    test('a clash holds back its own row only, in each round again, until one side gives way', async () => {
      await sync()
      await endpoint.write({ table: 'people', put: person(1, 'Ada', 40) })
      await edit(person(1, 'Ada', 50), person(3, 'Edsger W.', 72))
      for (let round = 0; round < 2; round++) {
        expect((await sync()).heldBack).toMatchObject([{ table: 'people', key: '1', reason: 'conflict' }])
        expect(await endpoint.rows('people')).toEqual([
          person(1, 'Ada', 40),
          grace,
          person(3, 'Edsger W.', 72),
        ])
        expect((await branch())[0]).toEqual(person(1, 'Ada', 50))
      }
      await edit(person(1, 'Ada', 40))
      expect((await sync()).heldBack).toEqual([])
      expect(await branch()).toEqual(await endpoint.rows('people'))
    })

    for (const when of ['before', 'after']) {
      test(`a round that was killed ${when} the endpoint had written comes to the same end`, async () => {
        await sync()
        await edit(person(2, 'Grace H.', 85))
        const killed = sync((connector) => ({
          apply: async (plan) => {
            if (when === 'after') await connector.apply(plan)
            throw new Error('killed')
          },
        }))
        await expect(killed).rejects.toThrow('killed')
        await endpoint.write({ table: 'people', put: person(3, 'Edsger', 73) })
        expect((await sync()).heldBack).toEqual([])
        expect(await endpoint.rows('people')).toEqual([
          ada,
          person(2, 'Grace H.', 85),
          person(3, 'Edsger', 73),
        ])
        expect(await branch()).toEqual(await endpoint.rows('people'))
      })
    }

    test('a writer that comes in between the reading and the writing is not overwritten', async () => {
      await sync()
      await edit(person(1, 'ours', 36), person(2, 'ours', 85))
      const receipt = await sync((connector) => ({
        takeOver: async (name) => {
          await endpoint.write({ table: 'people', put: person(1, 'theirs', 36) })
          return connector.takeOver(name)
        },
      }))
      expect(receipt.heldBack).toMatchObject([{ key: '1', reason: 'changed' }])
      expect(await endpoint.rows('people')).toEqual([person(1, 'theirs', 36), person(2, 'ours', 85), edsger])
      expect((await sync()).heldBack).toMatchObject([{ key: '1', reason: 'conflict' }])
    })

    test('a repository that is new overwrites nothing of an endpoint that was linked before', async () => {
      await sync()
      await edit(person(2, 'Grace H.', 85))
      await sync()
      const before = await endpoint.rows('people')
      linked.store = MemoryStore.create()
      expect((await sync()).notes[0]).toContain('not here')
      expect(await endpoint.rows('people')).toEqual(before)
      expect(await branch()).toEqual(before)
      // From then on what both have is known, whoever wrote there last.
      await endpoint.write({ table: 'people', put: person(2, 'there', 85) })
      await endpoint.write({ table: 'people', remove: edsger })
      const later = await sync()
      expect([later.notes, later.heldBack]).toEqual([[], []])
      expect(await branch()).toEqual([ada, person(2, 'there', 85)])
      await edit(person(1, 'here', 36))
      expect((await sync()).heldBack).toEqual([])
      expect(await endpoint.rows('people')).toEqual([person(1, 'here', 36), person(2, 'there', 85)])
    })

    test('a row that one side removes and the other changes waits on both, and so does a key that both add', async () => {
      await sync()
      await endpoint.write(
        { table: 'people', remove: ada },
        { table: 'people', put: person(2, 'Grace H.', 85) },
        { table: 'people', put: person(4, 'theirs', 4) },
      )
      await edit(person(1, 'Ada L.', 36), { remove: '2' }, person(4, 'ours', 4), person(5, 'Donald', 87))
      for (let round = 0; round < 2; round++) {
        expect(heldBackKeys(await sync())).toEqual(['conflict 1', 'conflict 2', 'conflict 4'])
        const donald = person(5, 'Donald', 87)
        expect([await endpoint.rows('people'), await branch()]).toEqual([
          [person(2, 'Grace H.', 85), edsger, person(4, 'theirs', 4), donald],
          [person(1, 'Ada L.', 36), edsger, person(4, 'ours', 4), donald],
        ])
      }
    })

    test('after a round that was killed when the endpoint had written, both sides come to the same by themselves: what one takes back is a change', async () => {
      await sync()
      await edit(person(2, 'Grace H.', 85))
      const killed = sync((connector) => ({
        apply: (plan) => connector.apply(plan).then(() => Promise.reject(new Error('killed'))),
      }))
      await expect(killed).rejects.toThrow('killed')
      await sync()
      await endpoint.write({ table: 'people', put: person(1, 'Ada L.', 36) })
      await edit(person(1, 'Ada L.', 36))
      await sync()
      await endpoint.write({ table: 'people', put: ada })
      expect((await sync()).heldBack).toEqual([])
      const all = [ada, person(2, 'Grace H.', 85), edsger]
      expect([await endpoint.rows('people'), await branch()]).toEqual([all, all])
    })

    test('another repository writes in between: nothing is written on top of that', async () => {
      await sync()
      await edit(person(3, 'here', 72))
      const late = sync((connector) => ({
        takeOver: async (link) => {
          const other = linked.anew()
          await other.sync()
          await other.edit(person(2, 'elsewhere', 85))
          await other.sync()
          return connector.takeOver(link)
        },
      }))
      await expect(late).rejects.toMatchObject({ code: 'VARVE_NOT_POSSIBLE', data: { passing: true } })
      expect(await endpoint.rows('people')).toEqual([ada, person(2, 'elsewhere', 85), edsger])
    })

    test('another worker of the repository comes in before any step of a round: what the endpoint then takes back stays taken back', async () => {
      await sync()
      for (let isReached = true, at = 1; isReached; at++) {
        isReached = false
        let left = at
        const before = async (): Promise<void> => {
          if (--left !== 0) return
          isReached = true
          await endpoint.write({ table: 'people', put: person(1, `there ${at}`, 36) })
          expect((await linked.sync()).heldBack).toEqual([])
        }
        const store = withOverrides(linked.store, {
          update: async (...given) => before().then(() => linked.store.update(...given)),
        })
        await endpoint.write({ table: 'people', put: person(2, 'Grace', at) })
        await edit(person(3, `here ${at}`, 72))
        const late = await linked
          .sync({
            store,
            wrap: (connector) => ({
              takeOver: (link) => before().then(() => connector.takeOver(link)),
              apply: (plan) => before().then(() => connector.apply(plan)),
            }),
          })
          .then(
            () => ({ passing: true }),
            (error: { data: object }) => error.data,
          )
        expect(late).toMatchObject({ passing: true })
        await endpoint.write({ table: 'people', put: ada })
        expect((await sync()).heldBack).toEqual([])
        const all = [ada, person(2, 'Grace', at), person(3, `here ${at}`, 72)]
        expect([await endpoint.rows('people'), await branch()]).toEqual([all, all])
      }
    })

    const holdsLarge = fixture.features.has('values of more than 16 MiB')
    test.skipIf(!holdsLarge)(
      'a row that is too large to be kept waits alone, as it last was here and as it is there, until it is smaller or gone',
      async () => {
        await sync()
        const [large, fresh] = [person(2, 'x'.repeat(tooLarge), 85), person(4, 'y'.repeat(tooLarge), 4)]
        await endpoint.write(
          { table: 'people', put: large },
          { table: 'people', put: fresh },
          { table: 'people', put: person(3, 'Edsger W.', 72) },
        )
        const first = await sync()
        expect(heldBackKeys(first)).toEqual(['rejected 2', 'rejected 4'])
        expect(first.heldBack[0]).toMatchObject({
          table: 'people',
          message: `column 'name' has a value of ${tooLarge} bytes; ${tooLarge - 1} can be kept`,
          tooLarge: { columns: ['name'], bytes: tooLarge, bytesMax: tooLarge - 1 },
        })
        expect(first.tables[0]).toMatchObject({ captured: { added: 0, changed: 1, removed: 0 }, rejected: 2 })
        expect(await branch()).toEqual([ada, grace, person(3, 'Edsger W.', 72)])
        // What the branch makes of them waits too.
        await edit({ remove: '2' }, person(4, 'ours', 4))
        for (let round = 0; round < 2; round++)
          expect(heldBackKeys(await sync())).toEqual(['rejected 2', 'rejected 4'])
        const there = await endpoint.rows('people')
        expect(there.map(({ id, name }) => [id, name?.length])).toEqual([
          ['1', 3],
          ['2', tooLarge],
          ['3', 9],
          ['4', tooLarge],
        ])
        const verified = await linked.verify()
        expect(verified.tables[0]).toMatchObject({
          matches: false,
          counts: { missing: 0, extra: 0, changed: 0 },
          tooLarge: 2,
          rows: [
            { key: '2', kind: 'too-large', columns: ['name'], heldBack: 'rejected' },
            { key: '4', kind: 'too-large' },
          ],
        })
        await endpoint.write(
          { table: 'people', put: person(2, 'Grace', 85) },
          { table: 'people', remove: fresh },
        )
        expect((await sync()).heldBack).toEqual([])
        const all = [ada, person(3, 'Edsger W.', 72), person(4, 'ours', 4)]
        expect([await endpoint.rows('people'), await branch()]).toEqual([all, all])
        await endpoint.write({ table: 'people', put: person(1, 'x'.repeat(tooLarge), 36) })
        expect(heldBackKeys(await sync())).toEqual(['rejected 1'])
        await endpoint.write({ table: 'people', remove: person(1, 'x'.repeat(tooLarge), 36) })
        expect((await sync()).heldBack).toEqual([])
        expect(await branch()).toEqual(all.slice(1))
      },
    )

    test('of what both sides write in rounds that come in between, nothing is lost', async () => {
      await sync()
      for (let n = 0; n < 6; n++) {
        const writing = endpoint.write(
          { table: 'people', put: person(100 + n, `theirs ${n}`, n) },
          { table: 'people', put: person(1, `theirs ${n}`, 36) },
        )
        await edit(person(200 + n, `ours ${n}`, n), person(2, `ours ${n}`, 85))
        await Promise.all([writing, sync()])
      }
      await sync()
      const quiet = await sync()
      expect(quiet.heldBack).toEqual([])
      const rows = await endpoint.rows('people')
      expect(rows).toHaveLength(3 + 12)
      expect(rows.slice(0, 2)).toEqual([person(1, 'theirs 5', 36), person(2, 'ours 5', 85)])
      expect(await branch()).toEqual(rows)
    })
  })
}
