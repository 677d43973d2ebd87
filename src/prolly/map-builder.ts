// Builds a map from batches of entries in key order: synchronous CPU work, fast enough to keep up with a parser. The
// caller awaits `writer.drained()` between batches.
import { compareBytes, compareRanges } from '../base/bytes.ts'
import type { Cid } from '../encoding/cid.ts'
import type { ObjectWriter, ReadOptions } from '../store/interface.ts'
import { keyAt, startOf } from './entry-batch.ts'
import type { EntryBatch } from './interface.ts'
import type { LeafRun } from './leaf-run.ts'
import { ProllyMap } from './map.ts'
import { unsorted } from './map-edits.ts'
import { decodeNode } from './node.ts'
import type { NodeStore } from './node-store.ts'
import { type Shape, checkEntry, entrySize, leafTargetDefault, mapKind, sizeOfEntry } from './rule.ts'
import { type BaseOf, TreeBuilder } from './tree-builder.ts'

export interface MapBuilderOptions {
  readonly baseOf?: BaseOf | undefined
  /** Aimed-at size of leaves: a power of two. Trees of different targets share no node. */
  readonly leafTarget?: number
}

const noLinks: readonly Cid[] = []

export class MapBuilder {
  readonly #writer: ObjectWriter
  readonly #shape: Shape
  readonly #tree: TreeBuilder
  #lastKey: Uint8Array | null = null
  #count = 0

  constructor(writer: ObjectWriter, options: MapBuilderOptions = {}) {
    this.#writer = writer
    this.#shape = { kind: mapKind, level: 0, leafTarget: options.leafTarget ?? leafTargetDefault }
    this.#tree = new TreeBuilder(writer, this.#shape, options)
  }

  /** How many entries were added so far. */
  get count(): number {
    return this.#count
  }

  /**
   * The batch is not kept.
   * @throws VarveError VARVE_RULE_VIOLATED with data {index}, counted from the builder's first entry
   */
  add(batch: EntryBatch): void {
    if (batch.count === 0) return
    this.#check(batch)
    this.#tree.addRange(batch, 0, batch.count)
    this.#lastKey = keyAt(batch, batch.count - 1).slice()
    this.#count += batch.count
  }

  addEntry(key: Uint8Array, value: Uint8Array, links: readonly Cid[] = noLinks): void {
    const last = this.#lastKey
    if (last !== null && compareRanges(last, 0, last.length, key, 0, key.length) >= 0)
      throw unsorted(this.#count)
    checkEntry(this.#shape, key.length, entrySize(key.length, value.length, links.length), this.#count)
    this.#tree.addEntry(key, value, links)
    this.#lastKey = key.slice()
    this.#count++
  }

  /**
   * As `add` of all of the run's entries; looks only into the leaves up to the first that ends where the builder's own
   * does.
   */
  async addLeaves(run: LeafRun, options: ReadOptions = {}): Promise<void> {
    if (run.leafTarget !== this.#shape.leafTarget) throw new TypeError('leaves are of another target size')
    if (run.entryCount === 0) return
    const last = this.#lastKey
    if (last !== null && compareBytes(last, run.firstKey) >= 0) throw unsorted(this.#count)
    const tree = this.#tree
    let next = 0
    for (; next < run.count && tree.isOpen; next++) {
      const node = decodeNode(await run.bytes(next, options))
      if (tree.endsBefore(node, 0)) break
      tree.addRange(node, 0, node.count)
    }
    if (next < run.count) {
      const first = tree.isEmpty ? await run.bytes(next, options) : null
      run.put(next)
      for (let i = next; i < run.count; i++) tree.addNode(run.leaf(i), i === next ? first : null)
    }
    tree.addRange(run.tail, 0, run.tail.count)
    this.#lastKey = run.lastKey.slice()
    this.#count += run.entryCount
  }

  /** The map, read through the builder's writer. */
  finish(nodes: NodeStore): ProllyMap {
    const { cid, bytes } = this.#tree.finish()
    return ProllyMap.ofNode(nodes.through(this.#writer), cid, decodeNode(bytes))
  }

  #check(batch: EntryBatch): void {
    const { keys, keyEnds } = batch
    let before = this.#lastKey ?? keys
    let beforeStart = 0
    let beforeEnd = before.length
    for (let i = 0; i < batch.count; i++) {
      const start = startOf(keyEnds, i)
      const end = keyEnds[i]!
      const first = i === 0 && this.#lastKey === null
      if (!first && compareRanges(before, beforeStart, beforeEnd, keys, start, end) >= 0) {
        throw unsorted(this.#count + i)
      }
      checkEntry(this.#shape, end - start, sizeOfEntry(batch, i), this.#count + i)
      before = keys
      beforeStart = start
      beforeEnd = end
    }
  }
}
