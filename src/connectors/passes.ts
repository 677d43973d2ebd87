// The order in which a database takes a plan whose end breaks none of its rules, though the way there may. First all
// goes as it usually does: parents are inserted and rows changed from the parents down, then rows are deleted from the
// children up, so that a child has left its parent before the parent goes. A batch that is refused waits, and is tried
// again when the others are through. Rows that refer to each other in a circle then have their references cleared: the
// referring columns are left empty until all of the rows are there. Rows that take each other's unique values are parked:
// each unique value is first set to something else, and to its new value once all of the rows have given up their old
// ones. Only what is refused after that breaks a rule, and is held back row by row.
import type { ApplyPlan, EndpointTable, RowChange } from './interface.ts'
import { parentsFirst } from './parents-first.ts'
import { type Batch, planBatches } from './plan-batches.ts'

type Kind = RowChange['kind']

/** Writes batches of changes of one kind to one table, inside the plan's transaction. */
export interface BatchWriter<T extends EndpointTable> {
  /** Changes of different groups do not come in one batch. */
  groupOf(table: T, change: RowChange): string
  /** All rows of a table that has none, or nothing of them and false. Where that is faster than batch by batch. */
  all?(table: T): Promise<boolean>
  /** Does ahead what of `attempt` needs no database, while the batch before is written. */
  prepare?(table: T, batch: readonly RowChange[]): void
  /** Writes the whole batch, or nothing of it and returns false. */
  attempt(table: T, batch: readonly RowChange[]): Promise<boolean>
  /**
   * Where that can be done, leaves empty what refers to other rows, of rows that come or go: of the batch or of nothing, or
   * row by row, of which those that are refused or not as expected are noted. The next attempt does the rest.
   */
  clearReferences?(table: T, batch: readonly RowChange[], how: 'whole' | 'by row'): Promise<void>
  /** Each row of an update as it is, but for its unique values; or nothing and false. Guarded as the update is. */
  park(table: T, batch: readonly RowChange[]): Promise<boolean>
  /** The rest of the update of rows that are parked. Rows that are refused are noted by the writer. */
  finish(table: T, batch: readonly RowChange[]): Promise<void>
  /** As attempt, row by row where it must be: those that are refused or not as expected are noted by the writer. */
  settle(table: T, batch: readonly RowChange[]): Promise<void>
}

/** Writes the plan inside a transaction of the caller's. Rows that are refused in the end are noted by the writer. */
export async function writeInPasses<T extends EndpointTable>(
  plan: ApplyPlan,
  writer: BatchWriter<T>,
  batchRowsMax: number,
): Promise<void> {
  const passes = new Passes(plan, writer, batchRowsMax)
  await passes.first()
  if (passes.waiting === 0) return
  await passes.tryAgain()
  await passes.clearReferences('whole')
  await passes.park()
  await passes.tryAgainWhileItHelps()
  if (passes.waiting > 0) await passes.clearReferences('by row')
  await passes.settle()
}

type Attempt<T extends EndpointTable> = BatchWriter<T>['attempt']

class Passes<T extends EndpointTable> {
  readonly #plan: ApplyPlan
  readonly #writer: BatchWriter<T>
  readonly #batchRowsMax: number
  readonly #tables: readonly T[]
  /** Numbers of the batches that wait, of each table and kind. */
  readonly #waiting: ReadonlyMap<T, Record<Kind, Set<number>>>
  readonly #attempt: Attempt<T> = (table, batch) => this.#writer.attempt(table, batch)

  constructor(plan: ApplyPlan, writer: BatchWriter<T>, batchRowsMax: number) {
    this.#plan = plan
    this.#writer = writer
    this.#batchRowsMax = batchRowsMax
    this.#tables = parentsFirst(plan.tables as readonly T[])
    this.#waiting = new Map(
      this.#tables.map((table) => [table, { insert: new Set(), update: new Set(), delete: new Set() }]),
    )
  }

  /** How many batches wait. */
  get waiting(): number {
    let count = 0
    for (const kinds of this.#waiting.values())
      for (const numbers of Object.values(kinds)) count += numbers.size
    return count
  }

  /** All that there is, as it usually goes. */
  async first(): Promise<void> {
    for (const table of this.#tables) {
      if ((await this.#writer.all?.(table)) !== true) await this.#firstOf(table, 'insert')
      await this.#firstOf(table, 'update')
    }
    for (const table of this.#tables.toReversed()) await this.#firstOf(table, 'delete')
  }

  tryAgain(): Promise<void> {
    return this.#again(this.#attempt)
  }

  async tryAgainWhileItHelps(): Promise<void> {
    for (let left = this.waiting, before = Infinity; left > 0 && left < before; left = this.waiting) {
      before = left
      await this.tryAgain()
    }
  }

  async clearReferences(how: 'whole' | 'by row'): Promise<void> {
    if (this.#writer.clearReferences === undefined) return
    const clear: Attempt<T> = async (table, batch) => {
      await this.#writer.clearReferences!(table, batch, how)
      return false
    }
    for (const table of this.#tables) {
      await this.#againOf(table, 'insert', clear)
      await this.#againOf(table, 'delete', clear)
    }
  }

  /** Parks the rows of updates, so that others can take the unique values that these give up. */
  async park(): Promise<void> {
    for (const table of this.#tables) {
      const updates = this.#waiting.get(table)!.update
      const before = [...updates]
      await this.#againOf(table, 'update', (_, batch) => this.#writer.park(table, batch))
      const parked = new Set(before.filter((number) => !updates.has(number)))
      await this.#againOf(table, 'delete', this.#attempt)
      await this.#againOf(table, 'insert', this.#attempt)
      for await (const { changes } of this.#batches(table, 'update', parked))
        await this.#writer.finish(table, changes)
    }
  }

  settle(): Promise<void> {
    return this.#again(async (table, batch) => {
      await this.#writer.settle(table, batch)
      return true
    })
  }

  async #firstOf(table: T, kind: Kind): Promise<void> {
    const waiting = this.#waiting.get(table)![kind]
    // While the database writes one batch the next is read and made ready.
    let underWay: Promise<unknown> = Promise.resolve()
    try {
      for await (const { number, changes, isLarge } of this.#batches(table, kind)) {
        this.#writer.prepare?.(table, changes)
        await underWay
        underWay = this.#writer.attempt(table, changes).then((isWhole) => {
          if (!isWhole) waiting.add(number)
        })
        // Who awaits it hears of a failure.
        underWay.catch(() => undefined)
        if (isLarge) await underWay
      }
    } finally {
      await underWay
    }
  }

  /** All that waits: children give up their parents first. */
  async #again(work: Attempt<T>): Promise<void> {
    for (const table of this.#tables.toReversed()) await this.#againOf(table, 'delete', work)
    for (const table of this.#tables) await this.#againOf(table, 'update', work)
    for (const table of this.#tables) await this.#againOf(table, 'insert', work)
  }

  async #againOf(table: T, kind: Kind, work: Attempt<T>): Promise<void> {
    const waiting = this.#waiting.get(table)![kind]
    for await (const { number, changes } of this.#batches(table, kind, waiting))
      if (await work(table, changes)) waiting.delete(number)
  }

  /** All batches of a kind, or those of them whose numbers are `wanted`. */
  async *#batches(table: T, kind: Kind, wanted?: ReadonlySet<number>): AsyncGenerator<Batch> {
    if (wanted?.size === 0) return
    const limits = {
      groupOf: (change: RowChange) => this.#writer.groupOf(table, change),
      batchRowsMax: this.#batchRowsMax,
    }
    for await (const batch of planBatches(this.#plan, table, kind, limits))
      if (wanted?.has(batch.number) !== false) yield batch
  }
}
