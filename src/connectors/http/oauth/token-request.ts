// The question for an access token, as its server is asked it: over the link's own certificates, and signed anew each time.
import { VarveError, isVarveError } from '../../../base/errors.ts'
import { utf8 } from '../../../base/bytes.ts'
import type { HttpAuth } from '../../../dataset/interface.ts'
import { HttpClient } from '../../../http/client.ts'
import type { AnswerHead } from '../../../http/exchange.ts'
import { periodWords } from '../../../http/passing.ts'
import { proxyFor } from '../../../http/proxy.ts'
import { usualCertificates } from '../../../http/usual-certificates.ts'
import type { ConnectorOptions } from '../../interface.ts'
import { secretName } from '../../link-secret.ts'
import { linkAdvice } from '../../tls/advice.ts'
import { alertOr, tlsPlace } from '../../tls/alert.ts'
import type { LinkTls } from '../../tls/link-tls.ts'
import { saidIn } from '../said-errors.ts'
import { type Grant, basicOf, fieldsOf } from './grant.ts'

const answerBytesMax = 1 << 20
/** What a clock may be off without being blamed for a refusal. */
const clockMsMax = 60_000

export interface TokenAsker extends Pick<ConnectorOptions, 'environment' | 'onWait' | 'signal'> {
  readonly link: string
  /** Origin of the API that the tokens are for, and how it is reached. */
  readonly origin: string
  readonly tls: LinkTls | null
}

export interface TokenQuestion {
  readonly auth: HttpAuth
  readonly grant: Grant
  readonly url: URL
  readonly options: TokenAsker
}

/** The answer, as JSON. @throws VarveError VARVE_REFUSED, VARVE_UNREACHABLE */
export async function askToken({ auth, grant, url, options }: TokenQuestion): Promise<Uint8Array> {
  const signed: string[] = []
  const form = (): Uint8Array => {
    const fields = fieldsOf(auth, grant)
    for (const name of ['assertion', 'client_assertion']) signed.push(fields.get(name) ?? '')
    return utf8(fields.toString())
  }
  const basic = basicOf(auth, grant)
  const tls = tlsTo(url, options)
  const client = new HttpClient(url.origin, {
    location: auth.tokenUrl,
    headers: { 'user-agent': 'varve' },
    onWait: options.onWait,
    proxy: proxyFor(url.origin, options.environment ?? {}),
    advice: linkAdvice,
    ...(tls === null ? {} : { tls: { ...tls } }),
    whyCut: (error) => alertOr(error, tlsPlace(url, 443, tls)),
    // What a server says must not say our secrets on.
    explain: (body, head) =>
      [saidIn(body, [grant.secret, grant.refresh, ...signed]), clockWords(grant, head)]
        .filter((words) => words !== null)
        .join('; ') || null,
  })
  try {
    const { body } = await client.send({
      method: 'POST',
      path: `${url.pathname}${url.search}`,
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        ...(basic === null ? {} : { authorization: basic }),
      },
      body: form,
      bytesMax: answerBytesMax,
      signal: options.signal,
    })
    return body
  } catch (error) {
    if (!isVarveError(error, 'VARVE_REFUSED')) throw error
    throw new VarveError('VARVE_REFUSED', `no access token: ${error.message}`, {
      data: error.data,
      cause: error,
      hint: hintFor(options.link, grant),
    })
  } finally {
    await client.close()
  }
}

/**
 * The link's certificates: where the server is another one than the API's, it may well be a public one, and those that are
 * trusted come beside the usual ones.
 */
function tlsTo(url: URL, { origin, tls, environment }: TokenAsker): LinkTls | null {
  if (url.protocol !== 'https:') return null
  if (url.origin === origin || tls?.ca === undefined) return tls ?? { rejectUnauthorized: true }
  return { ...tls, ca: [...usualCertificates(environment), tls.ca].join('\n') }
}

/** Where the clocks differ, what was signed may be over for the server, or not begun. */
function clockWords({ key }: Grant, { headers }: AnswerHead): string | null {
  const aheadMs = Date.now() - Date.parse(headers['date'] ?? '')
  if (key === null || Number.isNaN(aheadMs) || Math.abs(aheadMs) <= clockMsMax) return null
  return `the clock of this computer is ${periodWords(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead of' : 'behind'} that server's`
}

function hintFor(link: string, { id, secret, refresh, key }: Grant): string {
  const shown = { CLIENT_ID: id, CLIENT_SECRET: secret, REFRESH_TOKEN: refresh, SIGNING_KEY: key }
  const names = Object.entries(shown).flatMap(([name, one]) => (one === null ? [] : [secretName(link, name)]))
  const settings =
    key === null
      ? "'scope' and 'client' (basic or body)"
      : "'scope', 'subject', 'assertion_audience' and 'key_id'"
  return `check ${names.join(', ')}, and 'token_url', ${settings} of the link's 'auth' in varve.yaml`
}
