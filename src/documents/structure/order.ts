// The order of members that are told apart by an identity: the keys of an object, the elements of an array with ids.
// Each identity stands once. The order of ours holds, unless only theirs moved things; what the other side added
// comes after the same predecessor as on its own side, ours first where both added something. What was sorted stays so:
// sorted.ts.
import { diffLines } from '../line-diff.ts'
import type { ValueId } from './values.ts'

export interface Orders {
  readonly base: readonly ValueId[]
  readonly ours: readonly ValueId[]
  readonly theirs: readonly ValueId[]
}

/** The identities in `kept`, ordered; null where both sides moved the same things to different places. */
export function mergedOrder(orders: Orders, kept: ReadonlySet<ValueId>): ValueId[] | null {
  const { base, ours, theirs } = orders
  if (equalLists(ours, theirs)) return ours.filter((id) => kept.has(id))
  const inBase = new Set(base)
  const inTheirs = new Set(theirs)
  const common = new Set(ours.filter((id) => inBase.has(id) && inTheirs.has(id)))
  const [before, left, right] = [base, ours, theirs].map((ids) => ids.filter((id) => common.has(id)))
  const theirsMoved = !equalLists(before!, right!)
  if (!theirsMoved || equalLists(left!, right!)) return placed(ours, theirs, inBase, kept, 'ours')
  if (equalLists(before!, left!)) return placed(theirs, ours, inBase, kept, 'theirs')
  const moved = movedBoth(before!, left!, right!)
  if (moved === null) return null
  const reordered = reorder(ours, moved, common)
  return placed(reordered, theirs, inBase, kept, 'ours')
}

/** The order when only the moves of ours count. */
export function orderOfOurs(orders: Orders, kept: ReadonlySet<ValueId>): ValueId[] {
  return placed(orders.ours, orders.theirs, new Set(orders.base), kept, 'ours')
}

/** The order of `skeleton`, with each addition of the other side after its predecessor there. */
function placed(
  skeleton: readonly ValueId[],
  other: readonly ValueId[],
  inBase: ReadonlySet<ValueId>,
  kept: ReadonlySet<ValueId>,
  skeletonSide: 'ours' | 'theirs',
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
      const at = skeletonSide === 'ours' ? (run.at(-1) ?? previous) : previous
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

/** Both sides moved something: three-way by position; null where they moved the same. */
function movedBoth(
  base: readonly ValueId[],
  ours: readonly ValueId[],
  theirs: readonly ValueId[],
): ValueId[] | null {
  const left = diffLines(base, ours)
  const right = diffLines(base, theirs)
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

export function equalLists(a: readonly ValueId[], b: readonly ValueId[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i])
}
