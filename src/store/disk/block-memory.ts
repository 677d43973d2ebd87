// Memory for blocks of packs, used over and over while any pack is being read: fresh memory for a gibibyte costs as much as
// hashing it, and makes the collector run. The last reader lets go of all.
export class BlockMemory {
  readonly #free: Uint8Array[] = []
  #readers = 0

  enter(): void {
    this.#readers++
  }

  leave(): void {
    if (--this.#readers === 0) this.#free.length = 0
  }

  /** Memory of at least `length` bytes. */
  take(length: number): Uint8Array {
    const at = this.#free.findIndex((bytes) => bytes.length >= length)
    return at === -1 ? Buffer.allocUnsafeSlow(length) : this.#free.splice(at, 1)[0]!
  }

  give(bytes: Uint8Array): void {
    this.#free.push(bytes)
  }
}
