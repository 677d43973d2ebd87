// Where a URL leads, and as whom: mysql://USER@HOST:PORT/DATABASE, or with ?socket=FILE. Credentials come from the
// environment (VARVE_LINK_NAME_PASSWORD, MYSQL_PWD) or ~/.my.cnf. ?ssl-mode= is MySQL's own option of that name:
// disabled (the default), required, verify-ca, verify-identity; ?ssl-ca= names a file of certificates.
import net from 'node:net'
import type { ConnectionOptions, SslOptions } from 'mysql2'
import { bareHost } from '../../base/bare-host.ts'
import { VarveError } from '../../base/errors.ts'
import { certificatesIn } from '../../http/certificates.ts'
import { endpointUrl } from '../endpoint-url.ts'
import type { ConnectorOptions } from '../interface.ts'
import { type LinkTls, contradiction } from '../tls/link-tls.ts'
import { readOptionFile } from './option-file.ts'

const shape = 'mysql://USER@HOST:PORT/DATABASE or mysql://USER@localhost/DATABASE?socket=FILE'

const settings: readonly string[] = ['socket', 'ssl-mode', 'ssl-ca']

/** `own`: the link's own password; `tls`: what the environment names for the link. @throws VarveError VARVE_USAGE when the URL names no database, or says what we do not know */
export function addressOf(
  url: string,
  { link, environment = {} }: ConnectorOptions,
  { own = null, tls = null }: { readonly own?: string | null; readonly tls?: LinkTls | null } = {},
): ConnectionOptions {
  const parsed = endpointUrl(url, shape)
  for (const name of parsed.searchParams.keys())
    if (!settings.includes(name))
      throw unusable(url, `there is no setting '${name}': it has ${settings.join(', ')}`)
  const database = decodeURIComponent(parsed.pathname.slice(1))
  if (database === '') throw unusable(url, 'it names no database')
  const file = readOptionFile(environment['HOME'])
  const user = decodeURIComponent(parsed.username) || file.user
  const password = own ?? environment['MYSQL_PWD'] ?? file.password
  const socketPath = parsed.searchParams.get('socket')
  const host = bareHost(parsed.hostname) || 'localhost'
  const ssl = sslOf({ url, host, link }, parsed.searchParams, tls)
  return {
    database,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(socketPath === null ? { host, port: Number(parsed.port || 3306) } : { socketPath }),
    ...(ssl === null ? {} : { ssl }),
  }
}

/** The URL for messages, without its settings. */
export function placeOf(url: string): string {
  return url.replace(/\?.*$/, '')
}

function sslOf(
  { url, host, link }: { readonly url: string; readonly host: string; readonly link: string | undefined },
  options: URLSearchParams,
  tls: LinkTls | null,
): SslOptions | null {
  const caFile = options.get('ssl-ca')
  // Whoever names whom to trust does not mean a line that anybody can read.
  const isMeant = caFile !== null || tls !== null
  const mode = options.get('ssl-mode')?.toLowerCase() ?? (isMeant ? 'verify-identity' : 'disabled')
  const ca = {
    ...(caFile === null ? {} : { ca: certificatesIn(caFile, "'ssl-ca' behind the link's URL names it") }),
    ...tls,
  }
  if (tls !== null && (mode === 'disabled' || (mode === 'required' && tls.ca !== undefined)))
    throw contradiction({ link }, `'ssl-mode=${mode}' does not look at any`, "use 'ssl-mode=verify-identity'")
  switch (mode) {
    case 'disabled':
      return null
    case 'required':
      return { ...ca, rejectUnauthorized: false }
    case 'verify-ca':
      return { ...ca, rejectUnauthorized: true, verifyIdentity: false }
    case 'verify-identity':
      // The driver would compare the certificate with 'localhost' instead.
      if (net.isIP(host) !== 0)
        throw unusable(url, `'verify-identity' needs the server's name, and '${host}' is an address`)
      return { ...ca, rejectUnauthorized: true, verifyIdentity: true }
    default:
      throw unusable(url, `'${mode}' is not an ssl-mode: disabled, required, verify-ca, verify-identity`)
  }
}

/** What of the connection is not checked, in words; undefined where all is that can be. */
export function uncheckedOf({ ssl }: ConnectionOptions): string | undefined {
  if (typeof ssl !== 'object') return undefined
  if (ssl.rejectUnauthorized === false)
    return "the server's certificate is not checked ('ssl-mode=required'): whoever is between can read and change all"
  return ssl.verifyIdentity === false
    ? "the name in the server's certificate is not checked ('ssl-mode=verify-ca')"
    : undefined
}

function unusable(url: string, why: string): VarveError {
  return new VarveError('VARVE_USAGE', `not the URL of a MySQL database: '${url}': ${why}`, {
    data: { url },
    hint: `it looks like ${shape}`,
  })
}
