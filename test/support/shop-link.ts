// A link with a table `people` of three rows in a new database of a real PostgreSQL, over a repository in memory.
import type { Client } from 'pg'
import type { Connector } from '../../src/connectors/interface.ts'
import { DataRepository } from '../../src/api/data-repository.ts'
import { createContext } from '../../src/repo/context.ts'
import type { Repo } from '../../src/repo/interface.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { Link, Receipt, SyncOptions } from '../../src/sync/interface.ts'
import { openLink } from '../../src/sync/open-link.ts'
import { syncRound } from '../../src/sync/round.ts'
import type { Postgres } from './postgres.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
let count = 0

export class ShopLink {
  /** Where the endpoint is a PostgreSQL. */
  readonly db: Client
  readonly store: MemoryStore
  readonly repository: DataRepository
  readonly repo: Repo
  link: Link

  private constructor(db: Client, link: Link, store = MemoryStore.create()) {
    this.db = db
    this.store = store
    this.link = link
    this.repository = DataRepository.over(this.store, { author })
    this.repo = createContext(this.store, { author })
  }

  static async create(postgres: Postgres, setting: Partial<Link> = {}): Promise<ShopLink> {
    const endpoint = await postgres.database(`shop${process.pid}_${++count}`)
    const db = await postgres.client(endpoint)
    await db.query(`
      CREATE TABLE people (id int PRIMARY KEY, name text, age int);
      INSERT INTO people VALUES (1, 'Ada', 36), (2, 'Grace', 85), (3, 'Edsger', 72)`)
    return new ShopLink(db, linkTo(endpoint, setting))
  }

  /** Any other endpoint, with a table `people` of its own. */
  static over(endpoint: string, setting: Partial<Link> = {}): ShopLink {
    return new ShopLink(null as unknown as Client, linkTo(endpoint, setting))
  }

  /** Another link of the same repository. */
  with(link: Link, db: Client): ShopLink {
    return new ShopLink(db, link, this.store)
  }

  async sync(
    options: SyncOptions = {},
    wrap: (connector: Connector) => Connector = (one) => one,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Receipt> {
    const connector = wrap(await openLink(this.link, { environment }))
    try {
      return await syncRound({ repo: this.repo, folder: null, connector, link: this.link, options })
    } finally {
      await connector.close()
    }
  }

  async rows(table = 'people'): Promise<unknown[]> {
    return (await this.db.query(`SELECT * FROM ${table} ORDER BY 1`)).rows
  }

  async branchRows(table = 'people'): Promise<unknown[]> {
    const found: unknown[] = []
    for await (const row of (await this.repository.at('main')).table(`shop/${table}`).scan())
      found.push({ ...row })
    return found
  }

  async edit(
    change: (rows: { put(row: object): void; delete(key: number): void }) => void,
    name = 'people',
  ): Promise<void> {
    await this.repository.transaction('main', (tx) => {
      const table = tx.table(`shop/${name}`)
      change({ put: (row) => table.put(row as never), delete: (key) => table.delete(key) })
    })
  }

  /** Names of the server's slots that are this database's. */
  async slots(): Promise<string[]> {
    const { rows } = await this.db.query<{ slot_name: string }>(
      'SELECT slot_name FROM pg_replication_slots WHERE database = current_database()',
    )
    return rows.map(({ slot_name: name }) => name)
  }
}

function linkTo(endpoint: string, setting: Partial<Link>): Link {
  return {
    name: 'shop',
    endpoint,
    mode: 'two-way',
    tables: ['people'],
    into: 'shop',
    branch: 'main',
    ...setting,
  }
}
