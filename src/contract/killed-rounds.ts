// Rounds that are killed before each of the steps by which anything is written down, at either side, with writers on both
// sides before and after. What a link promises of that is the same whatever is at its other end.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ChangeLog, LogReader } from '../connectors/change-log.ts'
import type { Connector } from '../connectors/interface.ts'
import { isAncestor } from '../history/ancestry.ts'
import { MemoryStore } from '../store/memory.ts'
import type { Link } from '../sync/interface.ts'
import { linkRef } from '../sync/state.ts'
import { type ConnectorFixture, type FixtureHost, type PlainRow, person, tooLarge } from './fixture.ts'
import { killedCommits } from './killed-commits.ts'
import { sortedByFirst } from './plans.ts'
import { LinkedEndpoint, changesLabel, withOverrides } from './linked-endpoint.ts'

const nothing = { added: 0, changed: 0, removed: 0 }

export function killedRoundsContract(fixture: ConnectorFixture, setting: Partial<Link> = {}): void {
  const name = `killed rounds with ${fixture.name}${changesLabel(setting)}${fixture.without}`
  const isReadOn = fixture.features.has('a log that is read on after a kill')
  describe.skipIf(fixture.without !== '')(name, () => {
    let host: FixtureHost
    beforeAll(async () => {
      host = await fixture.start()
    }, 60_000)
    afterAll(() => host.stop(), 60_000)

    killedCommits(() => host, setting)

    test('before each step: both sides end with what both have asked for, and what was read stays in the history', async () => {
      const endpoint = await host.fresh()
      const linked = await LinkedEndpoint.make(endpoint, setting)
      const sides = new Sides(linked)
      await linked.sync()
      await sides.begin()
      for (let isKilled = true, turn = 1; isKilled; turn++) {
        const live = await liveOf(linked.store)
        await sides.write(turn)
        const kill = new Kill(turn)
        isKilled = await linked
          .sync({ wrap: (connector) => kill.connector(connector), store: kill.store(linked.store) })
          .then(() => false, isKill)
        if (!isKilled) expect(turn).toBeGreaterThan(6)
        await sides.writeAgain(turn)
        const round = await linked.sync()
        const where = `killed before ${kill.at}`
        expect(round.heldBack, where).toEqual([])
        // What we have told ourselves is not taken for somebody else's, nor is the log given up where it can be read on.
        expect(round.notes.join(), where).not.toMatch(/elsewhere|no record|restored|not here/)
        if (isReadOn) expect(round.notes.join(), where).not.toMatch(/compared/)
        expect([await endpoint.rows('people'), await linked.branch()], where).toEqual([
          sides.expected(),
          sides.expected(),
        ])
        const quiet = await linked.sync({ wrap: onlyReading })
        expect([quiet.commit, quiet.heldBack], where).toEqual([round.commit, []])
        expect(quiet.tables[0], where).toMatchObject({ captured: nothing, written: nothing })
        expect(await isAncestor(linked.store, live, await liveOf(linked.store)), where).toBe(true)
      }
      const { refs, sequence } = await linked.store.manifest()
      const { objects } = await linked.store.stats()
      const last = await linked.sync({ wrap: onlyReading })
      expect((await linked.store.manifest()).refs).toEqual(refs)
      // All that a quiet round writes down is when it was.
      expect((await linked.store.manifest()).sequence).toBe(sequence + 1)
      expect((await linked.store.stats()).objects).toBe(objects)
      expect((await linked.store.fsck()).problems).toEqual([])
      // Whoever reads the endpoint for the first time gets the same tree.
      linked.store = MemoryStore.create()
      expect((await linked.sync()).tables[0]!.after).toEqual(last.tables[0]!.after)
      await endpoint.close()
    })

    const holdsLarge = fixture.features.has('values of more than 16 MiB')
    test.skipIf(!holdsLarge)(
      'before each step, while a row becomes too large to be kept, and when it is smaller again: it waits, and then it is merged',
      async () => {
        const endpoint = await host.fresh()
        const linked = await LinkedEndpoint.make(endpoint, setting)
        await linked.sync()
        let isKilled = true
        for (let turn = 1; isKilled; turn++) {
          const killed = (): Promise<boolean> => {
            const kill = new Kill(turn)
            const wrap = (connector: Connector): Partial<Connector> => kill.connector(connector)
            return linked.sync({ wrap, store: kill.store(linked.store) }).then(() => false, isKill)
          }
          const before = (await linked.branch())[1]!
          const there = (name: string): Promise<void> =>
            endpoint.write(
              { table: 'people', put: { ...before, name } },
              { table: 'people', put: person(3, 'E.', turn) },
            )
          await there('x'.repeat(tooLarge))
          isKilled = await killed()
          // The branch's own change of it waits with it.
          await linked.edit({ ...before, age: String(turn) })
          expect((await linked.sync()).heldBack, `turn ${turn}`).toMatchObject([
            { key: '2', reason: 'rejected' },
          ])
          expect((await linked.branch()).slice(1), `turn ${turn}`).toEqual([
            { ...before, age: String(turn) },
            person(3, 'E.', turn),
          ])
          expect((await endpoint.rows('people'))[1]!['name']!.length, `turn ${turn}`).toBe(tooLarge)
          await there(`Grace ${turn}`)
          isKilled = (await killed()) || isKilled
          expect((await linked.sync()).heldBack, `turn ${turn}`).toEqual([])
          const all = [person(1, 'Ada', 36), person(2, `Grace ${turn}`, turn), person(3, 'E.', turn)]
          expect([await endpoint.rows('people'), await linked.branch()], `turn ${turn}`).toEqual([all, all])
        }
        await endpoint.close()
      },
      // Values of this size, many times.
      300_000,
    )
  })
}

class Killed extends Error {}

function isKill(error: unknown): true {
  if (error instanceof Killed) return true
  throw error
}

/** From the nth step on nothing happens any more. */
class Kill {
  /** The step at which it kills. */
  at = ''
  #left: number

  constructor(turn: number) {
    this.#left = turn
  }

  store(store: MemoryStore): MemoryStore {
    return withOverrides(store, this.#steps(store, ['update']))
  }

  connector(connector: Connector): Partial<Connector> {
    const { log } = connector
    const steps = this.#steps(connector, ['takeOver', 'apply'])
    return log === undefined ? steps : { ...steps, log: withOverrides(log, this.#log(log)) }
  }

  #log(log: ChangeLog): Partial<ChangeLog> {
    return {
      ...this.#steps(log, ['begin', 'end']),
      open: async (...given) => {
        const reader = await log.open(...given)
        return 'lost' in reader
          ? reader
          : withOverrides<LogReader>(reader, this.#steps(reader, ['acknowledge']))
      },
    }
  }

  #steps<T extends object>(target: T, names: readonly (keyof T & string)[]): Partial<T> {
    const own: Partial<T> = {}
    for (const name of names) {
      const work = target[name] as (...given: unknown[]) => Promise<unknown>
      own[name] = ((...given: unknown[]) => {
        if (this.#left > 0 && --this.#left === 0) this.at = name
        if (this.#left === 0) return Promise.reject(new Killed(name))
        return work.apply(target, given)
      }) as T[typeof name]
    }
    return own
  }
}

function onlyReading(): Partial<Connector> {
  const refuse = (): Promise<never> => Promise.reject(new Error('a quiet round writes to the endpoint'))
  return { takeOver: refuse, apply: refuse }
}

async function liveOf(store: MemoryStore) {
  return (await store.manifest()).refs.get(linkRef('shop', 'live'))!
}

/** Who writes on either side, and what both are to hold in the end. */
class Sides {
  readonly #linked: LinkedEndpoint
  readonly #expected = new Map<string, PlainRow>()

  constructor(linked: LinkedEndpoint) {
    this.#linked = linked
  }

  async begin(): Promise<void> {
    for (const row of await this.#linked.endpoint.rows('people')) this.#expected.set(row['id']!, row)
  }

  expected(): PlainRow[] {
    return sortedByFirst([...this.#expected.values()], 'id')
  }

  /** Rows of their own, a cell each of a row that both have; each drops a row of its own of two turns before. */
  async write(turn: number): Promise<void> {
    await this.#there({ id: '1', age: String(turn) }, person(1000 + turn, 'there', turn))
    await this.#goneThere(998 + turn)
    await this.#here({ id: '1', name: `n${turn}` }, person(2000 + turn, 'here', turn))
    await this.#goneHere(1998 + turn)
  }

  /** Again, and also to what the round may have brought, or not. */
  async writeAgain(turn: number): Promise<void> {
    await this.#there({ id: '1', age: String(100 + turn) }, { id: String(2000 + turn), age: '7' })
    await this.#goneThere(1999 + turn)
    await this.#here({ id: '1', name: `m${turn}` }, { id: String(1000 + turn), name: 'edited' })
  }

  async #there(...rows: readonly PlainRow[]): Promise<void> {
    const { endpoint } = this.#linked
    const puts = this.#merged(await endpoint.rows('people'), rows)
    await endpoint.write(...puts.map((put) => ({ table: 'people', put })))
  }

  async #here(...rows: readonly PlainRow[]): Promise<void> {
    await this.#linked.edit(...this.#merged(await this.#linked.branch(), rows))
  }

  async #goneThere(id: number): Promise<void> {
    const { endpoint } = this.#linked
    const row = (await endpoint.rows('people')).find((one) => one['id'] === String(id))
    if (row !== undefined) await endpoint.write({ table: 'people', remove: row })
    if (row !== undefined) this.#expected.delete(String(id))
  }

  async #goneHere(id: number): Promise<void> {
    await this.#linked.edit({ remove: String(id) })
    this.#expected.delete(String(id))
  }

  /** Whole rows; what has not all cells changes a row that this side has. */
  #merged(known: readonly PlainRow[], rows: readonly PlainRow[]): PlainRow[] {
    return rows.flatMap((row) => {
      const [id, before] = [row['id']!, known.find((one) => one['id'] === row['id'])]
      if (before === undefined && Object.keys(row).length < 3) return []
      this.#expected.set(id, { ...(this.#expected.get(id) ?? before), ...row })
      return [{ ...before, ...row }]
    })
  }
}
