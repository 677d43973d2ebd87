// The records that were found in a pack, as evidence for the index: 28 bytes each, because there may be millions.
import { equalBytes } from '../../base/bytes.ts'
import type { Codec } from '../../encoding/cid.ts'
import { codecBitOf, prefixBytes } from '../segment.ts'

const recordBytes = prefixBytes + 8

export interface FoundRecord {
  readonly offset: number
  readonly length: number
  readonly depth: number
  readonly codec: Codec
}

export class FoundRecords {
  /** In the order of their places, each as the index has it, without its pack. */
  readonly #records: Uint8Array
  readonly #view: DataView
  #count = 0

  constructor(count: number) {
    this.#records = new Uint8Array(count * recordBytes)
    this.#view = new DataView(this.#records.buffer)
  }

  /** Adds the record that comes next in the pack; of its digest the first 20 bytes count. */
  add(record: FoundRecord, digest: Uint8Array): void {
    this.#records.set(bytesOf(record, digest), this.#count++ * recordBytes)
  }

  has(record: FoundRecord, digest: Uint8Array): boolean {
    const at = this.#place(record.offset) * recordBytes
    return (
      at < this.#count * recordBytes &&
      equalBytes(this.#records.subarray(at, at + recordBytes), bytesOf(record, digest))
    )
  }

  /** Of the first record at `offset` or behind it. */
  #place(offset: number): number {
    let [low, high] = [0, this.#count]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#view.getUint32(middle * recordBytes + prefixBytes, true) < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}

const scratch = new Uint8Array(recordBytes)
const scratchView = new DataView(scratch.buffer)

function bytesOf({ offset, length, depth, codec }: FoundRecord, digest: Uint8Array): Uint8Array {
  scratch.set(digest.subarray(0, prefixBytes))
  scratchView.setUint32(prefixBytes, offset, true)
  scratchView.setUint32(prefixBytes + 4, length, true)
  scratchView.setUint8(prefixBytes + 7, (depth << 1) | codecBitOf(codec))
  return scratch
}
