// What a link signs to show who asks for an access token: a JSON Web Token (RFC 7519, 7523) for one server, once, and for
// minutes. Each question has one of its own, for many a server takes none twice.
import { randomUUID, sign } from 'node:crypto'
import type { SigningKey } from './signing-key.ts'

/** A clock that is so far ahead is met by servers that take nothing from the future. */
const backSeconds = 30
/** From then on; servers that allow little allow three minutes. */
const lifeSeconds = 180

export interface Claims {
  readonly issuer: string
  /** For whom; null: for the issuer itself, as the server knows. */
  readonly subject: string | null
  readonly audience: string
  readonly scope?: string | undefined
}

export function assertion(
  { key, algorithm, keyId, thumbprint }: SigningKey,
  { issuer, subject, audience, scope }: Claims,
): string {
  const issued = Math.floor(Date.now() / 1000) - backSeconds
  const head = {
    alg: algorithm,
    typ: 'JWT',
    ...(keyId === null ? {} : { kid: keyId }),
    ...(thumbprint === null ? {} : { 'x5t#S256': thumbprint }),
  }
  const claims = {
    iss: issuer,
    ...(subject === null ? {} : { sub: subject }),
    aud: audience,
    iat: issued,
    nbf: issued,
    exp: issued + lifeSeconds,
    jti: randomUUID(),
    ...(scope === undefined ? {} : { scope }),
  }
  const signed = [head, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  // As JWS wants ES256 (RFC 7518, 3.4); for RSA it means nothing.
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' })
  return `${signed}.${signature.toString('base64url')}`
}
