// What an endpoint is given of one table when a step is written, and how far it has come. It may ask for rows again.
import type { EndpointTable, PlannedRows, RowChange } from '../../connectors/interface.ts'
import { withContents } from '../../formats/contents.ts'
import type { RowSource } from '../../formats/interface.ts'
import { Table } from '../../table/table.ts'
import type { RowCounts } from '../interface.ts'
import type { TableStep } from '../tables/differences.ts'
import { rowChanges } from '../tables/row-changes.ts'
import type { ApplyStep } from './interface.ts'

type Kind = RowChange['kind']

export class TableWrite {
  readonly #from: Pick<ApplyStep, 'io' | 'round'>
  readonly #table: EndpointTable
  readonly #step: TableStep
  /** Rows of each kind, and those of them that were last handed over. */
  readonly #counts: Readonly<Record<Kind, number>>
  readonly #done: Record<Kind, number> = { insert: 0, update: 0, delete: 0 }

  constructor(
    from: Pick<ApplyStep, 'io' | 'round'>,
    table: EndpointTable,
    step: TableStep,
    { added, changed, removed }: RowCounts,
  ) {
    this.#from = from
    this.#table = table
    this.#step = step
    this.#counts = { insert: added, update: changed, delete: removed }
  }

  /** The changes of one kind. Nothing is read when there are none. */
  async *changes(kind: Kind): AsyncGenerator<readonly RowChange[]> {
    if (this.#counts[kind] === 0) return
    this.#done[kind] = 0
    for await (const batch of rowChanges(this.#from.io.nodes, this.#step, this.#table, kind)) {
      yield batch
      this.#report(kind, batch.length)
    }
  }

  /** All rows of a table that is empty at the endpoint; null when it has rows there, or is to have none. */
  async all(): Promise<PlannedRows | null> {
    const { nodes } = this.#from.io
    const { before, after } = this.#step
    const [old, now] = [await Table.of(nodes, before), await Table.of(nodes, after)]
    if (old.count > 0 || now.count === 0) return null
    return { shape: now.shape, count: now.count, rows: () => this.#rows(now) }
  }

  async *#rows({ map }: Table): AsyncGenerator<RowSource> {
    this.#done.insert = 0
    for await (const batch of map.scan())
      for await (const rows of withContents(batch, this.#from.io.nodes.reader)) {
        yield rows
        this.#report('insert', rows.count)
      }
  }

  #report(kind: Kind, rows: number): void {
    this.#done[kind] += rows
    this.#from.round.options.onProgress?.({
      phase: `writing ${this.#table.name}`,
      done: sum(this.#done),
      total: sum(this.#counts),
      unit: 'rows',
    })
  }
}

function sum({ insert, update, delete: removed }: Readonly<Record<Kind, number>>): number {
  return insert + update + removed
}
