// What all kinds of endpoint check of a cursor column: it exists, and its lag fits its type.
import { VarveError } from '../base/errors.ts'
import type { EndpointColumn, EndpointTable, RowCursor } from './interface.ts'

const times: ReadonlySet<string> = new Set(['timestamp', 'date'])
const numbers: ReadonlySet<string> = new Set(['int', 'decimal', 'float'])

/** @throws VarveError VARVE_RULE_VIOLATED */
export function cursorColumn(
  table: EndpointTable,
  { column: name, lag }: RowCursor,
): EndpointColumn & { readonly isTime: boolean } {
  const column = table.columns.find((one) => one.name === name)
  if (column === undefined)
    throw fault(`'${table.name}' has no column '${name}' to be its cursor: name another in varve.yaml`)
  const isTime = times.has(column.type)
  if (!isTime && !numbers.has(column.type))
    throw fault(`the cursor '${name}' of '${table.name}' is ${column.type}, and neither a time nor a number`)
  if (isTime !== 'ms' in lag)
    throw fault(
      isTime
        ? `the cursor '${name}' of '${table.name}' is a time, so its lag is one too: 5m`
        : `the cursor '${name}' of '${table.name}' is a number, so its lag is one too: how far below the largest value new rows may appear`,
    )
  return { ...column, isTime }
}

function fault(message: string): VarveError {
  return new VarveError('VARVE_RULE_VIOLATED', message, { hint: "see 'cursor' of the link in varve.yaml" })
}
