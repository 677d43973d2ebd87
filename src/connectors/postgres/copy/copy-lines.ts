// Rows as a table keeps them, written as COPY … FROM STDIN reads them: the same values that `textOfCell` makes of their
// cells, without the cells.
import type { RowSource } from '../../../formats/interface.ts'
import { storedRow } from '../../../formats/stored-rows.ts'
import type { RowShape } from '../../../table/rows.ts'
import { StoredCells } from '../../../table/stored-cells.ts'
import { CopyBuffer } from './copy-buffer.ts'
import type { PostgresTable } from '../discover.ts'
import type { RowDigest } from '../writing/row-digest.ts'

export class CopyLines extends CopyBuffer {
  readonly #cells: StoredCells
  /** The places of the columns that are written. */
  readonly #written: readonly number[]

  /** Writes those of the table's columns that are not computed, in their order. */
  constructor({ columns }: PostgresTable, shape: RowShape) {
    super()
    this.#cells = new StoredCells(columns, shape)
    this.#written = [...columns.keys()].filter((i) => !columns[i]!.generated)
  }

  /** Gives the digest all cells of the same rows, if there is one. */
  add(rows: RowSource, digest: RowDigest | null): void {
    const [cells, written] = [this.#cells, this.#written]
    for (let row = 0; row < rows.count; row++) {
      cells.read(storedRow(rows, row))
      for (let i = 0; i < written.length; i++) {
        if (i > 0) this.tab()
        cells.send(written[i]!, this)
      }
      this.endLine()
      digest?.row(cells)
    }
  }
}
