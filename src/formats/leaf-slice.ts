// The leaves of one slice, as they come from a thread, for the builder of the map: names them, hands out their entries
// where the builder has to look, and gives to the writer those that the map takes over.
import { type Cid, cidOfDigest } from '../encoding/cid.ts'
import { BatchBuilder } from '../prolly/batch-builder.ts'
import { keyAt, startOf } from '../prolly/entry-batch.ts'
import type { EntryBatch } from '../prolly/interface.ts'
import type { Leaf, LeafRun } from '../prolly/leaf-run.ts'
import { decodeNode } from '../prolly/node.ts'
import type { BaseOf } from '../prolly/tree-builder.ts'
import type { ObjectWriter, ReadOptions } from '../store/interface.ts'
import { unpack } from '../store/packing.ts'
import { readRecord } from '../store/record.ts'
import type { PackedLeaves } from './leaves.ts'

const digestBytes = 32

export class LeafSlice implements LeafRun {
  readonly #leaves: PackedLeaves
  readonly #writer: ObjectWriter
  readonly #baseOf: BaseOf | undefined
  readonly #cids: readonly Cid[]

  constructor(leaves: PackedLeaves, writer: ObjectWriter, baseOf?: BaseOf) {
    this.#leaves = leaves
    this.#writer = writer
    this.#baseOf = baseOf
    this.#cids = Array.from({ length: leaves.count }, (_, i) =>
      cidOfDigest('dag-cbor', leaves.digests.subarray(i * digestBytes, (i + 1) * digestBytes)),
    )
  }

  get leafTarget(): number {
    return this.#leaves.leafTarget
  }

  get count(): number {
    return this.#leaves.count
  }

  get entryCount(): number {
    return this.#leaves.entryCount
  }

  get tail(): EntryBatch {
    return this.#leaves.tail
  }

  get firstKey(): Uint8Array {
    return this.count > 0 ? this.#key(0) : keyAt(this.tail, 0)
  }

  get lastKey(): Uint8Array {
    return this.tail.count > 0 ? keyAt(this.tail, this.tail.count - 1) : this.#key(2 * this.count - 1)
  }

  /** Whether the store has the leaves that came as numbers, as it should; it keeps them then. */
  holdKnown(): boolean {
    const known = this.#cids.filter((_, i) => this.#leaves.known[i]! >= 0)
    return this.#writer.hold(known).every(Boolean)
  }

  leaf(i: number): Leaf {
    const { items, measures } = this.#leaves
    return { cid: this.#cids[i]!, items: items[i]!, measure: measures[i]!, lastKey: this.#key(2 * i + 1) }
  }

  async bytes(i: number, options: ReadOptions = {}): Promise<Uint8Array> {
    const { form, known } = this.#leaves
    if (known[i]! >= 0) return (await this.#writer.get([this.#cids[i]!], options))[0]!
    const bytes = this.#part(i)
    if (form === 'raw') return bytes
    const { packing, payload, rawLength } = readRecord(bytes, 0)
    return unpack(packing, payload, rawLength, null)
  }

  put(first: number): void {
    const { form, bytes, ends, known } = this.#leaves
    if (form === 'records') {
      const start = startOf(ends, first)
      const cids = this.#cids.slice(first)
      const records = bytes.subarray(start)
      this.#writer.putPacked({
        codec: 'dag-cbor',
        cids,
        records,
        ends: ends.slice(first).map((end) => end - start),
      })
      return
    }
    for (let i = first; i < this.count; i++) {
      if (known[i]! >= 0) continue
      const base = this.#baseOf?.(0, this.#key(2 * i))
      this.#writer.put('dag-cbor', this.#part(i), base === undefined ? {} : { base })
    }
  }

  /** All entries, for those who cannot use whole leaves. */
  async entries(options: ReadOptions = {}): Promise<EntryBatch> {
    const batch = new BatchBuilder()
    for (let i = 0; i < this.count; i++) {
      const node = decodeNode(await this.bytes(i, options))
      batch.addRange(node, 0, node.count)
    }
    batch.addRange(this.tail, 0, this.tail.count)
    return batch.finish()
  }

  #part(i: number): Uint8Array {
    const { bytes, ends } = this.#leaves
    return bytes.subarray(startOf(ends, i), ends[i])
  }

  #key(place: number): Uint8Array {
    const { keys, keyEnds } = this.#leaves
    return keys.subarray(startOf(keyEnds, place), keyEnds[place])
  }
}
