// Rows divided into disjoint sets; in a blame, the rows that one version still has to answer for. Passing a whole set
// on costs nothing, uniting two of them nearly nothing (Tarjan's union-find), and taking rows out costs as much as
// there are rows taken: so the history of a million rows costs what changed in it. Four bytes a row.

export class Shares {
  readonly #shareOfRow: Uint32Array
  /** By share: the one it went into, or itself. */
  readonly #into: number[] = [0]
  readonly #sizes: number[]

  /** At first all rows are in share 0. */
  constructor(rows: number) {
    this.#shareOfRow = new Uint32Array(rows)
    this.#sizes = [rows]
  }

  /** Adds an empty share; returns its number. */
  add(): number {
    this.#sizes.push(0)
    this.#into.push(this.#into.length)
    return this.#into.length - 1
  }

  sizeOf(share: number): number {
    return this.#sizes[this.#root(share)]!
  }

  holds(share: number, row: number): boolean {
    return this.of(row) === this.#root(share)
  }

  /** The row's share, under the number that stands for all that were united with it. */
  of(row: number): number {
    return this.#root(this.#shareOfRow[row]!)
  }

  /** The number that stands for this share now, after others were joined to it. */
  numberOf(share: number): number {
    return this.#root(share)
  }

  move(row: number, to: number): void {
    const target = this.#root(to)
    this.#sizes[this.of(row)]! -= 1
    this.#sizes[target]! += 1
    this.#shareOfRow[row] = target
  }

  unite(a: number, b: number): number {
    const [one, other] = [this.#root(a), this.#root(b)]
    if (one === other) return one
    const [large, small] = this.#sizes[one]! >= this.#sizes[other]! ? [one, other] : [other, one]
    this.#into[small] = large
    this.#sizes[large]! += this.#sizes[small]!
    this.#sizes[small] = 0
    return large
  }

  #root(share: number): number {
    let root = share
    while (this.#into[root] !== root) root = this.#into[root]!
    for (let at = share; at !== root;) {
      const next = this.#into[at]!
      this.#into[at] = root
      at = next
    }
    return root
  }
}
