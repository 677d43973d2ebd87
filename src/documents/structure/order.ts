// The order of members that are told apart by an identity: the keys of an object, the elements of an array with ids.
// Each identity stands once. The order of ours holds, unless only theirs moved things; what the other side added
// comes after the same predecessor as on its own side, ours first where both added something; and what was sorted in
// all versions stays sorted.
import { diffLines } from '../line-diff.ts'
import type { ValueId, ValueTable } from './values.ts'

export interface Orders {
  readonly base: readonly ValueId[]
  readonly ours: readonly ValueId[]
  readonly theirs: readonly ValueId[]
}

/** The identities in `kept`, ordered; null where both sides moved the same things to different places. */
export function mergedOrder(
  orders: Orders,
  kept: ReadonlySet<ValueId>,
  values: ValueTable,
): ValueId[] | null {
  const { base, ours, theirs } = orders
  if (equalLists(ours, theirs)) return ours.filter((id) => kept.has(id))
  const inBase = new Set(base)
  const inTheirs = new Set(theirs)
  const common = new Set(ours.filter((id) => inBase.has(id) && inTheirs.has(id)))
  const [before, left, right] = [base, ours, theirs].map((ids) => ids.filter((id) => common.has(id)))
  const theirsMoved = !equalLists(before!, right!)
  if (!theirsMoved || equalLists(left!, right!)) return placed(ours, theirs, inBase, kept, 'ours', values)
  if (equalLists(before!, left!)) return placed(theirs, ours, inBase, kept, 'theirs', values)
  const moved = movedBoth(before!, left!, right!)
  if (moved === null) return null
  const reordered = reorder(ours, moved, common)
  return placed(reordered, theirs, inBase, kept, 'ours', values)
}

/** As if theirs had moved nothing. */
export function orderOfOurs(orders: Orders, kept: ReadonlySet<ValueId>, values: ValueTable): ValueId[] {
  return placed(orders.ours, orders.theirs, new Set(orders.base), kept, 'ours', values)
}

/** The skeleton with the other side's additions, each after its predecessor there. */
function placed(
  skeleton: readonly ValueId[],
  other: readonly ValueId[],
  inBase: ReadonlySet<ValueId>,
  kept: ReadonlySet<ValueId>,
  skeletonSide: 'ours' | 'theirs',
  values: ValueTable,
): ValueId[] {
  const following = new Map<ValueId, ValueId>()
  const own = new Set<ValueId>()
  let last = start
  for (const id of skeleton) {
    if (!kept.has(id)) continue
    following.set(last, id)
    own.add(id)
    last = id
  }
  const inOther = new Set(other)
  let previous = start
  for (const id of other) {
    if (!kept.has(id)) continue
    if (!own.has(id)) {
      // What the skeleton's side alone added at this place.
      const run: ValueId[] = []
      let next = following.get(previous)
      for (; next !== undefined && !inBase.has(next) && !inOther.has(next); next = following.get(next))
        run.push(next)
      const sorted = sortedPlace(previous, run, next, id, values)
      const at = [previous, ...run][sorted ?? (skeletonSide === 'ours' ? run.length : 0)]!
      const behind = following.get(at)
      own.add(id)
      following.set(at, id)
      if (behind !== undefined) following.set(id, behind)
    }
    previous = id
  }
  const order: ValueId[] = []
  for (let id = following.get(start); id !== undefined; id = following.get(id)) order.push(id)
  return order
}

const start = -1

/** Between two neighbours, what both sides added is sorted where each side's is; null where that cannot be seen. */
function sortedPlace(
  before: ValueId,
  run: readonly ValueId[],
  behind: ValueId | undefined,
  id: ValueId,
  values: ValueTable,
): number | null {
  if (run.length === 0 || run.length > 100 || before === start || behind === undefined) return null
  if (![before, ...run, behind, id].every((one) => values.isScalar(one))) return null
  for (const compare of comparators(values)) {
    if (!isSorted([before, ...run, behind], compare) || !isSorted([before, id, behind], compare)) continue
    return run.filter((one) => compare(one, id) <= 0).length
  }
  return null
}

/** Both sides moved something: three-way by position; null where they moved the same. */
function movedBoth(
  base: readonly ValueId[],
  ours: readonly ValueId[],
  theirs: readonly ValueId[],
): ValueId[] | null {
  const left = diffLines(base.map(String), ours.map(String))
  const right = diffLines(base.map(String), theirs.map(String))
  if (left === null || right === null) return null
  const hunks = [
    ...left.map((hunk) => ({ ...hunk, side: ours })),
    ...right.map((hunk) => ({ ...hunk, side: theirs })),
  ].sort((a, b) => a.aStart - b.aStart || a.aEnd - b.aEnd)
  const order: ValueId[] = []
  let at = 0
  for (const hunk of hunks) {
    if (hunk.aStart < at) return null
    order.push(...base.slice(at, hunk.aStart), ...hunk.side.slice(hunk.bStart, hunk.bEnd))
    at = hunk.aEnd
  }
  order.push(...base.slice(at))
  return order.length === base.length && new Set(order).size === base.length ? order : null
}

/** `ids` with those in `common` put into the order of `moved`; the others stay behind their predecessor. */
function reorder(
  ids: readonly ValueId[],
  moved: readonly ValueId[],
  common: ReadonlySet<ValueId>,
): ValueId[] {
  const behind = new Map<ValueId, ValueId[]>()
  let predecessor = -1
  for (const id of ids) {
    if (common.has(id)) predecessor = id
    else if (behind.has(predecessor)) behind.get(predecessor)!.push(id)
    else behind.set(predecessor, [id])
  }
  return [...(behind.get(-1) ?? []), ...moved.flatMap((id) => [id, ...(behind.get(id) ?? [])])]
}

type Comparator = (a: ValueId, b: ValueId) => number

/** `order` sorted as all three versions are; as it is where they are not. */
export function keepSorted(order: ValueId[], orders: Orders, values: ValueTable): ValueId[] {
  const lists = [orders.base, orders.ours, orders.theirs]
  if (lists.some((ids) => ids.length < 3 || !ids.every((id) => values.isScalar(id)))) return order
  for (const compare of comparators(values)) {
    if (lists.every((ids) => isSorted(ids, compare)))
      return isSorted(order, compare) ? order : order.sort(compare)
  }
  return order
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

export function equalLists(a: readonly ValueId[], b: readonly ValueId[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i])
}
