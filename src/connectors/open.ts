// All kinds of endpoints, by URL. A driver is loaded when an endpoint of its kind is opened.
import { VarveError } from '../base/errors.ts'
import { isSinkUrl, sinkKinds } from './open-sink.ts'
import { connectMsMax, openPatiently } from './patience.ts'
import { refusePassword } from './url-password.ts'
import { connectorKit } from './kit.ts'
import type { Connector, ConnectorKind, ConnectorOptions } from './interface.ts'

const postgres: ConnectorKind = {
  name: 'PostgreSQL: postgres://USER@HOST/DATABASE',
  accepts: (url) => /^postgres(ql)?:\/\//.test(url),
  openMsMax: connectMsMax,
  open: async (url, options) => (await import('./postgres/connector.ts')).openPostgres(url, options),
}

const mysql: ConnectorKind = {
  name: 'MySQL, MariaDB: mysql://USER@HOST/DATABASE',
  accepts: (url) => /^(mysql|mariadb):\/\//.test(url),
  openMsMax: connectMsMax,
  open: async (url, options) => (await import('./mysql/connector.ts')).openMysql(url, options),
}

const sqlite: ConnectorKind = {
  name: 'SQLite: sqlite:///PATH/FILE',
  accepts: (url) => url.startsWith('sqlite:'),
  open: async (url) => (await import('./sqlite/connector.ts')).openSqlite(url),
}

const folder: ConnectorKind = {
  name: 'folder of CSV, TSV and JSON Lines files: folder:///PATH',
  accepts: (url) => url.startsWith('folder:'),
  open: async (url, options) => (await import('./folder/connector.ts')).openFolder(url, options),
}

const s3: ConnectorKind = {
  name: 'CSV, TSV and JSON Lines objects in S3: s3://BUCKET/PREFIX',
  accepts: (url) => url.startsWith('s3://'),
  open: async (url, options) => (await import('./s3/connector.ts')).openS3Objects(url, options),
}

const http: ConnectorKind = {
  name: 'HTTP API that answers JSON: https://HOST/PATH',
  accepts: (url) => /^https?:\/\//.test(url),
  isOnlyRead: true,
  open: async (url, options) => (await import('./http/connector.ts')).openHttp(url, options),
}

const inbox: ConnectorKind = {
  name: 'inbox of webhooks: inbox:///PATH/FILE',
  accepts: (url) => url.startsWith('inbox:'),
  isOnlyRead: true,
  open: async (url, options) => (await import('./inbox/connector.ts')).openInbox(url, options),
}

const kinds: readonly ConnectorKind[] = [postgres, mysql, sqlite, folder, s3, http, inbox]

/** Whether it can be read and not written to. */
export function isOnlyRead(url: string, connectors: readonly ConnectorKind[] = []): boolean {
  return [...connectors, ...kinds].find((kind) => kind.accepts(url))?.isOnlyRead === true
}

/** @throws VarveError VARVE_USAGE, VARVE_REFUSED (a password in the URL), VARVE_UNREACHABLE */
export async function openEndpoint(url: string, options: ConnectorOptions = {}): Promise<Connector> {
  const all = [...(options.connectors ?? []), ...kinds]
  checkEndpointUrl(url, all)
  const kind = all.find((one) => one.accepts(url))
  if (kind !== undefined) {
    const open = (): Promise<Connector> => kind.open(url, { ...options, kit: connectorKit })
    const { openMsMax: msMax } = kind
    return checked(
      await openPatiently({ url, link: options.link, open, msMax, onWait: options.onWait }),
      kind,
    )
  }
  throw new VarveError('VARVE_USAGE', `'${url}' can be written to and not read`, {
    data: { url },
    hint: "its mode is 'materialize'",
  })
}

const methods = ['identity', 'discover', 'snapshot', 'checkpoint', 'takeOver', 'apply', 'close'] as const

/** Connectors are written without types, too. @throws VarveError VARVE_USAGE for one that lacks a method */
function checked(connector: Connector, { name }: ConnectorKind): Connector {
  const given = (connector ?? {}) as Partial<Connector>
  const missing = methods.filter((method) => typeof given[method] !== 'function')
  if (missing.length === 0) return connector
  throw new VarveError('VARVE_USAGE', `the connector '${name}' has no ${missing.join(', ')}`, {
    data: { name, missing },
    hint: "give what its 'open' returns these methods; docs/CONNECTORS.md says what they promise",
  })
}

export function checkEndpointUrl(url: string, all: readonly ConnectorKind[] = kinds): void {
  refusePassword(url)
  if (all.some((kind) => kind.accepts(url)) || isSinkUrl(url)) return
  const supported = [...all, ...sinkKinds].map(({ name }) => name).filter((name) => name !== '')
  throw new VarveError('VARVE_USAGE', `not an endpoint that can be linked: '${url}'`, {
    data: { url, supported },
    hint: `supported: ${supported.join('; ')}; with VARVE_CONNECTORS others of your own (docs/CONNECTORS.md)`,
  })
}
