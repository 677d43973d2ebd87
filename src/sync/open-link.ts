// A link's endpoint as the dataset is to see it. Whoever reads or writes for a link opens it here, so that no mask can be
// passed by.
import type { Connector } from '../connectors/interface.ts'
import { openEndpoint } from '../connectors/open.ts'
import type { Link } from './interface.ts'
import { transformed } from './transform/connector.ts'

/** @throws VarveError VARVE_USAGE, VARVE_REFUSED, VARVE_UNREACHABLE */
export async function openLink(
  link: Link,
  environment?: Readonly<Record<string, string | undefined>>,
): Promise<Connector> {
  return transformed(await openEndpoint(link.endpoint, { environment }), link, environment)
}
