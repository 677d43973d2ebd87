// The commit graph as lanes: a column a line of history, joined where lines part and meet. How they are drawn (characters on
// a terminal, an image on a page) is another's business.

export interface GraphNode {
  readonly id: string
  readonly parents: readonly string[]
}

/** One commit's place among the lanes. */
export interface LaneStep {
  /** The commit's own lane. */
  readonly at: number
  /** Lanes with a line that comes from above. */
  readonly above: readonly boolean[]
  /** Lanes among them, beside the commit's own, whose line ends in this commit. */
  readonly joins: readonly number[]
  /** Where the lines to further parents go, in their order. */
  readonly forks: readonly { readonly to: number; readonly isNew: boolean }[]
  /** Lanes with a line that goes on below. */
  readonly below: readonly boolean[]
}

export class Lanes {
  /** The commit that each lane leads down to; null: the lane is free. */
  #lanes: (string | null)[] = []

  /** Adds a commit. Commits come one by one, children before their parents. */
  add({ id, parents }: GraphNode): LaneStep {
    const above = this.#lanes.map((to) => to !== null)
    const found = this.#lanes.indexOf(id)
    const at = found < 0 ? this.#free(id) : found
    const joins = [...this.#lanes.keys()].filter((i) => i !== at && this.#lanes[i] === id)
    for (const join of joins) this.#lanes[join] = null
    this.#lanes[at] = parents[0] ?? null
    const forks = parents.slice(1).map((parent) => {
      const known = this.#lanes.findIndex((to, i) => to === parent && i !== at)
      return known < 0 ? { to: this.#free(parent, at), isNew: true } : { to: known, isNew: false }
    })
    while (this.#lanes.at(-1) === null) this.#lanes.pop()
    return { at, above, joins, forks, below: this.#lanes.map((to) => to !== null) }
  }

  /** Finds a free lane after `after`, and gives it to the commit. */
  #free(id: string, after = -1): number {
    const free = this.#lanes.findIndex((to, i) => to === null && i > after)
    const at = free < 0 ? this.#lanes.length : free
    this.#lanes[at] = id
    return at
  }
}
