// A search through history for people: after a few seconds a page shows what was found so far, and a link to look further
// back, from the commit at which it stopped.

const searchMsMax = 3000
/** A link that leads on must lead somewhere. */
const commitsMin = 100

export class Search {
  readonly #end: number = performance.now() + searchMsMax
  #seen = 0
  /** Id of the commit that was not looked at any more; null: all were. */
  stoppedAt: string | null = null

  /** For `until` of a log. */
  readonly until = ({ id }: { readonly id: string }): boolean => {
    if (++this.#seen <= commitsMin || performance.now() < this.#end) return false
    this.stoppedAt = id
    return true
  }
}
