// An ordered list of byte strings, named by its content: the order of a table's rows, the chunks of a file. Found by
// index, or by measure: the length of the values, or what the values say, so that a byte of a file finds its chunk.
import { corrupt } from '../base/errors.ts'
import { type AnyIterable, batches, mapAsync } from '../base/iterables.ts'
import { emptyBytes } from '../base/bytes.ts'
import type { Cid } from '../encoding/cid.ts'
import type { ObjectWriter, ReadOptions } from '../store/interface.ts'
import { type Place, childAtOffset, descend, rootPlace, upperBound } from './descent.ts'
import { entryAt } from './entry-batch.ts'
import type { Entry, EntryBatch, ListHunk } from './interface.ts'
import { type ListKind, checkItem } from './list-builder.ts'
import type { NodeStore } from './node-store.ts'
import { chunkListKind, mapKind } from './rule.ts'
import { type Splice, spliceTree, spliceWindow } from './splice.ts'
import { scanList } from './walk.ts'

export interface ListRange extends ReadOptions {
  /** Half-open range of indexes; a missing bound is open. */
  readonly start?: number | undefined
  readonly end?: number | undefined
}

export class ProllyList {
  readonly nodes: NodeStore
  readonly cid: Cid
  /** For the room's own algorithms. */
  readonly root: Place

  private constructor(nodes: NodeStore, root: Place) {
    this.nodes = nodes
    this.cid = root.ref.cid
    this.root = root
  }

  /** @throws VarveError VARVE_OBJECT_MISSING, VARVE_CORRUPT */
  static async load(nodes: NodeStore, root: Cid, options: ReadOptions = {}): Promise<ProllyList> {
    const [node] = await nodes.get([root], options)
    if (node!.shape.kind === mapKind) throw corrupt('tree is not a list', { cid: root })
    return new ProllyList(nodes, rootPlace(root, node!))
  }

  get kind(): ListKind {
    return this.root.node.shape.kind as ListKind
  }

  get count(): number {
    return this.root.node.items
  }

  /** Sum over all items: of the values' lengths, or of what the values say. */
  get measure(): number {
    return this.root.node.measure
  }

  /** How many nodes lie on the way from the root to a leaf, both included. */
  get height(): number {
    return this.root.node.level + 1
  }

  /** Batches of packed items (their keys are empty), a leaf each, cut at the ends of the range. */
  scan(range: ListRange = {}): AsyncIterable<EntryBatch> {
    const { start = 0, end = this.count, signal } = range
    return scanList(this.nodes, this.root, { start, end, signal })
  }

  async at(index: number, options: ReadOptions = {}): Promise<Entry | null> {
    if (!Number.isSafeInteger(index)) throw new TypeError(`index must be an integer, not ${index}`)
    if (index < 0 || index >= this.count) return null
    const pick = (place: Place): number => childAtOffset(place, index)
    const [place] = await descend(this.nodes, this.root, 0, 1, pick, options)
    return entryAt(place!.node, index - place!.ref.start)
  }

  /** The item that holds the offset, and the offset at which it starts; {count, measure} at the end or behind it. */
  async findByMeasure(offset: number, options: ReadOptions = {}): Promise<{ index: number; start: number }> {
    if (offset >= this.measure) return { index: this.count, start: this.measure }
    const pick = ({ node, ref }: Place): number =>
      upperBound(node.measureEnds!, offset - ref.measureStart, node.count - 1)
    const [place] = await descend(this.nodes, this.root, 0, 1, pick, options)
    const { node, ref } = place!
    const within = offset - ref.measureStart
    const i = upperBound(node.measureEnds ?? node.valueEnds, within, node.count - 1)
    return { index: ref.start + i, start: ref.measureStart + node.measureBefore(i) }
  }

  /**
   * The list after the hunks, which ascend: a[aStart..) of aItems.length items become bItems. Items with links have no
   * hunks: those are built anew. The list's nodes are read through the writer.
   */
  async splice(
    writer: ObjectWriter,
    hunks: AnyIterable<ListHunk>,
    options: ReadOptions = {},
  ): Promise<ProllyList> {
    if (this.kind === chunkListKind) throw new TypeError('a list of chunks is built, not spliced')
    const { shape } = this.root.node
    let end = 0
    const splices = mapAsync(hunks, (hunk): Splice => {
      const { aStart: at, aItems, bItems } = hunk
      if (at < end || at + aItems.length > this.count) throw new TypeError('hunks ascend and lie in the list')
      end = at + aItems.length
      bItems.forEach((value, i) => checkItem(shape, value, [], hunk.bStart + i))
      const entries = bItems.map((value) => ({ key: emptyBytes, value, links: [] }))
      return { at, remove: aItems.length, entries }
    })
    const root = await spliceTree(this.nodes, this.root, batches(splices, spliceWindow), writer, options)
    return root === this.root ? this : new ProllyList(this.nodes.through(writer), root)
  }
}
