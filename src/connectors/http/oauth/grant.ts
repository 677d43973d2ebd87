// Who asks for access tokens, and by what: a client by its secret, its key or its certificate, for itself or for the person
// who gave a refresh token (RFC 6749, 4.4 and 6); or whoever a key speaks for (RFC 7523, 2.1).
import { VarveError } from '../../../base/errors.ts'
import type { HttpAuth } from '../../../dataset/interface.ts'
import { type SecretPlace, linkSecret, secretName } from '../../link-secret.ts'
import { type Claims, assertion } from './assertion.ts'
import { type SigningKey, signingKey } from './signing-key.ts'

export const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const clientAssertion = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

export interface Grant {
  readonly kind: 'client_credentials' | 'refresh_token' | typeof jwtBearer
  readonly id: string | null
  readonly secret: string | null
  readonly refresh: string | null
  readonly key: SigningKey | null
}

/** `isKnown`: the connection shows a certificate, which may be all that a client shows (RFC 8705). */
export async function grantOf(
  auth: HttpAuth,
  options: SecretPlace & { readonly isKnown: boolean },
): Promise<Grant> {
  const id = await linkSecret(options, 'CLIENT_ID')
  const secret = await linkSecret(options, 'CLIENT_SECRET')
  const refresh = await linkSecret(options, 'REFRESH_TOKEN')
  const key = await signingKey(options)
  const isSigned = auth.subject !== undefined || accountOf({ key }) !== null
  const grant: Grant = {
    kind: isSigned ? jwtBearer : refresh === null ? 'client_credentials' : 'refresh_token',
    id,
    secret,
    refresh,
    key,
  }
  refuseTwo(grant, options.link)
  const missing = missingFrom(grant, options.isKnown)
  if (missing !== null) throw incomplete(missing, options.link)
  return grant
}

function accountOf({ key }: Pick<Grant, 'key'>): string | null {
  return key === null ? null : key.account
}

/** Of two ways to show who asks a server may take either. */
function refuseTwo({ kind, secret, refresh, key }: Grant, link: string): void {
  const isSigned = kind === jwtBearer
  const other = isSigned && refresh !== null ? 'REFRESH_TOKEN' : secret === null ? null : 'CLIENT_SECRET'
  if (key === null || other === null || (isSigned && other === 'CLIENT_SECRET')) return
  throw new VarveError(
    'VARVE_USAGE',
    `${secretName(link, 'SIGNING_KEY')} and ${secretName(link, other)} both say who asks for an access token`,
    { data: { link }, hint: 'leave one of them out' },
  )
}

function missingFrom({ kind, id, secret, refresh, key }: Grant, isKnown: boolean): string | null {
  if (kind === jwtBearer && key === null) return 'SIGNING_KEY'
  if (id === null && (secret !== null || accountOf({ key }) === null)) return 'CLIENT_ID'
  return key === null && secret === null && refresh === null && !isKnown ? 'CLIENT_SECRET' : null
}

function incomplete(what: string, link: string): VarveError {
  const name = secretName(link, what)
  const [id, secret, refresh, key] = ['CLIENT_ID', 'CLIENT_SECRET', 'REFRESH_TOKEN', 'SIGNING_KEY'].map(
    (one) => secretName(link, one),
  )
  return new VarveError('VARVE_REFUSED', `no access token can be asked for: ${name} is not set`, {
    data: { link, name },
    hint:
      what === 'SIGNING_KEY'
        ? `the link's 'auth' names a 'subject': give the key that may speak for it, in the file that ${key}_FILE names`
        : `give ${id} and ${secret} in the environment (or a key, ${key}_FILE), and ${refresh} where the API acts for a person`,
  })
}

/** What is asked, signed anew. */
export function fieldsOf(auth: HttpAuth, grant: Grant): URLSearchParams {
  const { kind, id, secret, refresh, key } = grant
  const fields = new URLSearchParams({ grant_type: kind })
  if (kind === 'refresh_token') fields.set('refresh_token', refresh!)
  if (kind === jwtBearer) fields.set('assertion', assertion(namedKey(auth, key!), claimsOf(auth, grant)))
  // A service account's scope is among its claims, and nowhere else.
  if (auth.scope !== undefined && accountOf(grant) === null) fields.set('scope', auth.scope)
  if (auth.audience !== undefined) fields.set('audience', auth.audience)
  if (basicOf(auth, grant) !== null || (kind === jwtBearer && secret === null)) return fields
  fields.set('client_id', id!)
  if (secret !== null) fields.set('client_secret', secret)
  if (key === null || kind === jwtBearer) return fields
  const own = { ...claimsOf(auth, grant), subject: id, scope: undefined }
  fields.set('client_assertion_type', clientAssertion)
  fields.set('client_assertion', assertion(namedKey(auth, key), own))
  return fields
}

/** The header Authorization; null: there is none. */
export function basicOf({ client }: HttpAuth, { id, secret }: Grant): string | null {
  return secret === null || client === 'body' ? null : basic(id!, secret)
}

function namedKey({ keyId }: HttpAuth, key: SigningKey): SigningKey {
  return keyId === undefined ? key : { ...key, keyId }
}

function claimsOf(auth: HttpAuth, { id, key }: Grant): Claims {
  return {
    issuer: key!.account ?? id!,
    subject: auth.subject ?? null,
    audience: auth.assertionAudience ?? auth.tokenUrl,
    scope: auth.scope,
  }
}

/** Both are encoded as in a form before they are joined (RFC 6749, 2.3.1). */
function basic(id: string, secret: string): string {
  const [one, other] = [id, secret].map((text) => new URLSearchParams({ x: text }).toString().slice(2))
  return `Basic ${Buffer.from(`${one}:${other}`).toString('base64')}`
}
