// Which number a digest has: a hash table with open addressing over digests that lie back to back. Digests are as good as
// random, so their first bytes are the hash.
export const digestLength = 32

/** What it grows with: see GraphArrays. */
export interface Digests {
  count: number
  digests: Uint8Array
}

export class DigestTable {
  readonly #all: Digests
  /** Numbers + 1; half of it is 0 at least. */
  #places: Uint32Array

  constructor(all: Digests) {
    this.#all = all
    this.#places = placesFor(all.count)
    this.#placeAll()
  }

  get bytes(): number {
    return this.#places.byteLength
  }

  /** The place of a digest; null when it has none. */
  find(digest: Uint8Array): number | null {
    const mask = this.#places.length - 1
    const { digests } = this.#all
    for (let at = hashOf(digest, 0) & mask; this.#places[at] !== 0; at = (at + 1) & mask) {
      const number = this.#places[at]! - 1
      let i = 0
      while (i < digestLength && digests[number * digestLength + i] === digest[i]) i++
      if (i === digestLength) return number
    }
    return null
  }

  /** Enters the digest that was just appended. */
  placeLast(): void {
    if (2 * this.#all.count > this.#places.length) {
      this.#places = placesFor(this.#all.count)
      this.#placeAll()
    } else this.#place(this.#all.count - 1)
  }

  #placeAll(): void {
    for (let number = 0; number < this.#all.count; number++) this.#place(number)
  }

  #place(number: number): void {
    const mask = this.#places.length - 1
    let at = hashOf(this.#all.digests, number * digestLength) & mask
    while (this.#places[at] !== 0) at = (at + 1) & mask
    this.#places[at] = number + 1
  }
}

function placesFor(count: number): Uint32Array {
  return new Uint32Array(2 ** Math.max(4, Math.ceil(Math.log2(2 * count + 2))))
}

function hashOf(digests: Uint8Array, at: number): number {
  return digests[at]! | (digests[at + 1]! << 8) | (digests[at + 2]! << 16) | (digests[at + 3]! << 24)
}
