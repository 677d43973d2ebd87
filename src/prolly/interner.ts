// Gives equal list items equal numbers, so that aligning them compares numbers. A hash only finds candidates: items
// are the same when their bytes and links are. The seed is drawn anew each time, so nobody can prepare collisions.
import { xxh32 } from '../encoding/xxh32.ts'
import { startOf } from './entry-batch.ts'
import { type Node, sameContent } from './node.ts'

const vacant = 0

export class Interner {
  readonly #seed = Math.floor(Math.random() * 2 ** 32)
  /** Hash table with open addressing: an item's number plus one. */
  #table = new Int32Array(1024)
  #hashes: number[] = []
  #nodes: Node[] = []
  #indexes: number[] = []

  /** How many different items were numbered. */
  get size(): number {
    return this.#nodes.length
  }

  numberOf(node: Node, i: number): number {
    const hash = this.#hash(node, i)
    let at = hash & (this.#table.length - 1)
    for (; this.#table[at] !== vacant; at = (at + 1) & (this.#table.length - 1)) {
      const known = this.#table[at]! - 1
      if (this.#hashes[known] !== hash) continue
      if (sameContent(this.#nodes[known]!, this.#indexes[known]!, node, i)) return known
    }
    const number = this.size
    this.#table[at] = number + 1
    this.#hashes.push(hash)
    this.#nodes.push(node)
    this.#indexes.push(i)
    if (this.size * 2 > this.#table.length) this.#grow()
    return number
  }

  #hash(node: Node, i: number): number {
    const value = xxh32(node.values, startOf(node.valueEnds, i), node.valueEnds[i]!, this.#seed)
    if (node.linkEnds === null) return value
    return xxh32(node.linkBytes, ...node.linkRange(i), value)
  }

  #grow(): void {
    this.#table = new Int32Array(this.#table.length * 2)
    const mask = this.#table.length - 1
    for (const [number, hash] of this.#hashes.entries()) {
      let at = hash & mask
      while (this.#table[at] !== vacant) at = (at + 1) & mask
      this.#table[at] = number + 1
    }
  }
}
