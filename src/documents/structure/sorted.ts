// Members that were sorted stay sorted: the whole where all versions are, or where a side sorted what was not; and else
// what both sides added at one place, where each side's additions are sorted between their neighbours.
import { equalLists, type Orders } from './order.ts'
import type { ValueId, ValueTable } from './values.ts'

type Comparator = (a: ValueId, b: ValueId) => number

/** Fewer are sorted by chance. */
const sortedLengthMin = 3

export function keepSorted(order: ValueId[], orders: Orders, values: ValueTable): ValueId[] {
  const { base, ours, theirs } = orders
  const compare = comparators(values).find((one) => isWhollySorted(orders, one, values))
  if (compare !== undefined) return isSorted(order, compare) ? order : order.toSorted(compare)
  if (equalLists(ours, theirs) || equalLists(ours, base) || equalLists(theirs, base)) return order
  return sortAdditions(order, orders, values)
}

/** All three are sorted, or the sides that moved anything moved it to where it is sorted. */
function isWhollySorted(orders: Orders, compare: Comparator, values: ValueTable): boolean {
  const lists = [orders.base, orders.ours, orders.theirs]
  if (lists.some((ids) => ids.length < sortedLengthMin || !ids.every((id) => values.isScalar(id))))
    return false
  const [base, ours, theirs] = lists.map((ids) => isSorted(ids, compare))
  if (base) return ours! && theirs!
  if (!ours && !theirs) return false
  const [oursMoved, theirsMoved] = [orders.ours, orders.theirs].map((ids) => hasMoved(orders.base, ids))
  if (!oursMoved && !theirsMoved) return false
  return (ours! || !oursMoved) && (theirs! || !theirsMoved)
}

function hasMoved(before: readonly ValueId[], after: readonly ValueId[]): boolean {
  const [inBefore, inAfter] = [new Set(before), new Set(after)]
  return !equalLists(
    before.filter((id) => inAfter.has(id)),
    after.filter((id) => inBefore.has(id)),
  )
}

/** Each run of new members in which both sides have some that the other has not. */
function sortAdditions(order: readonly ValueId[], orders: Orders, values: ValueTable): ValueId[] {
  const [inBase, inOurs, inTheirs] = [orders.base, orders.ours, orders.theirs].map((ids) => new Set(ids))
  const sorted: ValueId[] = []
  for (let at = 0; at < order.length;) {
    const start = at
    while (at < order.length && !inBase!.has(order[at]!)) at++
    const run = order.slice(start, at)
    const sides = [run.filter((id) => inOurs!.has(id)), run.filter((id) => inTheirs!.has(id))]
    const neighbours = [order[start - 1], order[at]] as const
    const isMixed = sides.every((side) => side.length > 0 && side.length < run.length)
    sorted.push(...(isMixed ? sortRun(run, sides, neighbours, values) : run))
    if (at < order.length) sorted.push(order[at++]!)
  }
  return sorted
}

function sortRun(
  run: readonly ValueId[],
  sides: readonly (readonly ValueId[])[],
  [before, behind]: readonly [ValueId | undefined, ValueId | undefined],
  values: ValueTable,
): readonly ValueId[] {
  if (before === undefined || behind === undefined) return run
  if (![before, ...run, behind].every((id) => values.isScalar(id))) return run
  const compare = comparators(values).find((one) =>
    sides.every((side) => isSorted([before, ...side, behind], one)),
  )
  return compare === undefined ? run : run.toSorted(compare)
}

function comparators(values: ValueTable): Comparator[] {
  const number = (id: ValueId): number => (values.isString(id) ? Number.NaN : Number(values.text(id)))
  const text = (id: ValueId): string => values.text(id)
  const plain = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  const compares: Comparator[] = [
    (a, b) => number(a) - number(b),
    (a, b) => plain(text(a), text(b)),
    (a, b) => plain(text(a).toLowerCase(), text(b).toLowerCase()),
    (a, b) => plain(collated(text(a)), collated(text(b))),
  ]
  return compares.flatMap((compare) => [compare, (a, b) => compare(b, a)])
}

/** As dictionaries sort, roughly: signs before digits before letters, capitals as small ones. */
function collated(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, (sign) => `\u0001${sign}`)
}

function isSorted(ids: readonly ValueId[], compare: Comparator): boolean {
  for (let i = 1; i < ids.length; i++) if (!(compare(ids[i - 1]!, ids[i]!) <= 0)) return false
  return true
}
