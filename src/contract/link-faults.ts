// What happens to a link beside kills: a restored endpoint, a repository that is set back, tables that are emptied, triggers,
// odd names. None of it loses or overwrites what nobody has looked at, whatever is at the other end.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DataRepository } from '../api/data-repository.ts'
import type { Connector } from '../connectors/interface.ts'
import type { Link } from '../sync/interface.ts'
import {
  type ConnectorFixture,
  type FixtureHost,
  type PlainRow,
  type TableShape,
  people,
  person,
} from './fixture.ts'
import { heldBackKeys, LinkedEndpoint, changesLabel, withOverrides } from './linked-endpoint.ts'
import { hostileNamesFor, hostileTable } from './reading.ts'

const [ada, grace, edsger] = [person(1, 'Ada', 36), person(2, 'Grace', 85), person(3, 'Edsger', 72)]
const nothing = { added: 0, changed: 0, removed: 0 }

const deep: TableShape = {
  name: 'deep',
  key: ['a', 'b', 'c'],
  columns: [
    { name: 'a', type: 'name' },
    { name: 'b', type: 'name' },
    { name: 'c', type: 'name' },
  ],
}

export function linkFaultsContract(fixture: ConnectorFixture, setting: Partial<Link> = {}): void {
  const name = `faults of links with ${fixture.name}${changesLabel(setting)}${fixture.without}`
  describe.skipIf(fixture.without !== '')(name, () => {
    let host: FixtureHost
    beforeAll(async () => {
      host = await fixture.start()
    }, 60_000)
    afterAll(() => host.stop(), 60_000)

    async function withLinked(work: (linked: LinkedEndpoint) => Promise<void>): Promise<void> {
      const linked = await LinkedEndpoint.make(await host.fresh(), setting)
      await linked.sync()
      await work(linked)
      await linked.endpoint.close()
    }

    test('an endpoint that is restored from a backup waits; approved, it gets back what it had lost and keeps what it has', () =>
      withLinked(async (linked) => {
        const { endpoint } = linked
        await linked.edit(person(2, 'Grace H.', 85))
        await linked.sync()
        const restore = await endpoint.backup()
        await linked.edit(person(1, 'Ada L.', 36), person(9, 'Nine', 9))
        await linked.sync()
        await endpoint.write({ table: 'people', put: person(8, 'Eight', 8) })
        await linked.sync()
        await restore()
        await endpoint.write({ table: 'people', put: person(3, 'Edsger', 73) })
        const there = [ada, person(2, 'Grace H.', 85), person(3, 'Edsger', 73)]
        const here = await linked.branch()
        const stopped = await linked.sync()
        expect(stopped.heldBack).toMatchObject([{ table: 'people', reason: 'guard' }])
        expect([await endpoint.rows('people'), await linked.branch()]).toEqual([there, here])
        expect((await linked.sync()).pending).toBe(stopped.pending)
        expect((await linked.sync({ approve: stopped.pending! })).heldBack).toEqual([])
        const all = [
          person(1, 'Ada L.', 36),
          person(2, 'Grace H.', 85),
          person(3, 'Edsger', 73),
          person(8, 'Eight', 8),
          person(9, 'Nine', 9),
        ]
        expect([await endpoint.rows('people'), await linked.branch()]).toEqual([all, all])
        const quiet = await linked.sync()
        expect([quiet.heldBack, quiet.pending]).toEqual([[], null])
        expect(quiet.tables[0]).toMatchObject({ captured: nothing, written: nothing })
      }))

    test('an endpoint that has lost its record overwrites nothing, and nothing of it is: what differs is a clash', () =>
      withLinked(async (linked) => {
        const { endpoint } = linked
        const restore = await endpoint.backup()
        await linked.edit(person(2, 'Grace H.', 85))
        await linked.sync()
        await restore()
        const sides = async () => [await endpoint.rows('people'), await linked.branch()]
        const before = await sides()
        for (let round = 0; round < 2; round++) {
          const { heldBack, notes } = await linked.sync()
          expect(heldBack).toMatchObject([{ key: '2', reason: 'conflict' }])
          if (round === 0) expect(notes.join()).toContain('no record of this link')
          expect(await sides()).toEqual(before)
        }
      }))

    test('a repository that is set back waits and overwrites nothing; asked to go on, equal rows are adopted, all others are clashes', () =>
      withLinked(async (linked) => {
        const { endpoint } = linked
        await linked.edit(person(2, 'Grace H.', 85))
        await linked.sync()
        const { refs, config } = await linked.store.manifest()
        await linked.edit(person(1, 'later', 36), person(9, 'Nine', 9))
        await linked.sync()
        const now = [...(await linked.store.manifest()).refs.keys()]
        const back = new Map([...now.map((ref) => [ref, null] as const), ...refs])
        await linked.store.update(() => ({
          refs: back,
          config,
          operation: { name: 'back', message: '', author: '' },
        }))
        await linked.store.gc({ manifestsKeptMax: 1, graceMs: 0 })
        await endpoint.write({ table: 'people', put: person(3, 'Edsger', 73) })
        await linked.edit(person(2, 'Grace M.', 85))
        const sides = async () => [await endpoint.rows('people'), await linked.branch()]
        const [there, here] = await sides()
        expect(heldBackKeys(await linked.sync())).toEqual(['schema '])
        expect(await sides()).toEqual([there, here])
        for (let round = 0; round < 2; round++) {
          const again = await linked.sync({ retry: round === 0 })
          expect(heldBackKeys(again)).toEqual(['conflict 1', 'conflict 2', 'conflict 3'])
          // The row that is only there comes along.
          expect(await sides()).toEqual([there, [...here!, person(9, 'Nine', 9)]])
        }
      }))

    test('a small table that is emptied, there or here, waits until that is approved', () =>
      withLinked(async (linked) => {
        const { endpoint } = linked
        const rows = [ada, grace, edsger]
        await endpoint.write(...rows.map((remove) => ({ table: 'people', remove })))
        const emptied = await linked.sync()
        expect(emptied.heldBack).toMatchObject([{ table: 'people', reason: 'guard' }])
        expect(await linked.branch()).toEqual(rows)
        expect((await linked.sync()).pending).toBe(emptied.pending)
        await endpoint.write(...rows.map((put) => ({ table: 'people', put })))
        const back = await linked.sync()
        expect([back.heldBack, back.pending]).toEqual([[], null])
        await linked.edit({ remove: '1' }, { remove: '2' }, { remove: '3' })
        const dropped = await linked.sync()
        expect(dropped.heldBack).toMatchObject([{ table: 'people', reason: 'guard' }])
        expect(await endpoint.rows('people')).toEqual(rows)
        expect((await linked.sync({ approve: dropped.pending! })).heldBack).toEqual([])
        expect([await endpoint.rows('people'), await linked.branch()]).toEqual([[], []])
      }))

    const hasDigest = fixture.features.has('digest')
    test.skipIf(!hasDigest)(
      `a table that has too many rows which cannot be kept stops, and is not read again before it is written to${hasDigest ? '' : ' (not here: digest)'}`,
      () =>
        withLinked(async (linked) => {
          const { endpoint } = linked
          await endpoint.create(deep)
          const row = (n: number, length: number): PlainRow => {
            const text = 'ü'.repeat(length) + String(n).padStart(4, '0')
            return { a: text, b: text, c: text }
          }
          await endpoint.write({ table: 'deep', put: row(0, 1) })
          // Where they tell no key, they are told.
          const files = [{ table: 'deep', key: deep.key }]
          linked.link = { ...linked.link, name: 'deep', tables: ['deep'], into: 'deep', files }
          expect((await linked.sync()).heldBack).toEqual([])
          // Three texts of some 390 bytes are more than a key may have.
          const long = Array.from({ length: 1001 }, (_, n) => row(n, 196))
          await endpoint.write(...long.map((put) => ({ table: 'deep', put })))
          let readings = 0
          const counted = (connector: Connector): Partial<Connector> => ({
            snapshot: async (tables) => {
              const snapshot = await connector.snapshot(tables)
              const isPacked = snapshot.packed !== undefined
              return withOverrides(snapshot, {
                rows: (table, signal) => {
                  readings++
                  return snapshot.rows(table, signal)
                },
                ...(isPacked && {
                  packed: (table, options) => {
                    readings++
                    return snapshot.packed!(table, options)
                  },
                }),
              })
            },
          })
          let notes: readonly string[] = []
          const stops = async (retry = false): Promise<string> => {
            const receipt = await linked.sync({ wrap: counted, retry })
            expect(receipt.heldBack).toMatchObject([{ table: 'deep', key: '', reason: 'schema' }])
            notes = receipt.notes
            return receipt.heldBack[0]!.message
          }
          const message = await stops()
          expect(message).toContain('more than 1000 rows are too large to be kept')
          // Some count their rows in the next round only.
          await stops()
          readings = 0
          expect(await stops()).toBe(message)
          expect(readings).toBe(0)
          expect(await stops(true)).toBe(message)
          if (linked.link.changes === 'log') expect(notes.join()).toContain("'deep' is tried again")
          else expect(readings).toBe(1)
          await endpoint.write({ table: 'deep', remove: long[7]! }, { table: 'deep', put: row(1, 1) })
          const { heldBack, tables } = await linked.sync({ wrap: counted })
          expect(heldBack).toHaveLength(1000)
          expect(tables).toMatchObject([{ captured: { added: 1, changed: 0, removed: 0 }, rejected: 1000 }])
          expect(await endpoint.rows('deep')).toHaveLength(1002)
        }),
    )

    const hasTriggers = fixture.features.has('triggers')
    test.skipIf(!hasTriggers)(
      `what a trigger makes of what was sent comes back once, and both sides rest${hasTriggers ? '' : ' (not here: triggers)'}`,
      () =>
        withLinked(async (linked) => {
          const { endpoint } = linked
          await endpoint.capitalize('people', 'name')
          await linked.edit(person(2, 'Grace H.', 86), person(4, 'Barbara', 84))
          expect((await linked.sync()).tables[0]).toMatchObject({ written: { added: 1, changed: 1 } })
          const all = [ada, person(2, 'GRACE H.', 86), edsger, person(4, 'BARBARA', 84)]
          expect(await endpoint.rows('people')).toEqual(all)
          expect((await linked.sync()).tables[0]).toMatchObject({
            captured: { changed: 2 },
            written: nothing,
          })
          expect(await linked.branch()).toEqual(all)
          const quiet = await linked.sync()
          expect(quiet.heldBack).toEqual([])
          expect(quiet.tables[0]).toMatchObject({ captured: nothing, written: nothing })
        }),
    )

    test('hostile names of tables and columns are stored both ways, and do nothing else', () =>
      withLinked(async (linked) => {
        const { endpoint } = linked
        const names = hostileNamesFor(fixture)
        const pathOf = (table: string): string => `odd/${encodeURIComponent(table)}`
        await endpoint.create(...names.map(hostileTable))
        const rowOf = (table: string, value: string) => ({
          id: '1',
          [table]: value,
          [`${table.slice(0, 40)} 2`]: null,
        })
        await endpoint.write(...names.map((table) => ({ table, put: rowOf(table, table) })))
        linked.link = { ...linked.link, name: 'odd', tables: names, into: 'odd' }
        expect((await linked.sync()).heldBack).toEqual([])
        const branch = await DataRepository.over(linked.store).at('main')
        for (const name of names) {
          const rows: object[] = []
          for await (const row of branch.table(pathOf(name)).scan()) rows.push(row)
          expect(
            rows.map((row) =>
              Object.entries(row).map(([column, value]) => [column, value === null ? null : String(value)]),
            ),
          ).toEqual([Object.entries(rowOf(name, name))])
        }
        await DataRepository.over(linked.store, {
          author: { name: 'Ada', email: 'ada@example.org' },
        }).transaction('main', async (tx) => {
          for (const name of names) {
            const table = tx.table(pathOf(name))
            const keys: unknown[] = []
            for await (const row of table.scan()) keys.push((row as Record<string, unknown>)['id'])
            table.put(
              Object.fromEntries([...Object.entries(rowOf(name, `${name}!`)), ['id', keys[0]]]) as never,
            )
          }
        })
        expect((await linked.sync()).heldBack).toEqual([])
        for (const name of names)
          expect(Object.entries((await endpoint.rows(name))[0]!)).toEqual(
            Object.entries(rowOf(name, `${name}!`)),
          )
        expect(await endpoint.rows(people.name)).toEqual([ada, grace, edsger])
      }))
  })
}
