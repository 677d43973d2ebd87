// A cache bounded by the bytes it holds; the least recently used value goes first.

const keptShare = 7 / 8

export class Lru<K, V> {
  readonly #entries = new Map<K, { value: V; bytes: number }>()
  readonly #bytesMax: number
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get(key: K): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.value
  }

  set(key: K, value: V, bytes: number): void {
    const known = this.#entries.get(key)
    if (known !== undefined) {
      this.#bytes -= known.bytes
      this.#entries.delete(key)
    }
    if (bytes > this.#bytesMax) return
    this.#entries.set(key, { value, bytes })
    this.#bytes += bytes
    if (this.#bytes <= this.#bytesMax) return
    // Some at once: a Map walks over the places of all that was deleted from its front, each time it is entered.
    const bytesLeft = this.#bytesMax * keptShare
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= bytesLeft) break
      this.#entries.delete(oldest)
      this.#bytes -= entry.bytes
    }
  }

  clear(): void {
    this.#entries.clear()
    this.#bytes = 0
  }
}
