// Where a URL leads: postgres://USER@HOST:PORT/DATABASE, with ?host=FOLDER for a socket of this machine. ?sslmode= is libpq's
// option of that name, read more strictly: whoever asks for encryption is not content with that of a stranger, so every
// mode that asks for it looks at the certificate and the server's name, but the one that says it does not.
import { VarveError } from '../../base/errors.ts'

const sslModes: ReadonlyMap<string, string> = new Map([
  ['disable', 'disable'],
  ['no-verify', 'no-verify'],
  ...['require', 'verify-ca', 'verify-full'].map((mode) => [mode, 'verify-full'] as const),
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
  const mode = settings.get('sslmode')
  if (mode === null) return url
  const known = sslModes.get(mode)
  if (known === undefined)
    throw unusable(url, `'sslmode' is one of ${[...sslModes.keys()].join(', ')}, not '${mode}'`)
  settings.set('sslmode', known)
  return `${place}?${settings.toString()}`
}

function unusable(url: string, why: string): VarveError {
  return new VarveError('VARVE_USAGE', `not the URL of a PostgreSQL database: '${url}': ${why}`, {
    data: { url },
    hint: 'it looks like postgres://USER@HOST:PORT/DATABASE or postgres://USER@/DATABASE?host=FOLDER',
  })
}
