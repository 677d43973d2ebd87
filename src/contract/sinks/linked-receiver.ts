// A repository in memory with one link to a fresh receiver, of two tables: people, and sales/orders.
import { DataRepository } from '../../api/data-repository.ts'
import type { Transaction } from '../../api/tables/data.ts'
import { openSink } from '../../connectors/open-sink.ts'
import type { Batch, Sink } from '../../connectors/sink.ts'
import { createContext } from '../../repo/context.ts'
import { MemoryStore } from '../../store/memory.ts'
import { deliverRound } from '../../sync/deliver/deliver.ts'
import type { Link, Receipt, SyncOptions } from '../../sync/interface.ts'
import { type Receiver, type Rows, type SinkFixture, folded, textOf, texts } from './receiver.ts'

export const author = { name: 'Ada', email: 'ada@example.org' }
/** In ms, for a test. */
export const patience = 60_000

export class LinkedReceiver {
  fixture!: SinkFixture
  receiver!: Receiver
  store!: MemoryStore
  repository!: DataRepository
  link!: Link

  /** Another receiver, and another repository. */
  async renew(): Promise<void> {
    this.receiver = await this.fixture.receiver()
    this.store = MemoryStore.create()
    this.repository = DataRepository.over(this.store, { author })
    this.link = {
      name: 'shop',
      endpoint: this.receiver.url,
      mode: 'materialize',
      tables: ['people', 'sales/orders'],
      into: 'shop',
      branch: 'main',
    }
    await this.edit((tx) => {
      const people = tx.createTable('people', { key: ['id'] })
      for (const [id, who] of ['Ada', 'Grace', 'Edsger'].entries())
        people.put({ id, name: who, age: 30 + id })
      tx.createTable('sales/orders', { key: ['no'] }).put({ no: 1, who: 0 })
    })
  }

  readonly edit = async (change: (tx: Transaction) => void | Promise<void>): Promise<void> =>
    void (await this.repository.transaction('main', async (tx) => change(tx)))

  readonly sync = async (
    options: SyncOptions = {},
    around: { wrap?: (sink: Sink) => Sink; link?: Partial<Link> } = {},
  ): Promise<Receipt> => {
    const repo = createContext(this.store, { author })
    const used = { ...this.link, ...around.link }
    const { environment, sinks } = this.receiver
    const sink = await openSink(used.endpoint, { link: used.name, environment, sinks })
    try {
      return await deliverRound({ repo, sink: around.wrap?.(sink) ?? sink, link: used, options })
    } finally {
      await sink.close()
    }
  }

  readonly rowsThere = async (): Promise<Rows> =>
    this.receiver.rows?.() ?? folded(await this.receiver.messages!())

  readonly rowsHere = async (): Promise<Rows> => {
    const rows: Rows = {}
    const snapshot = await this.repository.at('main')
    for (const table of this.link.tables) {
      const view = await snapshot
        .table(table)
        .open()
        .catch(() => null)
      if (view === null) continue
      for await (const row of view.scan())
        rows[`${table}/${view.key.map((column) => textOf(row[column])).join(':')}`] = texts(row)
    }
    return rows
  }

  /** How many messages have come. */
  readonly count = async (): Promise<number> => (await this.receiver.messages?.())?.length ?? 0

  readonly resetTo = async (commit: string): Promise<void> => {
    const tree = (await this.repository.at(commit)).commit
    const cid = (await this.store.manifest()).refs.get('refs/heads/main')!
    const old = cid.replace(/[0-9a-f]{64}$/, tree) as typeof cid
    await this.store.update(() => ({
      refs: new Map([['refs/heads/main', old]]),
      operation: { name: 'reset', message: '', author: '' },
    }))
  }
}

/** Told, and then gone: after its first batch or after all. */
export function dying(sink: Sink, when: 'middle' | 'after'): Sink {
  return watched(
    sink,
    () => undefined,
    ({ isLast }) => {
      if (isLast || when === 'middle') throw new Error('killed')
    },
  )
}

export function watched(
  sink: Sink,
  before: (batch: Batch) => void | Promise<void>,
  after: (batch: Batch) => void = () => undefined,
): Sink {
  return {
    location: sink.location,
    identity: sink.identity,
    ...(sink.position === undefined ? {} : { position: () => sink.position!() }),
    async deliver(batch) {
      await before(batch)
      await sink.deliver(batch)
      after(batch)
    },
    close: () => sink.close(),
  }
}
