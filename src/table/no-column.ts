// The refusal of a column that a table does not have.
import { VarveError } from '../base/errors.ts'
import type { Column } from './interface.ts'

export function noColumn(path: string, name: string, columns: readonly Column[]): VarveError {
  return new VarveError('VARVE_PATH_NOT_FOUND', `'${path}' has no column '${name}'`, {
    data: { path, column: name },
    hint: `its columns are ${columns
      .slice(0, 20)
      .map((column) => `'${column.name}'`)
      .join(', ')}${columns.length > 20 ? ', …' : ''}`,
  })
}
