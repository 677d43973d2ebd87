// All kinds of endpoints, by URL. A driver is loaded when an endpoint of its kind is opened.
import { VarveError } from '../base/errors.ts'
import type { Connector, ConnectorKind, ConnectorOptions } from './interface.ts'

const postgres: ConnectorKind = {
  name: 'PostgreSQL: postgres://USER@HOST/DATABASE',
  accepts: (url) => /^postgres(ql)?:\/\//.test(url),
  open: async (url, options) => (await import('./postgres/connector.ts')).openPostgres(url, options),
}

const kinds: readonly ConnectorKind[] = [postgres]

/** @throws VarveError VARVE_USAGE, VARVE_REFUSED (a password in the URL), VARVE_UNREACHABLE */
export async function openEndpoint(url: string, options: ConnectorOptions = {}): Promise<Connector> {
  checkEndpointUrl(url)
  return kinds.find((kind) => kind.accepts(url))!.open(url, options)
}

export function checkEndpointUrl(url: string): void {
  if (/^[a-z+]+:\/\/[^/?#]*:[^/?#@]*@/i.test(url) || /[?&]password=/i.test(url)) {
    throw new VarveError('VARVE_REFUSED', "an endpoint's URL must not hold a password", {
      hint: 'the URL is committed and shown; give the password in the environment (PGPASSWORD) or a .pgpass file',
    })
  }
  if (kinds.some((kind) => kind.accepts(url))) return
  throw new VarveError('VARVE_USAGE', `not an endpoint that can be linked: '${url}'`, {
    data: { url, supported: kinds.map(({ name }) => name) },
    hint: `supported: ${kinds.map(({ name }) => name).join('; ')}`,
  })
}
