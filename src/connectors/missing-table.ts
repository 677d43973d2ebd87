// The error for a table that a database does not have, with the tables that it has instead.
import { VarveError } from '../base/errors.ts'

const shownMax = 20

/** `grant`: what would show it, where a user does not see tables that he may not read. */
export function missingTable(name: string, all: readonly string[], grant?: string): VarveError {
  const shown = all.slice(0, shownMax).join(', ')
  const more = all.length > shownMax ? `, and ${all.length - shownMax} more` : ''
  return new VarveError('VARVE_PATH_NOT_FOUND', `the database has no table '${name}'`, {
    data: { table: name, ...(grant === undefined ? {} : { grant }) },
    hint: `${all.length === 0 ? 'it has none that this user may see' : `it has: ${shown}${more}`}; a link makes no tables`,
  })
}

/** `kind` says what the name stands for instead: 'view'. */
export function noTable(name: string, kind: string): VarveError {
  return new VarveError('VARVE_PATH_NOT_FOUND', `'${name}' is a ${kind}, and links keep tables in step`, {
    data: { table: name, kind },
    hint: `link the tables that have its rows; 'derived' in varve.yaml can make of them what the ${kind} shows`,
  })
}
