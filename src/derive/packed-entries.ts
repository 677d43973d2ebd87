// Entries of a table's map, kept in blocks: a tenth of the memory that their rows as objects would take.
import type { Cid } from '../encoding/cid.ts'
import type { Entry } from '../prolly/interface.ts'

const blockBytes = 1 << 20
/** How many numbers are kept for an entry: its block, where it begins there, and how long key and value are. */
const numbers = 4

export class PackedEntries {
  readonly #blocks: Uint8Array[] = []
  readonly #places: number[] = []
  /** Links of the few entries that have some. */
  readonly #links = new Map<number, readonly Cid[]>()
  #end = 0

  /** Adds a copy of the entry; returns its number, for `get`. */
  add({ key, value, links }: Entry): number {
    const length = key.length + value.length
    let block = this.#blocks.at(-1)
    if (block === undefined || this.#end + length > block.length) {
      block = new Uint8Array(Math.max(blockBytes, length))
      this.#blocks.push(block)
      this.#end = 0
    }
    block.set(key, this.#end)
    block.set(value, this.#end + key.length)
    const at = this.#places.push(this.#blocks.length - 1, this.#end, key.length, value.length)
    this.#end += length
    const number = at / numbers - 1
    if (links.length > 0) this.#links.set(number, links)
    return number
  }

  get(number: number): Entry {
    const at = number * numbers
    const block = this.#blocks[this.#places[at]!]!
    const start = this.#places[at + 1]!
    const middle = start + this.#places[at + 2]!
    return {
      key: block.subarray(start, middle),
      value: block.subarray(middle, middle + this.#places[at + 3]!),
      links: this.#links.get(number) ?? [],
    }
  }
}
