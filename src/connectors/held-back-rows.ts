// What of a plan cannot be written. A table of which too many rows cannot be waits as a whole, so that neither its rows nor
// the reasons are counted without end, and the other tables go on.
import type { HeldBackRow } from './interface.ts'

/** So many rows of a table wait one by one. */
export const heldBackMax = 10_000

export class HeldBackRows {
  readonly #rows = new Map<string, HeldBackRow[]>()

  add(row: HeldBackRow): void {
    const { table } = row
    const rows = this.#rows.get(table)
    if (this.isWhole(table)) return
    if (rows === undefined) this.#rows.set(table, [row])
    else if (rows.length < heldBackMax) rows.push(row)
    else {
      const message = `more than ${heldBackMax} of its rows cannot be written, the last of them because: ${row.message}`
      this.#rows.set(table, [{ ...row, key: null, message }])
    }
  }

  /** Forgets all others: this row alone has ended the plan. */
  only(row: HeldBackRow): void {
    this.#rows.clear()
    this.add(row)
  }

  /** Whether all that the plan has for the table waits. */
  isWhole(table: string): boolean {
    return this.#rows.get(table)?.[0]?.key === null
  }

  get isEmpty(): boolean {
    return this.#rows.size === 0
  }

  get list(): HeldBackRow[] {
    return [...this.#rows.values()].flat()
  }
}
