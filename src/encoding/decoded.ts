// What was lately made of an object's bytes. A store's cache gives the same array again and again, whose bytes never change;
// taking a table's description apart a dozen times a round took longer than all else that a quiet round computes.

/** Few: who reads a long history reads each object once. */
const entriesMax = 64

export class Decoded<T> {
  readonly #known = new Map<Uint8Array, T>()

  /** What `decode` makes of these bytes, or made of this very array before. It is shared: nobody may change it. */
  of(bytes: Uint8Array, decode: (bytes: Uint8Array) => T): T {
    const known = this.#known.get(bytes)
    if (known !== undefined) return known
    const value = decode(bytes)
    if (this.#known.size === entriesMax) this.#known.delete(this.#known.keys().next().value!)
    this.#known.set(bytes, value)
    return value
  }
}
