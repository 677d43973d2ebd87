// Inputs as the tables of a query.
import type { DerivationInput } from '../dataset/interface.ts'
import type { LoadedInput } from './inputs.ts'
import type { InputTable } from './sql/scope.ts'
import { keyNames } from '../table/key.ts'

export function tablesOf(from: readonly DerivationInput[], inputs: readonly LoadedInput[]): InputTable[] {
  return from.map(({ name }, i) => {
    const { storage, keyColumn, columns, table } = inputs[i]!
    return {
      name,
      storage,
      keyColumn,
      columns: columns.map((column) => column.name),
      key: keyNames(table.schema),
      rowCount: table.count,
    }
  })
}
