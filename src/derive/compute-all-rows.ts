// Computes all rows of a table that a function derives, whatever the order in which the rows come.
import { isVarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import { cellSchema, readCells } from '../formats/columnar/read-cells.ts'
import type { Io } from '../repo/interface.ts'
import { absentCell } from '../table/cell.ts'
import type { Cell, Row } from '../table/interface.ts'
import { type RowShape, rowShape, rowToCells } from '../table/rows.ts'
import { writeTable } from '../table/table-object.ts'
import { type DerivedShape, asRowFault, cannotDerive } from './function-rows.ts'

/** @throws VarveError VARVE_RULE_VIOLATED: two rows have one key, or one is none of this table */
export async function computeAllRows(
  io: Io,
  of: DerivedShape,
  rows: AsyncIterable<readonly Row[]>,
  signal: AbortSignal | undefined,
): Promise<{ table: Cid; rowCount: number }> {
  const { path, key, columns } = of
  const shape = rowShape(cellSchema(columns, { key, where: path }))
  let rowCount = 0
  async function* cells(): AsyncGenerator<Cell[][]> {
    for await (const some of rows) {
      rowCount += some.length
      yield some.map((row) => cellsOf(of, shape, row))
    }
  }
  const source = { columns, key, rowCount, cells }
  const object = await readCells(source, { ...io, key, where: path, signal }).catch((error: unknown) => {
    const isTwice = isVarveError(error) && error.data['reason'] === 'duplicate-key'
    throw isTwice ? cannotDerive(of, 'two of its rows have the same key', error) : error
  })
  return { table: writeTable(io.writer, { ...object, order: null }), rowCount }
}

/** The row's cells in the order of the columns. */
function cellsOf(of: DerivedShape, shape: RowShape, row: Row): Cell[] {
  try {
    const { key, cells } = rowToCells(shape, row)
    return shape.places.map((place) => (place.key >= 0 ? key[place.key] : cells[place.value]) ?? absentCell)
  } catch (error) {
    throw asRowFault(of, error)
  }
}
