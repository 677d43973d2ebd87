// Where a URL leads: postgres://USER@HOST:PORT/DATABASE, with ?host=FOLDER for a socket of this machine. ?sslmode= is
// libpq's option of that name, but stricter: every mode that requires encryption also checks the certificate and the
// server's name, except for the one that says that it does not.
import { VarveError } from '../../base/errors.ts'

const sslModes: ReadonlyMap<string, string> = new Map([
  ['disable', 'disable'],
  ['no-verify', 'no-verify'],
  ...['require', 'verify-ca', 'verify-full'].map((mode) => [mode, 'verify-full'] as const),
])

/** What the driver knows and a link may set: a setting that is misspelt would leave the line as if nobody had asked. */
const known: ReadonlySet<string> = new Set([
  'host',
  'port',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'sslnegotiation',
  'channel_binding',
  'options',
])

/** As the driver is to be given it. @throws VarveError VARVE_USAGE for what cannot be read, or would not be done */
export function driverUrl(url: string): string {
  // Of a socket's URL the host is empty, and a user may stand before it.
  if (!URL.canParse(url) && !URL.canParse(url.replace('@/', '@localhost/'))) {
    throw unusable(url, 'it cannot be read')
  }
  const [place = '', query] = url.split(/\?(.*)/s)
  if (query === undefined) return url
  const settings = new URLSearchParams(query)
  if (settings.has('service')) throw unusable(url, 'services of pg_service.conf are not looked up')
  for (const name of settings.keys())
    if (!known.has(name))
      throw unusable(url, `there is no setting '${name}': it has ${[...known].join(', ')}`)
  const mode = settings.get('sslmode')
  if (mode === null) return url
  const strict = sslModes.get(mode)
  if (strict === undefined)
    throw unusable(url, `'sslmode' is one of ${[...sslModes.keys()].join(', ')}, not '${mode}'`)
  settings.set('sslmode', strict)
  return `${place}?${settings.toString()}`
}

/** Whether SCRAM authentication is tied to the TLS connection (channel binding), where the server supports it. */
export function usesChannelBinding(url: string): boolean {
  const binding = new URLSearchParams(url.split(/\?(.*)/s)[1]).get('channel_binding') ?? 'disable'
  if (!['disable', 'prefer', 'require'].includes(binding))
    throw unusable(url, `'channel_binding' is one of disable, prefer, require, not '${binding}'`)
  return binding !== 'disable'
}

function unusable(url: string, why: string): VarveError {
  return new VarveError('VARVE_USAGE', `not the URL of a PostgreSQL database: '${url}': ${why}`, {
    data: { url },
    hint: 'it looks like postgres://USER@HOST:PORT/DATABASE or postgres://USER@/DATABASE?host=FOLDER',
  })
}
