// Inputs as the tables of a query.
import type { DerivationInput } from '../dataset/interface.ts'
import type { LoadedInput } from './inputs.ts'
import type { InputTable } from './sql/scope.ts'

export function tablesOf(from: readonly DerivationInput[], inputs: readonly LoadedInput[]): InputTable[] {
  return from.map(({ name }, i) => {
    const { storage, keyColumn, columns, table } = inputs[i]!
    const { key } = table.schema
    return {
      name,
      storage,
      keyColumn,
      columns: columns.map((column) => column.name),
      key: key.map((id) => columns.find((column) => column.id === id)!.name),
      rowCount: table.count,
    }
  })
}
