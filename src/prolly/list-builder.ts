// Builds a list item by item: synchronous CPU work; the caller awaits `writer.drained()` now and then.
import { emptyBytes } from '../base/bytes.ts'
import type { Cid } from '../encoding/cid.ts'
import { ByteReader } from '../encoding/varint.ts'
import type { ObjectSink } from '../store/interface.ts'
import { type Shape, checkEntry, chunkListKind, entrySize, leafTargetDefault, type listKind } from './rule.ts'
import { TreeBuilder } from './tree-builder.ts'

export type ListKind = typeof listKind | typeof chunkListKind

export interface ListBuilderOptions {
  /** Aimed-at size of leaves: a power of two. Trees of different targets share no node. */
  readonly leafTarget?: number
}

const noLinks: readonly Cid[] = []

export class ListBuilder {
  readonly #shape: Shape
  readonly #tree: TreeBuilder
  #count = 0

  /** With chunkListKind each value is a varint: what the item measures, such as the length of the chunk it links. */
  constructor(writer: ObjectSink, kind: ListKind, options: ListBuilderOptions = {}) {
    this.#shape = { kind, level: 0, leafTarget: options.leafTarget ?? leafTargetDefault }
    this.#tree = new TreeBuilder(writer, this.#shape)
  }

  get count(): number {
    return this.#count
  }

  /** @throws VarveError VARVE_RULE_VIOLATED for an item beyond a limit */
  add(value: Uint8Array, links: readonly Cid[] = noLinks): void {
    checkItem(this.#shape, value, links, this.#count)
    this.#tree.addEntry(emptyBytes, value, links)
    this.#count++
  }

  /** Ends the list; returns its root. */
  finish(): Cid {
    return this.#tree.finish().cid
  }
}

export function checkItem(shape: Shape, value: Uint8Array, links: readonly Cid[], index: number): void {
  checkEntry(shape, 0, entrySize(0, value.length, links.length), index)
  if (shape.kind !== chunkListKind) return
  const reader = new ByteReader(value)
  reader.varint()
  if (!reader.done) throw new TypeError('an item of a list of chunks is one varint')
}
