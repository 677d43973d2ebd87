// What a connector of somebody else's is handed, so that it need import nothing of ours: it runs with whatever copy of
// Varve has loaded it.
import { VarveError } from '../base/errors.ts'
import { cellValue, valueToTyped } from '../table/cell.ts'
import type { ConnectorKit } from './interface.ts'

export const connectorKit: ConnectorKit = { VarveError, toCell: valueToTyped, fromCell: cellValue }
