// What a connector from outside gets, so that it need not import Varve: it then works with whatever copy of Varve has
// loaded it.
import { VarveError } from '../base/errors.ts'
import { cellValue, valueToTyped } from '../table/cell.ts'
import type { ConnectorKit } from './interface.ts'

export const connectorKit: ConnectorKit = { VarveError, toCell: valueToTyped, fromCell: cellValue }
