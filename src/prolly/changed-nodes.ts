// The nodes in which two maps differ. Both trees are read level by level from the top; a node that both have is
// dropped before it is read, with all that is below it, so the cost follows the change. Changed nodes of a level are
// read in groups across both trees: as many round trips as a group has levels, not as many as there are nodes.
//
// Nodes of one level are ordered by their last key, and equal nodes have equal last keys: walking both orders at once
// finds every common node.
import { throwIfAborted } from '../base/errors.ts'
import { yieldIfDue } from '../base/turns.ts'
import type { ReadOptions } from '../store/interface.ts'
import { type NodeRef, type Place, childRef, readRefs } from './descent.ts'
import type { KeyRange } from './interface.ts'
import { decodeNode } from './node.ts'
import { NodeEncoder } from './node-encoder.ts'
import type { NodeStore } from './node-store.ts'
import { BatchBuilder } from './batch-builder.ts'
import { entryOfNode } from './tree-builder.ts'
import { mayHold, mayHoldOneOf } from './walk.ts'
import { type LowerBound, type Group, Zipper } from './zipper.ts'

const groupFirst = 8
const groupGrowth = 4
const groupMax = 256

/** A tree and where to read it. */
export interface Side {
  readonly nodes: NodeStore
  readonly root: Place
}

export type DiffOptions = KeyRange &
  ReadOptions & {
    /** Sorted. Only these keys are compared, and nodes without any of them are not read. */
    readonly keys?: readonly Uint8Array[] | undefined
  }

/** Leaves that only one of the trees has, in key order on each side; feed each pair to a Zipper. */
export function changedLeaves(a: Side, b: Side, options: DiffOptions): AsyncIterable<[Group, Group]> {
  return changedNodes(a, b, 0, options)
}

async function* changedNodes(
  a: Side,
  b: Side,
  level: number,
  options: DiffOptions,
): AsyncGenerator<[Group, Group]> {
  const height = Math.max(a.root.node.level, b.root.node.level)
  let entering: [Place[], Place[]] = [entrance(a.root, level, height), entrance(b.root, level, height)]
  if (level >= height) {
    yield pairOf(entering, [null, null])
    return
  }
  const zipper = new Zipper()
  let size = groupFirst
  for await (const parents of changedNodes(a, b, level + 1, options)) {
    zipper.push(...parents)
    const refs = changedRefs(zipper, options)
    const floors = floorsBehind(refs, zipper.floors)
    let at = 0
    do {
      await yieldIfDue()
      throwIfAborted(options.signal)
      const places = await readBoth(a.nodes, b.nodes, refs.slice(at, at + size), options)
      at = Math.min(at + size, refs.length)
      yield pairOf([entering[0].concat(places[0]), entering[1].concat(places[1])], floors[at]!)
      entering = [[], []]
      size = Math.min(size * groupGrowth, groupMax)
    } while (at < refs.length)
  }
}

function pairOf(places: [Place[], Place[]], floors: [LowerBound, LowerBound]): [Group, Group] {
  return [
    { places: places[0], floor: floors[0] },
    { places: places[1], floor: floors[1] },
  ]
}

interface SideRef {
  readonly side: 0 | 1
  readonly ref: NodeRef
}

/** The children of both sides that differ, in key order. */
function changedRefs(zipper: Zipper, options: DiffOptions): SideRef[] {
  const refs: SideRef[] = []
  const add = (side: 0 | 1, place: Place | null, i: number): void => {
    if (place === null) return
    const ref = childRef(place, i)
    if (mayHold(ref, options) && mayHoldOneOf(ref, options.keys)) refs.push({ side, ref })
  }
  zipper.zip((a, i, b, j) => {
    add(0, a, i)
    add(1, b, j)
  })
  return refs
}

/** For each i, the lower bounds of what lies behind refs[0..i) on either side. */
function floorsBehind(refs: readonly SideRef[], last: [LowerBound, LowerBound]): [LowerBound, LowerBound][] {
  const floors: [LowerBound, LowerBound][] = [last]
  for (const { side, ref } of refs.toReversed()) {
    const [a, b] = floors.at(-1)!
    const floor = ref.after ?? undefined
    floors.push(side === 0 ? [floor, b] : [a, floor])
  }
  return floors.reverse()
}

async function readBoth(
  a: NodeStore,
  b: NodeStore,
  refs: readonly SideRef[],
  options: ReadOptions,
): Promise<[Place[], Place[]]> {
  const left = refs.filter(({ side }) => side === 0).map(({ ref }) => ref)
  const right = refs.filter(({ side }) => side === 1).map(({ ref }) => ref)
  if (a !== b) return Promise.all([readRefs(a, left, options), readRefs(b, right, options)])
  const places = await readRefs(a, [...left, ...right], options)
  return [places.slice(0, left.length), places.slice(left.length)]
}

/**
 * What a tree brings in at a level by itself: its root if the trees are equally high; and the root of the lower one is
 * met one level above its own, as the only entry of a node made for it, so that it can be found in the other tree.
 */
function entrance(root: Place, level: number, height: number): Place[] {
  if (root.node.level === height) return level === height ? [root] : []
  return level === root.node.level + 1 && root.node.count > 0 ? [raised(root)] : []
}

function raised(root: Place): Place {
  const shape = { ...root.node.shape, level: root.node.level + 1 }
  const { key, value, links } = entryOfNode(shape, root.ref.cid, root.node, root.node.lastKey)
  const builder = new BatchBuilder()
  builder.add(key, value, links)
  const { bytes } = new NodeEncoder().encode(shape, [{ batch: builder.view(), from: 0, to: 1 }])
  return { ref: { ...root.ref, level: shape.level }, node: decodeNode(bytes.slice()) }
}
