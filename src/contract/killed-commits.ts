// Commits that are written as a transaction each, many of them announced at once, in rounds that are killed around each of
// these transactions: every one is done once, and in order.
import { expect, test } from 'vitest'
import type { ApplyPlan, Connector } from '../connectors/interface.ts'
import type { Link } from '../sync/interface.ts'
import type { Endpoint, FixtureHost } from './fixture.ts'
import { LinkedEndpoint } from './linked-endpoint.ts'

const commits = 5

/** `host` is asked once its tests run. */
export function killedCommits(host: () => FixtureHost, setting: Partial<Link>): void {
  test.each(['before', 'after'] as const)(
    'commits that are transactions, killed %s each: all of them are written once, in order',
    async (when) => {
      const endpoint = await host().fresh()
      const linked = await LinkedEndpoint.make(endpoint, setting)
      await linked.sync()
      linked.link = { ...linked.link, mode: 'mirror', commits: 'each' }
      const set = (age: number): Promise<void> => linked.edit({ id: '1', name: 'Ada', age: String(age) })
      await set(1)
      await linked.sync()
      const expected: string[] = []
      const written: (string | null)[] = []
      for (let at = 1; at <= commits + 1; at++) {
        const ages = Array.from({ length: commits }, (_, i) => 10 * at + i)
        for (const age of ages) await set(age)
        const killed = killedAt(endpoint, written, { at, when })
        await linked.sync({ wrap: killed }).catch((error: unknown) => expect(error).toBeInstanceOf(Killed))
        const { notes } = await linked.sync({ wrap: killedAt(endpoint, written, { at: 0, when }) })
        expect(notes.join()).not.toMatch(/elsewhere|no record|restored|not here/)
        expected.push(...ages.map(String))
        expect(written, `killed ${when} number ${at}`).toEqual(expected)
      }
      expect(await linked.branch()).toEqual(await endpoint.rows('people'))
      expect((await linked.store.fsck()).problems).toEqual([])
      await endpoint.close()
    },
  )
}

class Killed extends Error {}

/** Notes what each transaction leaves; its nth is the last thing that happens. */
function killedAt(
  endpoint: Endpoint,
  written: (string | null)[],
  { at, when }: { readonly at: number; readonly when: 'before' | 'after' },
): (connector: Connector) => Partial<Connector> {
  let left = at
  return (connector) => ({
    apply: async (plan: ApplyPlan) => {
      left--
      if (left === 0 && when === 'before') throw new Killed()
      const applied = await connector.apply(plan)
      written.push((await endpoint.rows('people'))[0]!['age']!)
      if (left === 0) throw new Killed()
      return applied
    },
  })
}
