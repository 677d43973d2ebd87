// Access tokens of OAuth 2 (RFC 6749): for a client's own credentials (4.4), or for a refresh token (6). They are in memory
// and nowhere else, for as long as the process runs, so that rounds without end ask for one when the last has expired, not
// each. A server may answer with another refresh token in place of the one that was shown: it goes into the file that
// that one came from.
import { VarveError, isVarveError } from '../../base/errors.ts'
import { utf8, utf8Text } from '../../base/bytes.ts'
import { HttpClient } from '../../http/client.ts'
import { proxyFor } from '../../http/proxy.ts'
import type { HttpAuth } from '../../dataset/interface.ts'
import type { ConnectorOptions } from '../interface.ts'
import { documentRange, rangeAt } from '../json/range.ts'
import { keepSecret, linkSecret, secretName } from '../link-secret.ts'
import { isToken, refuseOpenLine } from './secret-headers.ts'
import { saidIn } from './said-errors.ts'

const answerBytesMax = 1 << 20
/** A token is not shown any more so long before its end. */
const earlyMs = 60_000

export interface AccessTokens {
  /** The one that is held, or a new one. */
  current(): Promise<string>
  /** The one that was shown is not accepted any more. */
  forget(): void
}

type Asked = Pick<ConnectorOptions, 'environment' | 'onWait' | 'signal'> & { readonly link: string }

interface Grant {
  readonly id: string
  readonly secret: string | null
  readonly refresh: string | null
}

interface Held {
  token: string | null
  endMs: number
  /** In place of the one that the environment has. */
  refresh: string | null
}

/** By who asks where for what. */
const held = new Map<string, Held>()

/** @throws VarveError VARVE_REFUSED when the environment does not say who asks */
export async function accessTokens(auth: HttpAuth, options: Asked): Promise<AccessTokens> {
  const grant = await grantOf(options)
  const url = new URL(auth.tokenUrl)
  refuseOpenLine(url)
  const name = JSON.stringify([auth, grant])
  const own: Held = held.get(name) ?? { token: null, endMs: 0, refresh: null }
  held.set(name, own)
  return {
    async current() {
      if (own.token === null || Date.now() >= own.endMs)
        await renew(own, { auth, grant: { ...grant, refresh: own.refresh ?? grant.refresh }, url, options })
      return own.token!
    },
    forget() {
      own.token = null
    },
  }
}

async function grantOf({ link, environment }: Asked): Promise<Grant> {
  const [id, secret, refresh] = [
    await linkSecret({ link, environment }, 'CLIENT_ID'),
    await linkSecret({ link, environment }, 'CLIENT_SECRET'),
    await linkSecret({ link, environment }, 'REFRESH_TOKEN'),
  ]
  if (id !== null && (secret ?? refresh) !== null) return { id, secret, refresh }
  const missing = secretName(link, id === null ? 'CLIENT_ID' : 'CLIENT_SECRET')
  throw new VarveError('VARVE_REFUSED', `no access token can be asked for: ${missing} is not set`, {
    data: { link, name: missing },
    hint: `give ${secretName(link, 'CLIENT_ID')} and ${secretName(link, 'CLIENT_SECRET')} in the environment, and ${secretName(link, 'REFRESH_TOKEN')} where the API acts for a person`,
  })
}

interface Question {
  readonly auth: HttpAuth
  readonly grant: Grant
  readonly url: URL
  readonly options: Asked
}

async function renew(own: Held, question: Question): Promise<void> {
  const { grant, options } = question
  const text = await answerTo(question)
  const { token, seconds, refresh } = tokenIn(text, question)
  own.token = token
  // A server that does not say for how long says it by refusing.
  const ms = seconds === null ? Number.POSITIVE_INFINITY : seconds * 1000
  own.endMs = Date.now() + Math.max(ms - earlyMs, ms / 2)
  if (refresh === null || grant.refresh === null || refresh === grant.refresh) return
  own.refresh = refresh
  await keepSecret(options, 'REFRESH_TOKEN', refresh)
}

async function answerTo({ auth, grant, url, options }: Question): Promise<Uint8Array> {
  const { id, secret, refresh } = grant
  const isInBody = auth.client === 'body' || secret === null
  const fields = new URLSearchParams(
    refresh === null
      ? { grant_type: 'client_credentials' }
      : { grant_type: 'refresh_token', refresh_token: refresh },
  )
  for (const [name, value] of Object.entries({ scope: auth.scope, audience: auth.audience }))
    if (value !== undefined) fields.set(name, value)
  if (isInBody) fields.set('client_id', id)
  if (isInBody && secret !== null) fields.set('client_secret', secret)
  const client = new HttpClient(url.origin, {
    location: auth.tokenUrl,
    headers: { 'user-agent': 'varve' },
    onWait: options.onWait,
    proxy: proxyFor(url.origin, options.environment ?? {}),
    // What a server says must not say our secrets on.
    explain: (body) => withoutSecrets(saidIn(body), [secret, refresh]),
  })
  try {
    const { body } = await client.send({
      method: 'POST',
      path: `${url.pathname}${url.search}`,
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        ...(isInBody ? {} : { authorization: `Basic ${basic(id, secret)}` }),
      },
      body: utf8(fields.toString()),
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

function hintFor(link: string, { refresh }: Grant): string {
  const names = ['CLIENT_ID', 'CLIENT_SECRET', ...(refresh === null ? [] : ['REFRESH_TOKEN'])]
  return `check ${names.map((name) => secretName(link, name)).join(', ')}, and 'token_url', 'scope' and 'client' (basic or body) of the link's 'auth' in varve.yaml`
}

/** Both are encoded as in a form before they are joined (RFC 6749, 2.3.1). */
function basic(id: string, secret: string): string {
  const [one, other] = [id, secret].map((text) => new URLSearchParams({ x: text }).toString().slice(2))
  return Buffer.from(`${one}:${other}`).toString('base64')
}

function withoutSecrets(said: string | null, secrets: readonly (string | null)[]): string | null {
  return secrets.reduce<string | null>(
    (text, one) => (one === null || one === '' ? text : (text?.replaceAll(one, '…') ?? null)),
    said,
  )
}

interface Answer {
  readonly token: string
  readonly seconds: number | null
  readonly refresh: string | null
}

function tokenIn(body: Uint8Array, { auth, options }: Question): Answer {
  const document = documentRange(body)
  const textAt = (place: string): string | null => {
    const found = document === null ? null : rangeAt(document, place)
    if (found?.kind !== 'text' && found?.kind !== 'number') return null
    return utf8Text(found.src.subarray(found.start, found.end))
  }
  const [token, kind] = [textAt('access_token'), textAt('token_type') ?? 'bearer']
  // Not what it says instead: it may be half a secret.
  if (token === null || !isToken(token) || kind.toLowerCase() !== 'bearer')
    throw new VarveError('VARVE_REFUSED', `'${auth.tokenUrl}' answers without an access token to show`, {
      data: { link: options.link, url: auth.tokenUrl },
      hint: "check 'token_url' of the link's 'auth' in varve.yaml: it answers JSON with an 'access_token' of type Bearer",
    })
  const seconds = Number(textAt('expires_in') ?? Number.NaN)
  return { token, seconds: seconds > 0 ? seconds : null, refresh: textAt('refresh_token') }
}
