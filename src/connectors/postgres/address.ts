// Where a URL leads: postgres://USER@HOST:PORT/DATABASE, with ?host=FOLDER for a socket of this machine. ?sslmode= is
// libpq's option of that name, but stricter: every mode that requires encryption also checks the certificate and the
// server's name, except for the one that says that it does not.
import { VarveError } from '../../base/errors.ts'
import { certificatesIn } from '../../http/certificates.ts'
import type { ConnectorOptions } from '../interface.ts'
import { type LinkTls, contradiction } from '../tls/link-tls.ts'

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

/** As the driver takes it. */
export interface DriverAddress {
  /** Without what concerns encryption. */
  readonly connectionString: string
  readonly ssl: false | (Omit<LinkTls, 'rejectUnauthorized'> & { readonly rejectUnauthorized: boolean })
  readonly sslnegotiation?: 'direct' | 'postgres'
}

/** `tls`: what the environment names for the link. @throws VarveError VARVE_USAGE for what cannot be read, or would not be done */
export function driverAddress(
  url: string,
  options: Pick<ConnectorOptions, 'environment' | 'link'> = {},
  tls: LinkTls | null = null,
): DriverAddress {
  // Of a socket's URL the host is empty, and a user may stand before it.
  if (!URL.canParse(url) && !URL.canParse(url.replace('@/', '@localhost/'))) {
    throw unusable(url, 'it cannot be read')
  }
  const [place = '', query = ''] = url.split(/\?(.*)/s)
  const settings = new URLSearchParams(query)
  if (settings.has('service')) throw unusable(url, 'services of pg_service.conf are not looked up')
  for (const name of settings.keys())
    if (!known.has(name))
      throw unusable(url, `there is no setting '${name}': it has ${[...known].join(', ')}`)
  const ssl = sslOf(url, settings, options, tls)
  const negotiation = settings.get('sslnegotiation')
  if (negotiation !== null && negotiation !== 'direct' && negotiation !== 'postgres')
    throw unusable(url, `'sslnegotiation' is direct or postgres, not '${negotiation}'`)
  for (const name of [...known].filter((one) => one.startsWith('ssl'))) settings.delete(name)
  return {
    connectionString: settings.size === 0 ? place : `${place}?${settings.toString()}`,
    ssl,
    ...(negotiation === null ? {} : { sslnegotiation: negotiation }),
  }
}

/** What of the connection is not checked, in words; undefined where all is that can be. */
export function uncheckedOf(url: string, environment: ConnectorOptions['environment']): string | undefined {
  const settings = new URLSearchParams(url.split(/\?(.*)/s)[1])
  return modeOf(url, settings, environment) === 'no-verify'
    ? "the server's certificate is not checked ('sslmode=no-verify'): whoever is between can read and change all"
    : undefined
}

function sslOf(
  url: string,
  settings: URLSearchParams,
  options: Pick<ConnectorOptions, 'environment' | 'link'>,
  tls: LinkTls | null,
): DriverAddress['ssl'] {
  const fileOf = (name: string): string | undefined => {
    const file = settings.get(name)
    return file === null ? undefined : certificatesIn(file, `'${name}' behind the link's URL names it`)
  }
  const [ca, cert, key] = [fileOf('sslrootcert'), fileOf('sslcert'), fileOf('sslkey')]
  const named: Omit<LinkTls, 'rejectUnauthorized'> = {
    ...(ca === undefined ? {} : { ca }),
    ...(tls?.cert !== undefined || cert === undefined ? {} : { cert }),
    ...(tls?.cert !== undefined || key === undefined ? {} : { key }),
    ...tls,
  }
  // Whoever names whom to trust does not mean a line that anybody can read.
  const isMeant = Object.keys(named).length > 0 || settings.get('sslnegotiation') === 'direct'
  const mode = modeOf(url, settings, options.environment) ?? (isMeant ? 'verify-full' : 'disable')
  if (tls !== null && (mode === 'disable' || (mode === 'no-verify' && tls.ca !== undefined)))
    throw contradiction(options, `'sslmode=${mode}' does not look at any`, "use 'sslmode=verify-full'")
  return mode === 'disable' ? false : { ...named, rejectUnauthorized: mode !== 'no-verify' }
}

/** null where neither URL nor environment says. */
function modeOf(
  url: string,
  settings: URLSearchParams,
  environment: ConnectorOptions['environment'],
): string | null {
  const mode = settings.get('sslmode')
  // Its 'prefer' is what nobody has chosen.
  if (mode === null) return sslModes.get(environment?.['PGSSLMODE'] ?? '') ?? null
  const strict = sslModes.get(mode)
  if (strict === undefined)
    throw unusable(url, `'sslmode' is one of ${[...sslModes.keys()].join(', ')}, not '${mode}'`)
  return strict
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
