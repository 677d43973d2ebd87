// Opens a link's endpoint with its transforms. All code that reads or writes for a link opens it here, so that no mask
// can be bypassed.
import type { Connector, ConnectorOptions } from '../connectors/interface.ts'
import { VarveError } from '../base/errors.ts'
import { isOnlyRead, openEndpoint } from '../connectors/open.ts'
import type { Link } from './interface.ts'
import { transformed } from './transform/connector.ts'
import { isOneWay } from './transform/one-way.ts'

/** @throws VarveError VARVE_USAGE, VARVE_REFUSED, VARVE_UNREACHABLE */
export async function openLink(
  link: Link,
  options: Pick<
    ConnectorOptions,
    'environment' | 'connectors' | 'onWait' | 'onProgress' | 'readsLog' | 'signal'
  > = {},
): Promise<Connector> {
  const { endpoint, mode, name, files } = link
  if (mode !== 'capture' && isOnlyRead(endpoint, options.connectors)) {
    throw new VarveError(
      'VARVE_USAGE',
      `'${endpoint}' can be read and not written to: '${mode}' needs both`,
      {
        data: { endpoint, mode },
        hint: "its mode is 'capture': its changes come into the branch",
      },
    )
  }
  if (mode !== 'capture') refuseOneWay(link)
  return transformed(
    await openEndpoint(endpoint, {
      ...options,
      link: name,
      files,
      http: declaredTables(link, link.http),
      auth: link.auth,
      inbox: declaredTables(link, link.inbox),
    }),
    link,
    options.environment,
  )
}

/** What is said of each of the link's tables; where nothing is, that it has the defaults. */
function declaredTables<T extends { readonly table: string }>(
  { tables }: Link,
  said: readonly T[] = [],
): (T | { readonly table: string })[] {
  return tables.map((table) => said.find((one) => one.table === table) ?? { table })
}

/**
 * Refuses transforms in a link that also writes: what they do to rows that are read cannot be undone for rows that
 * are written.
 */
function refuseOneWay({ mode, transform = [] }: Link): void {
  const table = transform.find(isOneWay)?.table
  if (table === undefined) return
  throw new VarveError('VARVE_USAGE', `'transform' of '${table}' does what needs mode 'capture'`, {
    data: { table, mode },
    hint: `rows go back to the endpoint in mode '${mode}': only 'select', 'omit' and 'rename' can be undone`,
  })
}
