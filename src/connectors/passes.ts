// The order in which a database takes a plan whose end breaks none of its rules, though the way there may. First all
// goes as it usually does: parents are inserted and rows changed from the parents down, then rows are deleted from the
// children up, so that a child has left its parent before the parent goes. A batch that is refused waits, and is tried
// again when the others are through. Rows that refer to each other in a circle then have their references cleared: the
// referring columns are left empty until all of the rows are there. Rows that take each other's unique values are parked:
// each unique value is first set to something else, and to its new value once all of the rows have given up their old
// ones. Only what is refused after that breaks a rule, and is held back row by row.
import { throwIfAborted } from '../base/errors.ts'
import type { ApplyPlan, EndpointTable, RowChange } from './interface.ts'
import { parentsFirst } from './parents-first.ts'

/** Values too large for their rows: how much of them a batch may have and go on. */
const batchBytesMax = 8 << 20

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

/** Numbers of the batches that wait, of each table and kind. */
type Waiting = Map<EndpointTable, Record<Kind, Set<number>>>

export async function writeInPasses<T extends EndpointTable>(
  plan: ApplyPlan,
  writer: BatchWriter<T>,
  batchRowsMax: number,
): Promise<void> {
  const tables = parentsFirst(plan.tables as readonly T[])
  const waiting: Waiting = new Map(tables.map((table) => [table, none()]))
  const batches = (table: T, kind: Kind) => batchesOf(plan, table, kind, { writer, batchRowsMax })
  const again = async (table: T, kind: Kind, work: BatchWriter<T>['attempt'], parked?: Set<number>) => {
    const numbers = parked ?? waiting.get(table)![kind]
    if (numbers.size === 0) return
    for await (const { number, batch } of batches(table, kind))
      if (numbers.has(number) && (await work(table, batch))) numbers.delete(number)
  }
  const first = async (table: T, kind: Kind): Promise<void> => {
    // While the database writes one batch the next is read and made ready.
    let underWay: Promise<unknown> = Promise.resolve()
    try {
      for await (const { number, batch, isLarge } of batches(table, kind)) {
        writer.prepare?.(table, batch)
        await underWay
        underWay = writer.attempt(table, batch).then((isWhole) => {
          if (!isWhole) waiting.get(table)![kind].add(number)
        })
        // Who awaits it hears of a failure.
        underWay.catch(() => undefined)
        if (isLarge) await underWay
      }
    } finally {
      await underWay
    }
  }
  const attempt: BatchWriter<T>['attempt'] = (table, batch) => writer.attempt(table, batch)
  const round = async (work: typeof attempt): Promise<void> => {
    for (const table of tables.toReversed()) await again(table, 'delete', work)
    for (const table of tables) await again(table, 'update', work)
    for (const table of tables) await again(table, 'insert', work)
  }

  const clearReferences = async (how: 'whole' | 'by row'): Promise<void> => {
    const work: typeof attempt = async (table, batch) => {
      await writer.clearReferences!(table, batch, how)
      return false
    }
    if (writer.clearReferences === undefined) return
    for (const table of tables) {
      await again(table, 'insert', work)
      await again(table, 'delete', work)
    }
  }

  for (const table of tables) {
    if ((await writer.all?.(table)) !== true) await first(table, 'insert')
    await first(table, 'update')
  }
  for (const table of tables.toReversed()) await first(table, 'delete')
  if (count(waiting) === 0) return
  await round(attempt)
  await clearReferences('whole')
  for (const table of tables) {
    const updates = waiting.get(table)!.update
    const before = new Set(updates)
    await again(table, 'update', (_, batch) => writer.park(table, batch))
    const parked = new Set([...before].filter((number) => !updates.has(number)))
    await again(table, 'delete', attempt)
    await again(table, 'insert', attempt)
    await again(table, 'update', (_, batch) => writer.finish(table, batch).then(() => true), parked)
  }
  for (let left = count(waiting), before = Infinity; left > 0 && left < before; left = count(waiting)) {
    before = left
    await round(attempt)
  }
  if (count(waiting) > 0) await clearReferences('by row')
  await round((table, batch) => writer.settle(table, batch).then(() => true))
}

function none(): Record<Kind, Set<number>> {
  return { insert: new Set(), update: new Set(), delete: new Set() }
}

function count(waiting: Waiting): number {
  let all = 0
  for (const kinds of waiting.values()) for (const numbers of Object.values(kinds)) all += numbers.size
  return all
}

/** The same batches under the same numbers each time they are asked for. */
async function* batchesOf<T extends EndpointTable>(
  plan: ApplyPlan,
  table: T,
  kind: Kind,
  { writer, batchRowsMax }: { writer: BatchWriter<T>; batchRowsMax: number },
): AsyncGenerator<{ number: number; batch: RowChange[]; isLarge: boolean }> {
  const groups = new Map<string, RowChange[]>()
  let number = 0
  let bytes = 0
  for await (const changes of plan.changes(table, kind)) {
    for (const change of changes) {
      const group = writer.groupOf(table, change)
      const batch = groups.get(group) ?? []
      if (batch.length === 0) groups.set(group, batch)
      batch.push(change)
      bytes += change.contentBytes ?? 0
      if (batch.length < batchRowsMax && bytes < batchBytesMax) continue
      // Any group may have the large values.
      const isLarge = bytes >= batchBytesMax
      for (const full of isLarge ? [...groups.keys()] : [group]) {
        throwIfAborted(plan.signal)
        yield { number: number++, batch: groups.get(full)!, isLarge }
        groups.delete(full)
      }
      if (groups.size === 0) bytes = 0
    }
  }
  for (const batch of groups.values()) {
    throwIfAborted(plan.signal)
    yield { number: number++, batch, isLarge: false }
  }
}
