// Which requests may take long: by their route, and by how they name a revision. An id that is shortened is looked for in all
// of history, and a step back from a commit reads all that lie between.
import type { Route } from './interface.ts'
import type { Query } from './url-query.ts'

const revisions = ['revision', 'from', 'to', 'base', 'head']
const slow = /[~^]|@\{|\.\.|^[0-9a-f]{4,63}$/

/** Whether the request runs a query. A page may be opened without one. */
export function isQuery({ costly, isPage }: Route, query: Query): boolean {
  return costly === 'query' && (isPage !== true || query.text('query') !== undefined)
}

export function isCostly({ costly, parameters = [] }: Route, query: Query): boolean {
  if (costly === 'always') return true
  if (costly === 'search' && (query.text('path') !== undefined || query.text('cursor') !== undefined))
    return true
  return parameters.some(
    ({ name, schema }) =>
      schema['type'] !== 'array' && revisions.includes(name) && slow.test(query.text(name) ?? ''),
  )
}
