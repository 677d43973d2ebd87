// Where a URL leads, and as whom: mysql://USER@HOST:PORT/DATABASE, or with ?socket=FILE. Credentials come from the
// environment (VARVE_LINK_NAME_PASSWORD, MYSQL_PWD) or ~/.my.cnf. ?ssl-mode= is MySQL's own option of that name:
// disabled (the default), required, verify-ca, verify-identity; ?ssl-ca= names a file of certificates.
import net from 'node:net'
import type { ConnectionOptions, SslOptions } from 'mysql2'
import { VarveError } from '../../base/errors.ts'
import { certificatesIn } from '../../http/certificates.ts'
import { endpointUrl } from '../endpoint-url.ts'
import type { ConnectorOptions } from '../interface.ts'
import { readOptionFile } from './option-file.ts'

const shape = 'mysql://USER@HOST:PORT/DATABASE or mysql://USER@localhost/DATABASE?socket=FILE'

const settings: readonly string[] = ['socket', 'ssl-mode', 'ssl-ca']

/** `own`: the link's own password. @throws VarveError VARVE_USAGE when the URL names no database, or says what we do not know */
export function addressOf(
  url: string,
  { environment = {} }: ConnectorOptions,
  own: string | null = null,
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
  const host = parsed.hostname.replace(/^\[|\]$/g, '') || 'localhost'
  const ssl = sslOf(url, host, parsed.searchParams)
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

function sslOf(url: string, host: string, options: URLSearchParams): SslOptions | null {
  const caFile = options.get('ssl-ca')
  // Whoever names whom to trust does not mean a line that anybody can read.
  const mode = options.get('ssl-mode') ?? (caFile === null ? 'disabled' : 'verify-identity')
  const ca = caFile === null ? {} : { ca: certificatesIn(caFile, "'ssl-ca' behind the link's URL names it") }
  switch (mode.toLowerCase()) {
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

function unusable(url: string, why: string): VarveError {
  return new VarveError('VARVE_USAGE', `not the URL of a MySQL database: '${url}': ${why}`, {
    data: { url },
    hint: `it looks like ${shape}`,
  })
}
