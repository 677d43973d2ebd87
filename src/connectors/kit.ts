// What a connector from outside gets, so that it need not import Varve: it then works with whatever copy of Varve has
// loaded it.
import { VarveError } from '../base/errors.ts'
import { cellValue, valueToTyped } from '../table/cell.ts'
import type { Cell, ColumnType, Value } from '../table/interface.ts'

/** Handed to connectors that are not part of Varve, which therefore import nothing of it. */
export interface ConnectorKit {
  /** `new VarveError(code, message, { data, hint, cause })`; other errors are taken for faults of the connector. */
  readonly VarveError: typeof VarveError
  /** Integers beyond 2^53 as bigint, bytes as Uint8Array, objects and arrays as JSON. */
  toCell(this: void, value: Value): Cell
  fromCell(this: void, cell: Cell, type: ColumnType): Value
}

export const connectorKit: ConnectorKit = { VarveError, toCell: valueToTyped, fromCell: cellValue }
