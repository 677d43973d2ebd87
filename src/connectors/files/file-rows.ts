// A plan's rows as rows of one file: whether the file would keep them as they are, and under which key.
import { columnPlaces } from '../../table/column-places.ts'
import { VarveError } from '../../base/errors.ts'
import { absentCell, isEmptyCell } from '../../table/cell.ts'
import type { Cell, Schema } from '../../table/interface.ts'
import { encodeKey } from '../../table/key.ts'
import type { Table } from '../../table/table.ts'
import { type FileDialect, fileCell } from './cells.ts'
import { dialectOf, type FileTable } from './file-table.ts'

export class FileRows {
  readonly dialect: FileDialect
  readonly #file: FileTable
  readonly #schema: Schema
  readonly #keyPlaces: readonly number[]
  /** By column of the endpoint's table: its place among the file's columns, -1 if the file has not got it. */
  readonly #places: readonly number[]

  constructor(file: FileTable, { object, schema }: Table) {
    const { columns, key } = file.shape
    this.#file = file
    this.#schema = schema
    this.dialect = dialectOf(object)
    this.#keyPlaces = columnPlaces(columns, key)
    this.#places = columnPlaces(
      schema.columns,
      columns.map(({ name }) => name),
    )
  }

  /** The row's encoded key; a text instead says why the file cannot have it. */
  keyOf(row: readonly Cell[]): Uint8Array | string {
    const cells: Cell[] = []
    for (const place of this.#keyPlaces) {
      const cell = this.#keyCell(row, place)
      if (typeof cell === 'string') return cell
      cells.push(cell)
    }
    try {
      return encodeKey(this.#schema, cells)
    } catch (error) {
      if (error instanceof VarveError) return error.message
      throw error
    }
  }

  /** The cell of column `i` as the file is to hold it. */
  cellOf(row: readonly Cell[], i: number): Cell | string {
    const column = this.#file.shape.columns[i]!
    const cell = fileCell(row[i]!, column, this.dialect)
    if (typeof cell === 'string' || this.#places[i]! >= 0 || cell.kind === 'absent') return cell
    return `'${this.#file.path}' has no column '${column.name}'`
  }

  /** The whole row, its cells in the order of the file's columns. */
  rowOf(row: readonly Cell[]): Cell[] | string {
    const cells = this.#schema.columns.map(() => absentCell)
    for (const [i, place] of this.#places.entries()) {
      const cell = this.#keyPlaces.includes(i) ? this.#keyCell(row, i) : this.cellOf(row, i)
      if (typeof cell === 'string') return cell
      if (place >= 0) cells[place] = cell
    }
    return cells
  }

  #keyCell(row: readonly Cell[], place: number): Cell | string {
    const column = this.#file.shape.columns[place]!
    const cell = fileCell(row[place]!, column, this.dialect)
    if (typeof cell === 'string') return cell
    if (isEmptyCell(cell) || (cell.kind === 'text' && cell.bytes.length === 0))
      return `column '${column.name}' of the key is empty`
    return cell.kind === 'json' ? `column '${column.name}' of the key is JSON` : cell
  }
}
