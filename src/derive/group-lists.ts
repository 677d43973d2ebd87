// Entries of several inputs, by group: each is added once, as it comes, and noted with its group's number; lists are made
// when all are there, by counting. A list a group from the start would be a hundred thousand small arrays for the collector.
import type { Entry } from '../prolly/interface.ts'
import { PackedEntries } from './packed-entries.ts'

export class GroupLists {
  /** For each input, its entries. */
  readonly entries: readonly PackedEntries[]
  readonly #numbers = new Map<string, number>()
  /** For each input, by entry: its group's number. */
  readonly #groupOf: number[][]
  count = 0

  constructor(inputs: number) {
    this.entries = Array.from({ length: inputs }, () => new PackedEntries())
    this.#groupOf = Array.from({ length: inputs }, () => [])
  }

  /** Adds a copy of the entry. */
  add(input: number, group: string, entry: Entry): void {
    let number = this.#numbers.get(group)
    if (number === undefined) this.#numbers.set(group, (number = this.#numbers.size))
    this.entries[input]!.add(entry)
    this.#groupOf[input]!.push(number)
    this.count++
  }

  /**
   * The groups in the order in which they came up. For each input, the numbers of the group's entries, in their
   * order.
   */
  *groups(): Generator<readonly Uint32Array[]> {
    const sorted = this.#groupOf.map((groupOf) => this.#sorted(groupOf))
    for (let group = 0; group < this.#numbers.size; group++)
      yield sorted.map(({ order, starts }) => order.subarray(starts[group], starts[group + 1]))
  }

  #sorted(groupOf: readonly number[]): { order: Uint32Array; starts: Uint32Array } {
    const starts = new Uint32Array(this.#numbers.size + 1)
    for (const group of groupOf) starts[group + 1]!++
    for (let group = 0; group < this.#numbers.size; group++) starts[group + 1]! += starts[group]!
    const next = starts.slice()
    const order = new Uint32Array(groupOf.length)
    for (let entry = 0; entry < groupOf.length; entry++) order[next[groupOf[entry]!]!++] = entry
    return { order, starts }
  }
}
