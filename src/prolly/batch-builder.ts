// Packs entries one by one, or by runs, into a growing batch. `view` shows what is there without a copy; `finish`
// hands it out and starts anew.
import { assert } from '../base/assert.ts'
import type { Cid } from '../encoding/cid.ts'
import { startOf } from './entry-batch.ts'
import type { EntryBatch } from './interface.ts'

const noLinks: readonly Cid[] = []

export class BatchBuilder {
  #count = 0
  #keys = new Uint8Array(1024)
  #keyEnds = new Uint32Array(64)
  #values = new Uint8Array(4096)
  #valueEnds = new Uint32Array(64)
  #links: Cid[] = []
  #linkEnds = new Uint32Array(64)

  get count(): number {
    return this.#count
  }

  /** How many bytes of keys and values there are so far. */
  get bytes(): number {
    return startOf(this.#keyEnds, this.#count) + startOf(this.#valueEnds, this.#count)
  }

  add(key: Uint8Array, value: Uint8Array, links: readonly Cid[] = noLinks): void {
    const i = this.#count
    const keyStart = startOf(this.#keyEnds, i)
    const valueStart = startOf(this.#valueEnds, i)
    this.#reserve(1, keyStart + key.length, valueStart + value.length)
    this.#keys.set(key, keyStart)
    this.#keyEnds[i] = keyStart + key.length
    this.#values.set(value, valueStart)
    this.#valueEnds[i] = valueStart + value.length
    for (const link of links) this.#links.push(link)
    this.#linkEnds[i] = this.#links.length
    this.#count = i + 1
  }

  /** Adds entries [from, to) of another batch. */
  addRange(batch: EntryBatch, from: number, to: number): void {
    assert(from <= to && to <= batch.count, 'a range of entries lies in its batch')
    if (from === to) return
    const count = this.#count
    const key = startOf(batch.keyEnds, from)
    const value = startOf(batch.valueEnds, from)
    const keyShift = startOf(this.#keyEnds, count) - key
    const valueShift = startOf(this.#valueEnds, count) - value
    this.#reserve(to - from, batch.keyEnds[to - 1]! + keyShift, batch.valueEnds[to - 1]! + valueShift)
    this.#keys.set(batch.keys.subarray(key, batch.keyEnds[to - 1]), key + keyShift)
    this.#values.set(batch.values.subarray(value, batch.valueEnds[to - 1]), value + valueShift)
    for (let i = from; i < to; i++) {
      this.#keyEnds[count + i - from] = batch.keyEnds[i]! + keyShift
      this.#valueEnds[count + i - from] = batch.valueEnds[i]! + valueShift
    }
    this.#addLinks(batch, from, to)
    this.#count = count + to - from
  }

  #addLinks(batch: EntryBatch, from: number, to: number): void {
    const count = this.#count
    if (batch.linkEnds === null) {
      this.#linkEnds.fill(this.#links.length, count, count + to - from)
      return
    }
    const first = startOf(batch.linkEnds, from)
    const shift = this.#links.length - first
    for (let i = first; i < batch.linkEnds[to - 1]!; i++) this.#links.push(batch.links[i]!)
    for (let i = from; i < to; i++) this.#linkEnds[count + i - from] = batch.linkEnds[i]! + shift
  }

  /** The entries so far, as a view that is valid until the next change. */
  view(): EntryBatch {
    return {
      count: this.#count,
      keys: this.#keys,
      keyEnds: this.#keyEnds,
      values: this.#values,
      valueEnds: this.#valueEnds,
      links: this.#links,
      linkEnds: this.#links.length === 0 ? null : this.#linkEnds,
    }
  }

  clear(): void {
    this.#count = 0
    if (this.#links.length > 0) this.#links = []
  }

  /** The entries so far, as a batch of their own. */
  finish(): EntryBatch {
    const count = this.#count
    const batch = {
      count,
      keys: this.#keys.slice(0, startOf(this.#keyEnds, count)),
      keyEnds: this.#keyEnds.slice(0, count),
      values: this.#values.slice(0, startOf(this.#valueEnds, count)),
      valueEnds: this.#valueEnds.slice(0, count),
      links: this.#links,
      linkEnds: this.#links.length === 0 ? null : this.#linkEnds.slice(0, count),
    }
    this.#links = []
    this.clear()
    return batch
  }

  #reserve(entries: number, keyBytes: number, valueBytes: number): void {
    if (keyBytes > this.#keys.length) this.#keys = grown(this.#keys, keyBytes)
    if (valueBytes > this.#values.length) this.#values = grown(this.#values, valueBytes)
    const count = this.#count + entries
    if (count <= this.#keyEnds.length) return
    this.#keyEnds = grownEnds(this.#keyEnds, count)
    this.#valueEnds = grownEnds(this.#valueEnds, count)
    this.#linkEnds = grownEnds(this.#linkEnds, count)
  }
}

function grown(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(length, bytes.length * 2))
  larger.set(bytes)
  return larger
}

function grownEnds(ends: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(Math.max(length, ends.length * 2))
  larger.set(ends)
  return larger
}

/** The same entries, the last one first. */
export function reverseBatch(batch: EntryBatch): EntryBatch {
  const builder = new BatchBuilder()
  for (let i = batch.count - 1; i >= 0; i--) builder.addRange(batch, i, i + 1)
  return builder.finish()
}
