// Access tokens of OAuth 2 (RFC 6749), had by what `grant.ts` shows. They are in memory and nowhere else, for as long as the
// process runs, so that rounds without end ask for one when the last has expired, not each. A server may answer with
// another refresh token in place of the one that was shown: it goes into the file that that one came from.
import { VarveError } from '../../../base/errors.ts'
import { utf8Text } from '../../../base/bytes.ts'
import type { HttpAuth } from '../../../dataset/interface.ts'
import { documentRange, rangeAt } from '../../json/range.ts'
import { keepSecret } from '../../link-secret.ts'
import { isToken, refuseOpenLine } from '../secret-headers.ts'
import { grantOf } from './grant.ts'
import { type TokenAsker, type TokenQuestion, askToken } from './token-request.ts'

/** A token is not shown any more so long before its end. */
const earlyMs = 60_000

export interface AccessTokens {
  /** The one that is held, or a new one. */
  current(): Promise<string>
  /** The one that was shown is not accepted any more. */
  forget(): void
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
export async function accessTokens(auth: HttpAuth, options: TokenAsker): Promise<AccessTokens> {
  const url = new URL(auth.tokenUrl)
  refuseOpenLine(url)
  const isKnown = url.protocol === 'https:' && options.tls?.cert !== undefined
  const grant = await grantOf(auth, { ...options, isKnown })
  const name = JSON.stringify([auth, { ...grant, key: grant.key?.print }])
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

async function renew(own: Held, question: TokenQuestion): Promise<void> {
  const { grant, options } = question
  const text = await askToken(question)
  const { token, seconds, refresh } = tokenIn(text, question)
  own.token = token
  // A server that does not say for how long says it by refusing.
  const ms = seconds === null ? Number.POSITIVE_INFINITY : seconds * 1000
  own.endMs = Date.now() + Math.max(ms - earlyMs, ms / 2)
  if (refresh === null || grant.refresh === null || refresh === grant.refresh) return
  own.refresh = refresh
  await keepSecret(options, 'REFRESH_TOKEN', refresh)
}

interface Answer {
  readonly token: string
  readonly seconds: number | null
  readonly refresh: string | null
}

function tokenIn(body: Uint8Array, { auth, options }: TokenQuestion): Answer {
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
