// Rows as a table keeps them, written as COPY … FROM STDIN reads them: the same values that `textOfCell` makes of their
// cells, without the cells.
import type { RowSource } from '../../../formats/interface.ts'
import { storedRow } from '../../../formats/stored-rows.ts'
import type { RowShape } from '../../../table/rows.ts'
import { StoredCells } from '../../../table/stored-cells.ts'
import { CopyBuffer } from './copy-buffer.ts'
import type { PostgresTable } from '../discover.ts'

export class CopyLines extends CopyBuffer {
  readonly #cells: StoredCells
  readonly #width: number

  /** Writes those of the table's columns that are not computed, in their order. */
  constructor({ columns }: PostgresTable, shape: RowShape) {
    super()
    const written = columns.filter(({ generated }) => !generated)
    this.#cells = new StoredCells(written, shape)
    this.#width = written.length
  }

  add(rows: RowSource): void {
    for (let row = 0; row < rows.count; row++) {
      this.#cells.read(storedRow(rows, row))
      for (let i = 0; i < this.#width; i++) {
        if (i > 0) this.tab()
        this.#cells.send(i, this)
      }
      this.endLine()
    }
  }
}
