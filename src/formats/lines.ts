// Line numbers of rows, for messages: rows are counted, and those that take more than one line are remembered.

export class LineIndex {
  readonly #first: number
  #rows = 0
  #lines = 0
  /** Pairs: a row, and the lines that it and all rows before it have beyond one each. */
  readonly #longRows: number[] = []

  /** `first` is the line of the first row. */
  constructor(first: number) {
    this.#first = first
  }

  /** The line of the row that comes next. */
  get next(): number {
    return this.#first + this.#lines
  }

  add(rows: number, longRows: readonly number[]): void {
    let more = this.#lines - this.#rows
    for (let i = 0; i < longRows.length; i += 2) {
      more += longRows[i + 1]!
      this.#longRows.push(this.#rows + longRows[i]!, more)
    }
    this.#rows += rows
    this.#lines = this.#rows + more
  }

  lineOf(row: number): number {
    let more = 0
    for (let i = 0; i < this.#longRows.length && this.#longRows[i]! < row; i += 2)
      more = this.#longRows[i + 1]!
    return this.#first + row + more
  }
}
