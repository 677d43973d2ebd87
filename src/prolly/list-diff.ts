// What differs between lists. Both trees are read level by level; runs of equal nodes are matched by name and not
// read, so the cost follows the change. The items of what is left are aligned one by one.
import { throwIfAborted } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import type { ReadOptions } from '../store/interface.ts'
import { gapsBetween } from './align.ts'
import { type NodeRef, type Place, childRefs, endOf, readRefs } from './descent.ts'
import { valueAt } from './entry-batch.ts'
import type { ListHunk } from './interface.ts'
import { Interner } from './interner.ts'
import type { ProllyList } from './list.ts'
import type { NodeStore } from './node-store.ts'

const groupMax = 256

/** A run of nodes, and the list's items before it. */
interface Side {
  readonly at: number
  readonly refs: readonly NodeRef[]
}

/** Runs of both lists that have no node in common. */
interface NodeGap {
  readonly a: Side
  readonly b: Side
}

/** Hunks ascend, and between two there is a common item. Items are views of the nodes they lie in. */
export async function* diffLists(
  a: ProllyList,
  b: ProllyList,
  options: ReadOptions = {},
): AsyncGenerator<ListHunk> {
  if (a.kind !== b.kind) throw new TypeError('lists of different kinds cannot be compared')
  if (a.cid === b.cid) return
  let gaps: NodeGap[] = [{ a: wholeOf(a), b: wholeOf(b) }]
  for (let level = Math.max(a.root.node.level, b.root.node.level); level > 0; level--) {
    const sidesA = await expanded(
      a.nodes,
      gaps.map((gap) => gap.a),
      level,
      options,
    )
    const sidesB = await expanded(
      b.nodes,
      gaps.map((gap) => gap.b),
      level,
      options,
    )
    gaps = sidesA.flatMap((side, i) => narrowed({ a: side, b: sidesB[i]! }))
  }
  for (const group of grouped(gaps)) {
    throwIfAborted(options.signal)
    const interner = new Interner()
    const itemsA = await itemsOf(
      a.nodes,
      group.map((gap) => gap.a),
      interner,
      options,
    )
    const itemsB = await itemsOf(
      b.nodes,
      group.map((gap) => gap.b),
      interner,
      options,
    )
    for (const [i, items] of itemsA.entries()) yield* hunksBetween(items, itemsB[i]!)
  }
}

function wholeOf(list: ProllyList): Side {
  return { at: 0, refs: list.count === 0 ? [] : [list.root.ref] }
}

/** The same runs one level lower; of a tree that is lower than the other, the root stays until its level has come. */
async function expanded(
  nodes: NodeStore,
  sides: readonly Side[],
  level: number,
  options: ReadOptions,
): Promise<Side[]> {
  const places = await readGroups(
    nodes,
    sides.flatMap((side) => side.refs.filter((ref) => ref.level === level)),
    options,
  )
  let next = 0
  return sides.map(({ at, refs }) => ({
    at,
    refs: refs.flatMap((ref) => (ref.level === level ? childRefs(places[next++]!) : [ref])),
  }))
}

async function readGroups(
  nodes: NodeStore,
  refs: readonly NodeRef[],
  options: ReadOptions,
): Promise<Place[]> {
  const places: Place[] = []
  for (let at = 0; at < refs.length; at += groupMax) {
    throwIfAborted(options.signal)
    places.push(...(await readRefs(nodes, refs.slice(at, at + groupMax), options)))
  }
  return places
}

function narrowed({ a, b }: NodeGap): NodeGap[] {
  const numbers = new Map<Cid, number>()
  const numberOf = ({ cid }: NodeRef): number => {
    const number = numbers.get(cid) ?? numbers.size
    numbers.set(cid, number)
    return number
  }
  const gaps = gapsBetween(a.refs.map(numberOf), b.refs.map(numberOf))
  return gaps.map((gap) => ({ a: partOf(a, gap.aFrom, gap.aTo), b: partOf(b, gap.bFrom, gap.bTo) }))
}

function partOf(side: Side, from: number, to: number): Side {
  return { at: from === 0 ? side.at : endOf(side.refs[from - 1]!), refs: side.refs.slice(from, to) }
}

/** Groups gaps whose leaves are read together. */
function* grouped(gaps: readonly NodeGap[]): Generator<NodeGap[]> {
  let group: NodeGap[] = []
  let size = 0
  for (const gap of gaps) {
    group.push(gap)
    size += gap.a.refs.length + gap.b.refs.length
    if (size < groupMax) continue
    yield group
    group = []
    size = 0
  }
  if (group.length > 0) yield group
}

interface Items {
  readonly at: number
  readonly values: readonly Uint8Array[]
  /** Equal for equal items. */
  readonly ids: readonly number[]
}

async function itemsOf(
  nodes: NodeStore,
  sides: readonly Side[],
  interner: Interner,
  options: ReadOptions,
): Promise<Items[]> {
  const places = await readGroups(
    nodes,
    sides.flatMap((side) => side.refs),
    options,
  )
  let next = 0
  return sides.map(({ at, refs }) => {
    const values: Uint8Array[] = []
    const ids: number[] = []
    for (const { node } of places.slice(next, (next += refs.length))) {
      for (let i = 0; i < node.count; i++) {
        values.push(valueAt(node, i))
        ids.push(interner.numberOf(node, i))
      }
    }
    return { at, values, ids }
  })
}

function hunksBetween(a: Items, b: Items): ListHunk[] {
  return gapsBetween(a.ids, b.ids).map(({ aFrom, aTo, bFrom, bTo }) => ({
    aStart: a.at + aFrom,
    bStart: b.at + bFrom,
    aItems: a.values.slice(aFrom, aTo),
    bItems: b.values.slice(bFrom, bTo),
  }))
}
