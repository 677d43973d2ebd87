// A plan's changes of one table and one kind, in batches.
import { throwIfAborted } from '../base/errors.ts'
import type { ApplyPlan, EndpointTable, RowChange } from './interface.ts'

/** Values too large for their rows: how much of them a batch may have and go on. */
const batchBytesMax = 8 << 20

export interface Batch {
  readonly number: number
  readonly changes: readonly RowChange[]
  /** It has more than `batchBytesMax`. */
  readonly isLarge: boolean
}

export interface BatchLimits {
  /** Changes of different groups do not come in one batch. */
  readonly groupOf: (change: RowChange) => string
  readonly batchRowsMax: number
}

/** The same batches under the same numbers each time they are asked for. */
export async function* planBatches(
  plan: ApplyPlan,
  table: EndpointTable,
  kind: RowChange['kind'],
  { groupOf, batchRowsMax }: BatchLimits,
): AsyncGenerator<Batch> {
  const groups = new Map<string, RowChange[]>()
  let number = 0
  let bytes = 0
  for await (const changes of plan.changes(table, kind)) {
    for (const change of changes) {
      const group = groupOf(change)
      const batch = groups.get(group) ?? []
      if (batch.length === 0) groups.set(group, batch)
      batch.push(change)
      bytes += change.contentBytes ?? 0
      if (batch.length < batchRowsMax && bytes < batchBytesMax) continue
      // Any group may have the large values.
      const isLarge = bytes >= batchBytesMax
      for (const full of isLarge ? [...groups.keys()] : [group]) {
        throwIfAborted(plan.signal)
        yield { number: number++, changes: groups.get(full)!, isLarge }
        groups.delete(full)
      }
      if (groups.size === 0) bytes = 0
    }
  }
  for (const batch of groups.values()) {
    throwIfAborted(plan.signal)
    yield { number: number++, changes: batch, isLarge: false }
  }
}
