// The tables that a new link names, with those that its patterns stand for.
import type { Connector } from '../../connectors/interface.ts'
import { passedOverText } from '../../connectors/passed-over.ts'
import type { Link } from '../../sync/interface.ts'

/** `connected` runs its work at the endpoint; `warn` hears of tables that match and cannot be kept in step. */
export async function namedTables(
  link: Link,
  connected: <T>(work: (connector: Connector) => Promise<T>) => Promise<T>,
  warn: (message: string) => void,
): Promise<readonly string[]> {
  const { isPattern, matchingTables } = await import('../../sync/tables/matching-tables.ts')
  if (!link.tables.some(isPattern)) return link.tables
  const { tables, leftOut } = await connected((connector) => matchingTables(connector, link.tables))
  for (const { table, why } of leftOut) warn(`left out '${table}': ${why}`)
  return tables
}

export function tellPassedOver({ passedOver = [] }: Connector, warn: (message: string) => void): void {
  if (passedOver.length > 0)
    warn(`some files there are no tables, and are not read: ${passedOverText(passedOver)}`)
}
