// An ordered map from bytes to bytes, named by its content. Values may link to other objects. A map never changes:
// `mutate` gives another that shares every node it can.
import type { AnyIterable } from '../base/iterables.ts'
import { corrupt } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import type { ObjectWriter, ReadOptions } from '../store/interface.ts'
import { type Place, childAtOffset, descend, rootPlace } from './descent.ts'
import { entryAt, findKey, lowerBound } from './entry-batch.ts'
import type { Edit, Entry, EntryBatch, KeyRange, ScanOptions } from './interface.ts'
import { leavesOfKeys, splicesOfEdits } from './map-edits.ts'
import { type Node, decodeNode } from './node.ts'
import type { NodeStore } from './node-store.ts'
import { leafTargetDefault, mapKind } from './rule.ts'
import { spliceTree } from './splice.ts'
import { putEmptyNode } from './tree-builder.ts'
import { scanMap } from './walk.ts'

export class ProllyMap {
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
  static async load(nodes: NodeStore, root: Cid, options: ReadOptions = {}): Promise<ProllyMap> {
    const [node] = await nodes.get([root], options)
    return ProllyMap.ofNode(nodes, root, node!)
  }

  static ofNode(nodes: NodeStore, root: Cid, node: Node): ProllyMap {
    if (node.shape.kind !== mapKind) throw corrupt('tree is not a map', { cid: root })
    return new ProllyMap(nodes, rootPlace(root, node))
  }

  static empty(nodes: NodeStore, writer: ObjectWriter): ProllyMap {
    const { cid, bytes } = putEmptyNode(writer, { kind: mapKind, level: 0, leafTarget: leafTargetDefault })
    return ProllyMap.ofNode(nodes.through(writer), cid, decodeNode(bytes))
  }

  get count(): number {
    return this.root.node.items
  }

  /** How many bytes all keys and values have together. */
  get bytes(): number {
    return this.root.node.measure
  }

  /** How many nodes lie on the way from the root to a leaf, both included. */
  get height(): number {
    return this.root.node.level + 1
  }

  async get(key: Uint8Array, options: ReadOptions = {}): Promise<Entry | null> {
    const [entry] = await this.getMany([key], options)
    return entry!
  }

  /** In the order asked for; one read a level for all of them. */
  async getMany(keys: readonly Uint8Array[], options: ReadOptions = {}): Promise<(Entry | null)[]> {
    const places = await leavesOfKeys(this.nodes, this.root, keys, options)
    return keys.map((key, i) => {
      const { node } = places[i]!
      const index = findKey(node, key)
      return index < 0 ? null : entryAt(node, index)
    })
  }

  /** Batches of packed entries, a leaf each, cut at the ends of the range. */
  scan(options: ScanOptions = {}): AsyncIterable<EntryBatch> {
    return scanMap(this.nodes, this.root, options)
  }

  /** The entries one by one. For many entries, `scan` is much faster. */
  async *entries(options: ScanOptions = {}): AsyncGenerator<Entry> {
    for await (const batch of this.scan(options)) {
      for (let i = 0; i < batch.count; i++) yield entryAt(batch, i)
    }
  }

  /** How many keys are below this one. */
  async rank(key: Uint8Array, options: ReadOptions = {}): Promise<number> {
    const [place] = await leavesOfKeys(this.nodes, this.root, [key], options)
    return place!.ref.start + lowerBound(place!.node, key)
  }

  /** The entry that has `index` entries before it. */
  async at(index: number, options: ReadOptions = {}): Promise<Entry | null> {
    if (!Number.isSafeInteger(index)) throw new TypeError(`index must be an integer, not ${index}`)
    if (index < 0 || index >= this.count) return null
    const pick = (place: Place): number => childAtOffset(place, index)
    const [place] = await descend(this.nodes, this.root, 0, 1, pick, options)
    return entryAt(place!.node, index - place!.ref.start)
  }

  async countRange(range: KeyRange, options: ReadOptions = {}): Promise<number> {
    const from = range.from === undefined ? 0 : await this.rank(range.from, options)
    const before = range.before === undefined ? this.count : await this.rank(range.before, options)
    return Math.max(0, before - from)
  }

  /**
   * The map after the edits, which are sorted by key across all batches. Its nodes are read through the writer.
   * @throws VarveError VARVE_RULE_VIOLATED with data {index} for an edit out of order or beyond a limit
   */
  async mutate(
    writer: ObjectWriter,
    edits: AnyIterable<readonly Edit[]> | readonly Edit[],
    options: ReadOptions = {},
  ): Promise<ProllyMap> {
    const splices = splicesOfEdits(this.nodes, this.root, batchesOf(edits), options)
    const root = await spliceTree(this.nodes, this.root, splices, writer, options)
    return root === this.root ? this : new ProllyMap(this.nodes.through(writer), root)
  }
}

function batchesOf(edits: AnyIterable<readonly Edit[]> | readonly Edit[]): AnyIterable<readonly Edit[]> {
  if (!Array.isArray(edits)) return edits as AnyIterable<readonly Edit[]>
  return edits.length > 0 && Array.isArray(edits[0]) ? (edits as Edit[][]) : [edits as Edit[]]
}
