// A repository in memory with one link to a table `people` of an endpoint of any kind: Ada, Grace and Edsger.
import { DataRepository } from '../api/data-repository.ts'
import type { Connector } from '../connectors/interface.ts'
import { createContext } from '../repo/context.ts'
import type { Store } from '../store/interface.ts'
import { MemoryStore } from '../store/memory.ts'
import type { Link, Receipt, SyncOptions } from '../sync/interface.ts'
import { openLink } from '../sync/open-link.ts'
import { syncRound } from '../sync/round.ts'
import type { LinkVerification } from '../sync/verify/interface.ts'
import { verifyLink } from '../sync/verify/verify.ts'
import { type Endpoint, type PlainRow, people, person } from './fixture.ts'
import { sortedByFirst } from './plans.ts'

const author = { name: 'Ada', email: 'ada@example.org' }

interface RoundOf extends SyncOptions {
  readonly wrap?: (connector: Connector) => Partial<Connector>
  readonly store?: Store
}

export class LinkedEndpoint {
  readonly endpoint: Endpoint
  link: Link
  store: MemoryStore = MemoryStore.create()

  private constructor(endpoint: Endpoint, setting: Partial<Link>) {
    this.endpoint = endpoint
    const names = { name: 'shop', tables: ['people'], into: 'shop', branch: 'main' }
    this.link = { ...names, endpoint: endpoint.url, mode: 'two-way', ...setting }
  }

  /** `setting`: what the link declares beside the rest. */
  static async make(endpoint: Endpoint, setting: Partial<Link>): Promise<LinkedEndpoint> {
    await endpoint.create(people)
    const rows = [person(1, 'Ada', 36), person(2, 'Grace', 85), person(3, 'Edsger', 72)]
    await endpoint.write(...rows.map((put) => ({ table: 'people', put })))
    return new LinkedEndpoint(endpoint, setting)
  }

  /** The same endpoint, linked by a repository that has never heard of it. */
  anew(): LinkedEndpoint {
    return new LinkedEndpoint(this.endpoint, this.link)
  }

  /** The same repository, and another endpoint. */
  at(endpoint: Endpoint): LinkedEndpoint {
    const made = new LinkedEndpoint(endpoint, { ...this.link, endpoint: endpoint.url })
    made.store = this.store
    return made
  }

  /** With methods of the connector, and a store, that are other ones for this round. */
  async sync({ wrap = () => ({}), store = this.store, ...options }: RoundOf = {}): Promise<Receipt> {
    const { link } = this
    const connector = await this.#open()
    const repo = createContext(store, { author })
    const given = withOverrides(connector, wrap(connector))
    try {
      return await syncRound({ repo, folder: null, connector: given, link, options })
    } finally {
      await connector.close()
    }
  }

  #open(): Promise<Connector> {
    const { environment, connectors } = this.endpoint
    return openLink(this.link, { environment, connectors })
  }

  async verify(): Promise<LinkVerification> {
    const { link } = this
    const connector = await this.#open()
    try {
      return await verifyLink({ repo: createContext(this.store, { author }), connector, link, options: {} })
    } finally {
      await connector.close()
    }
  }

  async branch(): Promise<PlainRow[]> {
    const rows: PlainRow[] = []
    for await (const row of (await DataRepository.over(this.store).at('main')).table('shop/people').scan())
      rows.push(Object.fromEntries(Object.entries(row).map(([name, value]) => [name, textOf(value)])))
    return sortedByFirst(rows, 'id')
  }

  /** Values in the types that the endpoint's columns have. */
  async edit(...rows: readonly (PlainRow | { remove: string })[]): Promise<void> {
    const numbers = new Set<string>()
    for await (const row of (await DataRepository.over(this.store).at('main')).table('shop/people').scan())
      for (const [name, value] of Object.entries(row)) if (typeof value === 'number') numbers.add(name)
    const typed = (name: string, value: string | null): unknown =>
      value !== null && numbers.has(name) ? Number(value) : value
    await DataRepository.over(this.store, { author }).transaction('main', (tx) => {
      const table = tx.table('shop/people')
      for (const row of rows) {
        if ('remove' in row) table.delete(typed('id', row.remove!) as never)
        else
          table.put(
            Object.fromEntries(
              Object.entries(row).map(([name, value]) => [name, typed(name, value as string)]),
            ) as never,
          )
      }
    })
  }
}

/** 'conflict 1', by key. */
export function heldBackKeys({ heldBack }: Receipt): string[] {
  return heldBack.map(({ reason, key }) => `${reason} ${key}`).sort()
}

/** For the names of tests. */
export function changesLabel({ changes }: Partial<Link>): string {
  return changes === undefined ? '' : `, changes: ${changes}`
}

/** As `target`, but for these. */
export function withOverrides<T extends object>(target: T, own: Partial<T>): T {
  return new Proxy(target, {
    get(_, name) {
      const value: unknown = Reflect.get(name in own ? own : target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

function textOf(value: unknown): string | null {
  return value === null ? null : String(value as string)
}
