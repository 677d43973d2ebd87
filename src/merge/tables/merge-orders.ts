// Three-way merge of the order of a table's rows in its file. Tables in key order have no list, and two of them stay
// so; a side that sorted the file sorts the result too. The result holds exactly the keys of the merged rows: that is
// counted, and a list that fails the count is refused. A list that happens to be in key order is none: one form only.
import { compareBytes, toHex } from '../../base/bytes.ts'
import { corrupt } from '../../base/errors.ts'
import { collect } from '../../base/iterables.ts'
import type { Cid } from '../../encoding/cid.ts'
import { keyAt, valueAt } from '../../prolly/entry-batch.ts'
import type { ListHunk } from '../../prolly/interface.ts'
import { ListBuilder } from '../../prolly/list-builder.ts'
import { ProllyList } from '../../prolly/list.ts'
import { diffLists } from '../../prolly/list-diff.ts'
import type { ProllyMap } from '../../prolly/map.ts'
import { listKind } from '../../prolly/rule.ts'
import type { ReadOptions } from '../../store/interface.ts'
import type { MergeIo, TableSides } from '../merge-io.ts'
import type { MergedRows } from './merge-row-maps.ts'
import { SideOrder, planOrder } from './order-plan.ts'

export async function mergeOrders(
  io: MergeIo,
  tables: TableSides,
  rows: MergedRows,
  options: ReadOptions = {},
): Promise<Cid | null> {
  const { base, ours, theirs } = tables
  if (ours.order === null && theirs.order === null) return null
  const isSorted = ours.order === null || theirs.order === null
  if (base !== null && base.order !== null && isSorted) return null
  const isUnmoved = rows.added.length === 0 && rows.removed.length === 0
  if (isUnmoved && (theirs.order === ours.order || theirs.order === base?.order)) return ours.order
  const before = await listOf(io, base?.order ?? null, rows.maps.base, options)
  const mine = await listOf(io, ours.order, rows.maps.ours, options)
  const yours = await listOf(io, theirs.order, rows.maps.theirs, options)
  const left = new SideOrder((await collect(diffLists(before, mine, options))).flat())
  const right = new SideOrder((await collect(diffLists(before, yours, options))).flat())
  const [added, removed] = [
    new Set(rows.added.map((key) => toHex(key))),
    new Set(rows.removed.map((key) => toHex(key))),
  ]
  const isKept = (key: string): boolean => {
    const isOurs = left.come.has(key) || (!left.gone.has(key) && right.gone.has(key))
    return added.has(key) || (isOurs && !removed.has(key))
  }
  const isFrameTheirs = right.hasMoves && !left.hasMoves
  const merged = isFrameTheirs
    ? await yours.splice(io.writer, planOrder(right, left, isKept), options)
    : await mine.splice(io.writer, planOrder(left, right, isKept), options)
  if (merged.count !== rows.map.count) throw corrupt('order of a table does not hold the keys of its rows')
  return (await isAscending(merged, options)) ? null : merged.cid
}

/** The keys in file order, also where that is the order of the keys. */
export async function listOf(
  io: MergeIo,
  order: Cid | null,
  rows: ProllyMap,
  options: ReadOptions,
): Promise<ProllyList> {
  if (order !== null) return ProllyList.load(io.nodes, order, options)
  const builder = new ListBuilder(io.writer, listKind)
  for await (const batch of rows.scan(options)) {
    for (let i = 0; i < batch.count; i++) builder.add(keyAt(batch, i))
    await io.writer.drained()
  }
  return ProllyList.load(io.nodes.through(io.writer), builder.finish(), options)
}

/** The order without the rows of `removed` and with those of `added`, which come last. */
export async function editOrder(
  io: MergeIo,
  order: Cid,
  rows: {
    readonly added: readonly Uint8Array[]
    readonly removed: readonly Uint8Array[]
    readonly count: number
  },
  options: ReadOptions = {},
): Promise<Cid | null> {
  if (rows.added.length === 0 && rows.removed.length === 0) return order
  const list = await ProllyList.load(io.nodes, order, options)
  const gone = new Set(rows.removed.map((key) => toHex(key)))
  const hunks: ListHunk[] = []
  let index = 0
  for await (const batch of gone.size === 0 ? [] : list.scan(options)) {
    for (let i = 0; i < batch.count; i++, index++) {
      const key = valueAt(batch, i)
      if (!gone.has(toHex(key))) continue
      hunks.push({ aStart: index, bStart: index - hunks.length, aItems: [key], bItems: [] })
    }
  }
  const end = { aStart: list.count, bStart: list.count - hunks.length, aItems: [], bItems: rows.added }
  const edited = await list.splice(io.writer, rows.added.length === 0 ? hunks : [...hunks, end], options)
  if (edited.count !== rows.count) throw corrupt('order of a table does not hold the keys of its rows')
  return (await isAscending(edited, options)) ? null : edited.cid
}

export async function isAscending(list: ProllyList, options: ReadOptions): Promise<boolean> {
  let last: Uint8Array | null = null
  for await (const batch of list.scan(options)) {
    for (let i = 0; i < batch.count; i++) {
      const key = valueAt(batch, i)
      if (last !== null && compareBytes(last, key) >= 0) return false
      last = key
    }
  }
  return true
}
