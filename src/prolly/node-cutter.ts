// Cuts a sequence of entries into nodes of one level. Entries come in runs; a node that lies within one run is
// encoded from where it lies, and only the open end of a run is copied. All of it is synchronous CPU work.
import { BatchBuilder } from './batch-builder.ts'
import type { Cid } from '../encoding/cid.ts'
import { keyAt } from './entry-batch.ts'
import type { EntryBatch } from './interface.ts'
import { type EncodedNode, NodeEncoder } from './node-encoder.ts'
import { type Shape, entrySize, hashOfEntry, sizeOfEntry, targetOf } from './rule.ts'

/** Keys are views, good for the length of the call. */
export type EmitNode = (node: EncodedNode, firstKey: Uint8Array, lastKey: Uint8Array) => void

export class NodeCutter {
  readonly #shape: Shape
  readonly #emit: EmitNode
  readonly #encoder: NodeEncoder
  readonly #sizeMin: number
  readonly #sizeMax: number
  readonly #scale: number
  /** The open node's entries that came with earlier runs. */
  readonly #held = new BatchBuilder()
  #size = 0

  constructor(shape: Shape, emit: EmitNode, encoder: NodeEncoder = new NodeEncoder()) {
    this.#shape = shape
    this.#emit = emit
    this.#encoder = encoder
    this.#sizeMin = targetOf(shape) / 2
    this.#sizeMax = targetOf(shape) * 4
    this.#scale = 2 ** 32 / this.#sizeMin
  }

  /** Whether entries wait for their node to end. */
  get open(): boolean {
    return this.#size > 0
  }

  /** Adds the entries [from, to). The batch itself is not kept. */
  addRange(batch: EntryBatch, from: number, to: number): void {
    let runStart = from
    for (let i = from; i < to;) {
      const end = this.#take(batch, i)
      if (end < 0) i++
      else {
        this.#end(batch, runStart, end)
        runStart = i = end
      }
    }
    this.#held.addRange(batch, runStart, to)
  }

  // One way to `#end`, however rare its reasons: code is compiled anew where it meets a call that it has not seen before.
  /** Takes the entry in; where the open node ends: before it (it is not taken then), behind it, or -1. */
  #take(batch: EntryBatch, i: number): number {
    const size = sizeOfEntry(batch, i)
    if (this.#size > 0 && this.#size + size > this.#sizeMax) return i
    this.#size += size
    const isEnd = this.#size >= this.#sizeMin && hashOfEntry(this.#shape, batch, i) < size * this.#scale
    return isEnd ? i + 1 : -1
  }

  addEntry(key: Uint8Array, value: Uint8Array, links: readonly Cid[]): void {
    const size = entrySize(key.length, value.length, links.length)
    if (this.#size > 0 && this.#size + size > this.#sizeMax) this.cut()
    this.#held.add(key, value, links)
    this.#size += size
    if (this.#size < this.#sizeMin) return
    const held = this.#held.view()
    if (hashOfEntry(this.#shape, held, held.count - 1) < size * this.#scale) this.cut()
  }

  /** Whether the open node would end before this entry. */
  cutsBefore(batch: EntryBatch, i: number): boolean {
    return this.#size > 0 && this.#size + sizeOfEntry(batch, i) > this.#sizeMax
  }

  /** Ends the open node where it is: at the end of all, or where `cutsBefore` says so. */
  cut(): void {
    if (this.#size > 0) this.#end(this.#held.view(), 0, 0)
  }

  /** The entries that wait for their node to end, which they never will here. */
  takeOpen(): EntryBatch {
    this.#size = 0
    return this.#held.finish()
  }

  #end(batch: EntryBatch, from: number, to: number): void {
    const held = this.#held.view()
    const runs = [
      { batch: held, from: 0, to: held.count },
      { batch, from, to },
    ]
    const encoded = this.#encoder.encode(this.#shape, runs)
    const first = held.count > 0 ? keyAt(held, 0) : keyAt(batch, from)
    const last = to > from ? keyAt(batch, to - 1) : keyAt(held, held.count - 1)
    this.#emit(encoded, first, last)
    this.#held.clear()
    this.#size = 0
  }
}
