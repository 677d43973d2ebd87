// Where the password of a PostgreSQL user is looked for: under the link's own name, then as PostgreSQL's programs do, in
// PGPASSWORD and in a file of lines HOST:PORT:DATABASE:USER:PASSWORD, of which the first that fits counts.
import fs from 'node:fs'
import path from 'node:path'
import { VarveError } from '../../base/errors.ts'
import type { ConnectorOptions } from '../interface.ts'
import { linkSecret } from '../link-secret.ts'

export interface Login {
  /** A name, an address, or the folder of a socket. */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
}

const fileBytesMax = 1 << 20
/** Sockets of such folders are 'localhost' in the file. */
const usualSocketFolders: ReadonlySet<string> = new Set(['/tmp', '/run/postgresql', '/var/run/postgresql'])

/** undefined where there is none. @throws VarveError VARVE_REFUSED for a file that others may read */
export async function passwordOf(login: Login, options: ConnectorOptions): Promise<string | undefined> {
  const { link, environment = {} } = options
  const own = link === undefined ? null : await linkSecret({ link, environment }, 'PASSWORD')
  return own ?? environment['PGPASSWORD'] ?? inPassFile(login, environment)
}

function inPassFile(
  login: Login,
  environment: NonNullable<ConnectorOptions['environment']>,
): string | undefined {
  const { PGPASSFILE: named, HOME: home, APPDATA: folder } = environment
  const usual = folder ? path.join(folder, 'postgresql', 'pgpass.conf') : home && path.join(home, '.pgpass')
  const file = named || usual
  if (!file) return undefined
  const stat = fs.statSync(file, { throwIfNoEntry: false })
  if (stat === undefined || !stat.isFile() || stat.size > fileBytesMax) return undefined
  if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0) {
    throw new VarveError(
      'VARVE_REFUSED',
      `others than you may read '${file}': no password is taken from it`,
      {
        data: { path: file },
        hint: `chmod 600 '${file}'`,
      },
    )
  }
  return passwordIn(fs.readFileSync(file, 'utf8'), login)
}

/** A colon or backslash of a field has a backslash before it; `*` fits all. */
export function passwordIn(text: string, { host, port, database, user }: Login): string | undefined {
  const hosts = usualSocketFolders.has(host) ? [host, 'localhost'] : [host]
  const wanted = [hosts, [String(port)], [database], [user]]
  for (const line of text.split(/\r?\n/)) {
    const fields = /^((?:\\.|[^:\\])*):((?:\\.|[^:\\])*):((?:\\.|[^:\\])*):((?:\\.|[^:\\])*):(.+)$/.exec(line)
    if (fields === null || line.startsWith('#')) continue
    const [, ...values] = fields.map((field) => field.replaceAll(/\\(.)/g, '$1'))
    if (wanted.every((any, i) => fields[i + 1] === '*' || any.includes(values[i]!))) return values[4]
  }
  return undefined
}
