// Two repositories in memory that work for one link of a real database: each can fetch from the other and merge, and run a
// round whose steps somebody else decides about: when each is taken, what happens in between, and at which the round dies.
import type { Connector } from '../../src/connectors/interface.ts'
import { type CommitCid, digestHex } from '../../src/encoding/cid.ts'
import { mergeBases } from '../../src/history/ancestry.ts'
import { DataRepository } from '../../src/api/data-repository.ts'
import { withOverrides } from '../../src/contract/linked-endpoint.ts'
import { fetchRefs } from '../../src/remote/fetch.ts'
import { cloneInto } from '../../src/remote/clone.ts'
import { createContext } from '../../src/repo/context.ts'
import type { Repo } from '../../src/repo/interface.ts'
import { merge } from '../../src/repo/merging/merge.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { Link, Receipt, SyncOptions } from '../../src/sync/interface.ts'
import { openLink } from '../../src/sync/open-link.ts'
import { syncRound } from '../../src/sync/round.ts'
import type { SqlDatabase } from './sql-systems.ts'

const author = { name: 'Ada', email: 'ada@example.org' }

/** By key: each row is a number. */
export type Rows = Map<number, number>

/** Called before and after each step by which a round writes anything down; throws where it dies. */
export type Gate = (step: string) => Promise<void>

const openGate: Gate = () => Promise.resolve()

export class LinkedClone {
  readonly store: MemoryStore = MemoryStore.create()
  readonly link: Link

  constructor(link: Link) {
    this.link = link
  }

  /** Fetches and merges; where both branches changed a row, whoever merges takes `wanted`. */
  async fetch(other: LinkedClone, wanted: Rows = new Map()): Promise<void> {
    await fetchRefs(this.store, other.store, { remoteName: 'origin' })
    const { refs } = await this.store.manifest()
    const [ours, theirs] = [refs.get('refs/heads/main'), refs.get('refs/remotes/origin/main')]
    if (theirs === undefined) return
    if (await this.#isMerged()) return
    const [base] = await mergeBases(this.store, ours as CommitCid, theirs as CommitCid)
    const [before, there, here] = [
      await this.rows(digestHex(base!)),
      await this.rows('origin/main'),
      await this.rows(),
    ]
    const ids = [...new Set([...before.keys(), ...there.keys(), ...here.keys()])]
    const clashes = ids.filter((id) => new Set([before, there, here].map((rows) => rows.get(id))).size === 3)
    for (const id of clashes) await this.set(id, there.get(id) ?? null)
    if (!(await this.#isMerged())) throw new Error('the branches clash')
    for (const id of clashes) await this.set(id, wanted.get(id) ?? null)
  }

  async #isMerged(): Promise<boolean> {
    return (await merge(this.#repo, null, 'origin/main')).outcome !== 'conflict'
  }

  get #repo(): Repo {
    return createContext(this.store, { author })
  }

  async sync(gate: Gate = openGate, options: SyncOptions = {}): Promise<Receipt> {
    const connector = await openLink(this.link, {})
    const store = withOverrides(this.store, gated(this.store, ['update'], gate))
    const repo = createContext(store, { author })
    const given = withOverrides(connector, gatedConnector(connector, gate))
    try {
      return await syncRound({ repo, folder: null, connector: given, link: this.link, options })
    } finally {
      await connector.close()
    }
  }

  async rows(revision = 'main'): Promise<Rows> {
    const rows: Rows = new Map()
    for await (const row of (await DataRepository.over(this.store).at(revision)).table('data/rows_').scan())
      rows.set(Number(row['id']), Number(row['n']))
    return rows
  }

  async set(id: number, n: number | null): Promise<void> {
    await DataRepository.over(this.store, { author }).transaction('main', (tx) => {
      const table = tx.table('data/rows_')
      if (n === null) table.delete(id)
      else table.put({ id, n })
    })
  }
}

/** Two clones of one repository, after the first round of one of them. */
export async function linkedClones(
  db: SqlDatabase,
  setting: Partial<Link> = {},
): Promise<readonly [LinkedClone, LinkedClone]> {
  await db.run(
    'CREATE TABLE rows_ (id int PRIMARY KEY, n int)',
    `INSERT INTO rows_ VALUES ${Array.from({ length: 99 }, (_, i) => `(${i + 1}, 0)`).join(', ')}`,
  )
  const names = { name: 'shop', endpoint: db.url, tables: ['rows_'], branch: 'main', into: 'data' } as const
  const link: Link = { ...names, mode: 'two-way', ...setting }
  const [one, other] = [new LinkedClone(link), new LinkedClone(link)]
  await one.sync()
  await cloneInto(other.store, one.store, { url: '/one' })
  return [one, other]
}

export async function rowsOf(db: SqlDatabase): Promise<Rows> {
  const rows = await db.rows('SELECT id, n FROM rows_ ORDER BY id')
  return new Map(rows.map(([id, n]) => [Number(id), Number(n)]))
}

export async function setRow(db: SqlDatabase, id: number, n: number | null): Promise<void> {
  if (n === null) await db.run(`DELETE FROM rows_ WHERE id = ${id}`)
  else if ((await rowsOf(db)).has(id)) await db.run(`UPDATE rows_ SET n = ${n} WHERE id = ${id}`)
  else await db.run(`INSERT INTO rows_ VALUES (${id}, ${n})`)
}

function gatedConnector(connector: Connector, gate: Gate): Partial<Connector> {
  const own = gated(connector, ['takeOver', 'apply'], gate)
  const { log } = connector
  if (log === undefined) return own
  return { ...own, log: withOverrides(log, gated(log, ['begin'], gate)) }
}

function gated<T extends object>(target: T, names: readonly (keyof T & string)[], gate: Gate): Partial<T> {
  const own: Partial<T> = {}
  for (const name of names) {
    const work = target[name] as (...given: unknown[]) => Promise<unknown>
    own[name] = (async (...given: unknown[]) => {
      await gate(`before ${name}`)
      const result = await work.apply(target, given)
      await gate(`after ${name}`)
      return result
    }) as T[typeof name]
  }
  return own
}
