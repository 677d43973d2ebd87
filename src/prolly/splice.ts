// Changes a tree where it changes, with the result of a bulk build: each level is cut anew from the start of a touched
// node until a cut falls on an old one, and the nodes that came of it are the splices of the level above.
//
// A node may also end because the next entry did not fit. So a splice at a node's first entry may move the end of the
// node before it: work starts in the node that holds the entry before the splice.
import { assert } from '../base/assert.ts'
import { type AnyIterable, batches } from '../base/iterables.ts'
import type { Cid } from '../encoding/cid.ts'
import type { ObjectWriter, ReadOptions } from '../store/interface.ts'
import { type Place, childAtOffset, descend, endOf, rootPlace } from './descent.ts'
import type { Entry } from './interface.ts'
import { NodeCutter } from './node-cutter.ts'
import { type EncodedNode, NodeEncoder } from './node-encoder.ts'
import type { NodeStore } from './node-store.ts'
import type { Shape } from './rule.ts'
import { TreeBuilder, entryOfNode, putEmptyNode } from './tree-builder.ts'

/** Old items [at, at + remove) become `entries`. Above the leaves the range is one of whole nodes. */
export interface Splice {
  readonly at: number
  readonly remove: number
  readonly entries: readonly Entry[]
}

export const spliceWindow = 512

/** Splices ascend and do not overlap. The new root is readable through the writer. */
export async function spliceTree(
  nodes: NodeStore,
  root: Place,
  splices: AnyIterable<readonly Splice[]>,
  writer: ObjectWriter,
  options: ReadOptions = {},
): Promise<Place> {
  let pending: AnyIterable<readonly Splice[]> = splices
  let last: readonly Splice[] = []
  for (let level = 0; level <= root.node.level; level++) {
    const editor = new LevelEditor(nodes, root, level, writer, options)
    for await (const window of pending) {
      await editor.apply(window)
      await writer.drained()
    }
    await editor.finish()
    last = editor.splices
    if (last.length === 0) return root
    pending = batches(last, spliceWindow)
  }
  assert(last.length === 1, 'the root is one node, so its level changes in one place')
  const cid = buildAbove(root.node.shape, last[0]!.entries, writer)
  return cid === root.ref.cid ? root : collapse(nodes.through(writer), cid, options)
}

function buildAbove(shape: Shape, entries: readonly Entry[], writer: ObjectWriter): Cid {
  if (entries.length === 0) return putEmptyNode(writer, shape).cid
  if (entries.length === 1) return entries[0]!.links[0]!
  const builder = new TreeBuilder(writer, { ...shape, level: shape.level + 1 })
  for (const { key, value, links } of entries) builder.addEntry(key, value, links)
  return builder.finish().cid
}

/** The root is the first level with one node, so an inner node with one entry is not it. */
async function collapse(nodes: NodeStore, cid: Cid, options: ReadOptions): Promise<Place> {
  for (let rootCid = cid; ;) {
    const [node] = await nodes.get([rootCid], options)
    if (node!.level === 0 || node!.count > 1) return rootPlace(rootCid, node!)
    rootCid = node!.link(0)
  }
}

class LevelEditor {
  readonly splices: Splice[] = []
  readonly #nodes: NodeStore
  readonly #root: Place
  readonly #level: number
  readonly #options: ReadOptions
  readonly #cutter: NodeCutter
  /** The old node being taken in, and its first entry that is not yet. */
  #place: Place | null = null
  #index = 0
  /** Where the open region of the old level starts, and the nodes that came of it so far. */
  #regionStart = 0
  #entries: Entry[] = []
  /** The old node in which the open new one starts. */
  #base: Cid | undefined

  constructor(nodes: NodeStore, root: Place, level: number, writer: ObjectWriter, options: ReadOptions) {
    this.#nodes = nodes
    this.#root = root
    this.#level = level
    this.#options = options
    const shape = { ...root.node.shape, level }
    const emit = (node: EncodedNode, _: Uint8Array, lastKey: Uint8Array): void => {
      const cid = writer.put('dag-cbor', node.bytes, { base: this.#base })
      this.#entries.push(entryOfNode(shape, cid, node, lastKey))
      this.#base = this.#place?.ref.cid
    }
    this.#cutter = new NodeCutter(shape, emit, new NodeEncoder())
  }

  async apply(window: readonly Splice[]): Promise<void> {
    const offsets = window.map((splice) => Math.max(0, splice.at - 1))
    const places = await this.#find(offsets)
    for (const [i, splice] of window.entries()) {
      await this.#seek(splice.at, places[i]!)
      this.#feedTo(splice.at)
      for (const { key, value, links } of splice.entries) this.#cutter.addEntry(key, value, links)
      if (splice.remove > 0) await this.#skipTo(splice.at + splice.remove)
    }
  }

  async finish(): Promise<void> {
    while (this.#place !== null) await this.#advance(this.#place)
  }

  #find(offsets: readonly number[]): Promise<Place[]> {
    const pick = (place: Place, i: number): number => childAtOffset(place, offsets[i]!)
    return descend(this.#nodes, this.#root, this.#level, offsets.length, pick, this.#options)
  }

  async #seek(at: number, place: Place): Promise<void> {
    while (this.#place !== null && at > endOf(this.#place.ref)) await this.#advance(this.#place)
    if (this.#place !== null) return
    this.#place = place
    this.#index = 0
    this.#regionStart = place.ref.start
    this.#base = place.ref.cid
  }

  /** Takes in the rest of the node and goes on behind it, or closes the region where old and new agree again. */
  async #advance(place: Place): Promise<void> {
    const { start } = place.ref
    const end = endOf(place.ref)
    if (this.#index === 0 && start > this.#regionStart && this.#isAligned(place)) {
      this.#close(start)
      return
    }
    this.#feedTo(end)
    if (end === endOf(this.#root.ref) || !this.#cutter.open) {
      this.#close(end)
      return
    }
    const [next] = await this.#find([end])
    this.#place = next!
    this.#index = 0
  }

  /** Whether a cut falls where an old node starts, whose first entry is not changed. */
  #isAligned(place: Place): boolean {
    return !this.#cutter.open || this.#cutter.cutsBefore(place.node, 0)
  }

  async #skipTo(offset: number): Promise<void> {
    if (offset > endOf(this.#place!.ref)) {
      const [found] = await this.#find([offset])
      this.#place = found!
    }
    this.#index = indexAt(this.#place!, offset)
  }

  #feedTo(offset: number): void {
    const place = this.#place!
    const index = indexAt(place, offset)
    if (!this.#cutter.open) this.#base = place.ref.cid
    this.#cutter.addRange(place.node, this.#index, index)
    this.#index = index
  }

  #close(end: number): void {
    this.#cutter.cut()
    this.splices.push({ at: this.#regionStart, remove: end - this.#regionStart, entries: this.#entries })
    this.#entries = []
    this.#place = null
  }
}

/** The entry of a node that starts at an item, or its count at its end. */
function indexAt(place: Place, offset: number): number {
  const { node, ref } = place
  if (node.itemEnds === null) return offset - ref.start
  if (offset >= endOf(ref)) return node.count
  const index = childAtOffset(place, offset)
  assert(node.itemsBefore(index) === offset - ref.start, 'splices above the leaves are of whole nodes')
  return index
}
