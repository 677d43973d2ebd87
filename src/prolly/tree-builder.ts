// Builds a whole tree in one pass: each level's cutter hands its finished nodes to the level above. The root is the
// only node of the first level that has exactly one.
import { assert } from '../base/assert.ts'
import { emptyBytes } from '../base/bytes.ts'
import { VarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import { varintLength, writeVarint } from '../encoding/varint.ts'
import type { ObjectSink } from '../store/interface.ts'
import type { Entry, EntryBatch } from './interface.ts'
import type { Leaf } from './leaf-run.ts'
import { NodeCutter } from './node-cutter.ts'
import { type EncodedNode, NodeEncoder } from './node-encoder.ts'
import { type Shape, levelMax, mapKind } from './rule.ts'

/** Names an older node that a new one will resemble, so that the store can keep the new one as a difference. */
export type BaseOf = (level: number, firstKey: Uint8Array) => Cid | undefined

export interface TreeBuilderOptions {
  readonly baseOf?: BaseOf | undefined
}

type Sums = Pick<EncodedNode, 'items' | 'measure'>

interface Level {
  readonly cutter: NodeCutter
  nodes: number
  /** Kept while it is the only one: it may turn out to be the root. */
  first: BuiltRoot | null
}

export interface BuiltRoot {
  readonly cid: Cid
  readonly bytes: Uint8Array
}

export class TreeBuilder {
  readonly #writer: ObjectSink
  readonly #shape: Shape
  readonly #baseOf: BaseOf | undefined
  readonly #encoder = new NodeEncoder()
  readonly #levels: Level[] = []

  /** `shape` is that of the lowest nodes that are built. */
  constructor(writer: ObjectSink, shape: Shape, options: TreeBuilderOptions = {}) {
    this.#writer = writer
    this.#shape = shape
    this.#baseOf = options.baseOf
  }

  addRange(batch: EntryBatch, from: number, to: number): void {
    this.#levelAt(0).cutter.addRange(batch, from, to)
  }

  addEntry(key: Uint8Array, value: Uint8Array, links: readonly Cid[]): void {
    this.#levelAt(0).cutter.addEntry(key, value, links)
  }

  get isEmpty(): boolean {
    return this.#levelAt(0).nodes === 0
  }

  /** Whether entries wait for their node to end. */
  get isOpen(): boolean {
    return this.#levelAt(0).cutter.open
  }

  /** Ends the open node where it ends if this entry comes next; tells whether it does. */
  endsBefore(batch: EntryBatch, i: number): boolean {
    const { cutter } = this.#levelAt(0)
    const ends = cutter.cutsBefore(batch, i)
    if (ends) cutter.cut()
    return ends
  }

  /** Takes over a finished node that stands where the last one ended; `bytes` where it is the first. */
  addNode(node: Leaf, bytes: Uint8Array | null): void {
    const level = this.#levelAt(0)
    assert(!level.cutter.open && (level.nodes > 0 || bytes !== null), 'a node is taken over at a cut')
    this.#emitted(0, node, bytes)
  }

  finish(): BuiltRoot {
    for (let i = 0; ; i++) {
      const level = this.#levelAt(i)
      level.cutter.cut()
      if (level.nodes === 0) return putEmptyNode(this.#writer, this.#shape)
      if (level.first !== null) return level.first
    }
  }

  #levelAt(index: number): Level {
    const known = this.#levels[index]
    if (known !== undefined) return known
    const shape = { ...this.#shape, level: this.#shape.level + index }
    if (shape.level > levelMax)
      throw new VarveError('VARVE_RULE_VIOLATED', `tree is higher than ${levelMax} levels`)
    const emit = (node: EncodedNode, firstKey: Uint8Array, lastKey: Uint8Array): void => {
      const base = this.#baseOf?.(shape.level, firstKey)
      const cid = this.#writer.put('dag-cbor', node.bytes, base === undefined ? {} : { base })
      const { items, measure } = node
      this.#emitted(index, { cid, items, measure, lastKey }, level.nodes === 0 ? node.bytes.slice() : null)
    }
    const level: Level = { cutter: new NodeCutter(shape, emit, this.#encoder), nodes: 0, first: null }
    this.#levels.push(level)
    return level
  }

  #emitted(index: number, node: Leaf, bytes: Uint8Array | null): void {
    const level = this.#levelAt(index)
    level.nodes++
    level.first = level.nodes === 1 ? { cid: node.cid, bytes: bytes! } : null
    const shape = { ...this.#shape, level: this.#shape.level + index }
    const entry = entryOfNode(shape, node.cid, node, node.lastKey)
    this.#levelAt(index + 1).cutter.addEntry(entry.key, entry.value, entry.links)
  }
}

/** The entry that stands for a node one level up. */
export function entryOfNode(shape: Shape, cid: Cid, node: Sums, lastKey: Uint8Array): Entry {
  const value = new Uint8Array(varintLength(node.items) + varintLength(node.measure))
  writeVarint(value, writeVarint(value, 0, node.items), node.measure)
  return { key: shape.kind === mapKind ? lastKey.slice() : emptyBytes, value, links: [cid] }
}

export function putEmptyNode(writer: ObjectSink, shape: Shape): BuiltRoot {
  const { bytes } = new NodeEncoder().encode({ ...shape, level: 0 }, [])
  return { cid: writer.put('dag-cbor', bytes), bytes }
}
