// Where rows that resolutions bring back or take away stand in a file that is not in key order. The order is a
// function of the merged order and of which rows are there now: rows of ours keep their place in the merged order,
// those that ours had not come last, by key. So it does not matter in which sequence conflicts are resolved.
// A table that was changed otherwise meanwhile keeps its order, and rows that come back come last.
import type { Cid } from '../../encoding/cid.ts'
import type { Path } from '../../files/interface.ts'
import { ProllyList } from '../../prolly/list.ts'
import type { ProllyMap } from '../../prolly/map.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import type { ReadOptions } from '../../store/interface.ts'
import type { TableObject } from '../../table/interface.ts'
import { scanRecords } from '../conflicts/conflicts.ts'
import { editOrder } from '../tables/merge-orders.ts'
import type { MergeIo } from '../merge-io.ts'

/** Rows that the conflicts of one table are about. */
export interface ContestedKeys {
  readonly ours: readonly Uint8Array[]
  /** Those that ours had not, by key. */
  readonly others: readonly Uint8Array[]
}

export interface OrderChange {
  readonly table: TableObject
  readonly before: ProllyMap
  readonly after: ProllyMap
  readonly added: readonly Uint8Array[]
  readonly removed: readonly Uint8Array[]
}

export async function contestedKeys(
  nodes: NodeStore,
  met: Cid,
  path: Path,
  options: ReadOptions = {},
): Promise<ContestedKeys> {
  const keys = { ours: [] as Uint8Array[], others: [] as Uint8Array[] }
  const kinds = ['row', 'key-collision'] as const
  for await (const batch of scanRecords(nodes, met, { path, kinds }, options)) {
    for (const { record } of batch) {
      if (record.path === path) (record.ours === null ? keys.others : keys.ours).push(record.key)
    }
  }
  return keys
}

/** `merged` is the order that the merge made; null when rows lie in the order of their keys. */
export async function settledOrder(
  io: MergeIo,
  merged: Cid | null,
  keys: ContestedKeys,
  change: OrderChange,
  options: ReadOptions = {},
): Promise<Cid | null> {
  const { table, before, after, added, removed } = change
  if (added.length === 0 && removed.length === 0) return table.order
  const expected = merged === null ? undefined : await orderWith(io, merged, keys, before, options)
  if (expected === table.order && merged !== null) {
    const order = await orderWith(io, merged, keys, after, options)
    if (order !== undefined) return order
  }
  if (table.order === null) return null
  return editOrder(io, table.order, { added, removed, count: after.count }, options)
}

/** The merged order with those contested rows that are there; undefined when it cannot be that of these rows. */
export async function orderWith(
  io: MergeIo,
  merged: Cid,
  keys: ContestedKeys,
  rows: ProllyMap,
  options: ReadOptions,
): Promise<Cid | null | undefined> {
  const isThere = async (some: readonly Uint8Array[]): Promise<boolean[]> =>
    (await rows.getMany(some, options)).map((entry) => entry !== null)
  const [ours, others] = [await isThere(keys.ours), await isThere(keys.others)]
  const removed = keys.ours.filter((_, i) => !ours[i])
  const added = keys.others.filter((_, i) => others[i])
  const list = await ProllyList.load(io.nodes, merged, options)
  if (list.count - removed.length + added.length !== rows.count) return undefined
  return editOrder(io, merged, { added, removed, count: rows.count }, options)
}
