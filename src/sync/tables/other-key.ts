// Whether a table has the same key in the dataset as at the endpoint. Else no row of one can be told to be a row of the
// other.
import { keyColumns } from '../../table/key.ts'
import type { TableObject } from '../../table/interface.ts'

/** What is wrong when two tables have different keys; null when they have the same. `path` is where `here` lies. */
export function otherKey(here: TableObject, there: TableObject, path: string): string | null {
  const [inner, outer] = [keyOf(here), keyOf(there)]
  return inner === outer ? null : `the key of '${path}' is ${inner}, and at the endpoint it is ${outer}`
}

function keyOf({ schema }: TableObject): string {
  return keyColumns(schema)
    .map(({ name }) => name)
    .join(', ')
}
