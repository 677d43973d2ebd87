// An HTTP API that answers JSON, as an endpoint that is only read. Its tables are declared, and where the list of items of
// each lies.
import { VarveError } from '../../base/errors.ts'
import { HttpClient } from '../../http/client.ts'
import { proxyFor } from '../../http/proxy.ts'
import { endpointUrl } from '../endpoint-url.ts'
import type { Connector, ConnectorOptions } from '../interface.ts'
import type { HttpTable } from '../../dataset/interface.ts'
import { itemTable } from '../json/item-table.ts'
import { secretName } from '../link-secret.ts'
import { accessTokens } from './oauth/access-token.ts'
import { requestName } from './page-request.ts'
import { type PageSource, firstRequest, pagesOf } from './pages.ts'
import { saidIn } from './said-errors.ts'
import { secretHeaders } from './secret-headers.ts'
import { linkAdvice } from '../tls/advice.ts'
import { alertOr, tlsPlace } from '../tls/alert.ts'
import { schemeTls } from '../tls/link-tls.ts'
import { HttpSnapshot, cellsOf } from './snapshot.ts'

/** Of first pages that are kept from finding the tables to reading them. */
const aheadBytesMax = 32 << 20

export async function openHttp(url: string, options: ConnectorOptions): Promise<Connector> {
  const base = endpointUrl(url, 'https://HOST:PORT/PATH')
  if (base.username !== '' || base.search !== '' || base.hash !== '') {
    throw new VarveError('VARVE_USAGE', `an API's URL has no user, query or fragment: '${base.origin}'`, {
      hint: "write a query into the 'path' of a table, in varve.yaml",
    })
  }
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  const link = options.link ?? ''
  const { auth } = options
  const headers = await secretHeaders({ ...options, link }, base)
  const tls = await schemeTls(options, { isTls: base.protocol === 'https:', encrypted: 'https://' })
  const tokens =
    auth === undefined ? null : await accessTokens(auth, { ...options, link, origin: base.origin, tls })
  const client = new HttpClient(base.origin, {
    ...(tls === null ? {} : { tls: { ...tls } }),
    advice: linkAdvice,
    whyCut: (error) => alertOr(error, tlsPlace(base, 443, tls)),
    location: url,
    headers: { 'user-agent': 'varve', ...headers },
    ...(tokens === null
      ? {}
      : {
          headersNow: async () => ({ authorization: `Bearer ${await tokens.current()}` }),
          renew: () => tokens.forget(),
        }),
    pauseMsMax: 60_000,
    onWait: options.onWait,
    proxy: proxyFor(base.origin, options.environment ?? {}),
    explain: (body) => saidIn(body),
    accessHint:
      tokens === null
        ? `give its token in the environment as ${secretName(link, 'TOKEN')}, or say where one is had: 'auth' of the link in varve.yaml`
        : `an access token was had from '${auth!.tokenUrl}', and is not accepted: check 'scope' of the link's 'auth'`,
  })
  const source: PageSource = { client, base, ahead: new Map(), signal: options.signal }
  /** Marks of tables that were read to their end. */
  const marks = new Map<string, string>()
  return {
    location: url,
    identity: () => Promise.resolve(`http:${base.href}`),
    async discover(names = (options.http ?? []).map(({ table }) => table), known = []) {
      const tables = names.map((name) =>
        itemTable<HttpTable>(options.http?.find(({ table }) => table === name) ?? { table: name }),
      )
      // That it answers, and has the rows where they are said to be, is known before anything is made of it. Of a table
      // that was read before, reading says so.
      source.ahead.clear()
      let bytes = 0
      for (const table of tables.filter(({ name }) => !known.some((one) => one.name === name)))
        for await (const page of pagesOf(source, table.declared)) {
          cellsOf(table, page)
          bytes += page.answer.body.length
          // Whoever goes on to read it need not ask again.
          if (bytes <= aheadBytesMax)
            source.ahead.set(
              requestName(firstRequest(base, table.declared, null), table.declared),
              page.answer,
            )
          break
        }
      return tables
    },
    snapshot: () => Promise.resolve(new HttpSnapshot(source, marks)),
    checkpoint: () => Promise.resolve(null),
    takeOver: () => Promise.reject(onlyRead(url)),
    apply: () => Promise.reject(onlyRead(url)),
    close: () => client.close(),
  }
}

function onlyRead(url: string): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `'${url}' can only be read`, {
    data: { url },
    hint: "a link to an HTTP API has the mode 'capture'",
  })
}
