// A repository in memory with one link to a table `people` of a new database, for tests of rounds.
import type { Client } from 'pg'
import { DataRepository } from '../../src/api/data-repository.ts'
import type { Cid } from '../../src/encoding/cid.ts'
import type { Connector } from '../../src/connectors/interface.ts'
import { openLink } from '../../src/sync/open-link.ts'
import { createContext } from '../../src/repo/context.ts'
import type { Repo } from '../../src/repo/interface.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { Link, Receipt, SyncOptions } from '../../src/sync/interface.ts'
import { syncRound } from '../../src/sync/round.ts'
import type { Postgres } from './postgres.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
let count = 0

export interface Rows {
  put(row: object): void
  delete(key: number): void
}

export class Linked {
  readonly db: Client
  readonly store: MemoryStore = MemoryStore.create()
  readonly repository: DataRepository
  readonly repo: Repo
  link: Link
  environment: Readonly<Record<string, string>> = {}

  private constructor(db: Client, endpoint: string) {
    this.db = db
    this.repository = DataRepository.over(this.store, { author })
    this.repo = createContext(this.store, { author })
    this.link = { name: 'shop', endpoint, mode: 'two-way', tables: ['people'], into: 'shop', branch: 'main' }
  }

  static async start(postgres: Postgres): Promise<Linked> {
    const url = await postgres.database(`linked${++count}`)
    const db = await postgres.client(url)
    await db.query(`
      CREATE TABLE people (id int PRIMARY KEY, name text, age int);
      INSERT INTO people VALUES (1, 'Ada', 36), (2, 'Grace', 85), (3, 'Edsger', 72)`)
    return new Linked(db, url)
  }

  /** The same database, linked by a repository that has never heard of it. */
  anew(): Linked {
    const made = new Linked(this.db, this.link.endpoint)
    made.link = this.link
    return made
  }

  async sync(
    options: SyncOptions = {},
    wrap: (connector: Connector) => Connector = (c) => c,
  ): Promise<Receipt> {
    return this.connected((connector) =>
      syncRound({ repo: this.repo, folder: null, connector: wrap(connector), link: this.link, options }),
    )
  }

  async connected<T>(work: (connector: Connector) => Promise<T>): Promise<T> {
    const connector = await openLink(this.link, { environment: this.environment })
    try {
      return await work(connector)
    } finally {
      await connector.close()
    }
  }

  async rows(table = 'people'): Promise<unknown[]> {
    return (await this.db.query(`SELECT * FROM ${table} ORDER BY id`)).rows
  }

  async branchRows(table = 'people'): Promise<unknown[]> {
    const found: unknown[] = []
    const view = await this.repository.at('main')
    for await (const row of view.table(`shop/${table}`).scan()) found.push({ ...row })
    return found
  }

  async edit(change: (rows: Rows) => void, table = 'people'): Promise<void> {
    await this.repository.transaction('main', (tx) => {
      const rows = tx.table(`shop/${table}`)
      change({ put: (row) => rows.put(row as never), delete: (key) => rows.delete(key) })
    })
  }

  async ref(name: string): Promise<Cid | undefined> {
    return (await this.store.manifest()).refs.get(name)
  }
}

export function wrapped(connector: Connector): Connector {
  return {
    location: connector.location,
    identity: () => connector.identity(),
    discover: (names) => connector.discover(names),
    snapshot: (tables) => connector.snapshot(tables),
    checkpoint: (name) => connector.checkpoint(name),
    takeOver: (name) => connector.takeOver(name),
    apply: (plan) => connector.apply(plan),
    close: () => connector.close(),
  }
}
