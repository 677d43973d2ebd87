// What an endpoint that answers is found to have: its tables, its log, and what is passed over there.
import type { LogMark } from '../../connectors/change-log.ts'
import type { Connector } from '../../connectors/interface.ts'
import type * as t from './link-interface.ts'

/** `at`: how far its log was read. */
export async function endpointTest(
  connector: Connector,
  link: t.Link,
  at: LogMark | null,
): Promise<t.LinkTest> {
  const log = await logTest(connector, link, at)
  const tables = await connector.discover()
  const { location, passedOver = [] } = connector
  return {
    location,
    identity: await connector.identity(),
    log,
    tables: tables.map(({ name, key, columns, trouble }) => ({
      name,
      ...(trouble === undefined ? {} : { trouble }),
      key,
      columns: columns.map((column) => ({
        name: column.name,
        type: column.type,
        nativeType: column.nativeType,
      })),
    })),
    ...(passedOver.length === 0 ? {} : { passedOver }),
  }
}

async function logTest(connector: Connector, link: t.Link, at: LogMark | null): Promise<t.LinkTest['log']> {
  const { log } = connector
  if (log === undefined) return { obstacle: 'this kind of endpoint has none', kept: null }
  return {
    obstacle: await log.obstacle(await connector.discover(link.tables)),
    kept: at === null ? null : await log.status(at.position),
  }
}
