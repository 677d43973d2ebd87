// A repository in memory with links of any kinds to one folder of one branch, for tests of rounds.
import { DataRepository } from '../../src/api/data-repository.ts'
import type { Connector } from '../../src/connectors/interface.ts'
import { createContext } from '../../src/repo/context.ts'
import type { Repo } from '../../src/repo/interface.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { Link, Receipt, SyncOptions } from '../../src/sync/interface.ts'
import { openLink } from '../../src/sync/open-link.ts'
import { syncRound } from '../../src/sync/round.ts'

const author = { name: 'Ada', email: 'ada@example.org' }

export class BranchLinks {
  readonly store: MemoryStore = MemoryStore.create()
  readonly repository: DataRepository = DataRepository.over(this.store, { author })
  readonly repo: Repo = createContext(this.store, { author })
  readonly #environment: Readonly<Record<string, string>>

  constructor(environment: Readonly<Record<string, string>> = {}) {
    this.#environment = environment
  }

  link(endpoint: string, tables: readonly string[], setting: Partial<Link> = {}): Link {
    return { name: 'drop', endpoint, mode: 'two-way', tables, into: 'data', branch: 'main', ...setting }
  }

  async sync(
    link: Link,
    options: SyncOptions = {},
    wrap: (connector: Connector) => Connector = (one) => one,
  ): Promise<Receipt> {
    const connector = wrap(await openLink(link, { environment: this.#environment }))
    try {
      return await syncRound({ repo: this.repo, folder: null, connector, link, options })
    } finally {
      await connector.close()
    }
  }

  async rows(table: string): Promise<object[]> {
    const found: object[] = []
    const view = await this.repository.at('main')
    for await (const row of view.table(`data/${table}`).scan()) found.push({ ...row })
    return found
  }

  async edit(table: string, change: { put?: readonly object[]; remove?: readonly unknown[] }): Promise<void> {
    await this.repository.transaction('main', (tx) => {
      const rows = tx.table(`data/${table}`)
      for (const row of change.put ?? []) rows.put(row as never)
      for (const key of change.remove ?? []) rows.delete(key as never)
    })
  }
}

/** 'schema people: …' for each that was held back. */
export function heldBackOf({ heldBack }: Receipt): string[] {
  return heldBack.map(
    ({ reason, table, key, message }) => `${reason} ${table}${key === '' ? '' : ` ${key}`}: ${message}`,
  )
}
