// Signatures of Standard Webhooks (standardwebhooks.com, version 1.0.0): HMAC-SHA256 over id, time and body, so that who
// receives knows who sent it, when, and that it is whole. A message may carry several, one a secret, so that secrets can
// be changed without a gap.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { VarveError } from '../../base/errors.ts'

const secretBytesMin = 24
const secretBytesMax = 64

/** Secrets 'whsec_BASE64', separated by spaces. @throws VarveError VARVE_REFUSED naming `source` and nothing of them */
export function readSecrets(text: string, source: string): Buffer[] {
  return text
    .split(/\s+/)
    .filter((one) => one !== '')
    .map((one) => {
      const base64 = one.replace(/^whsec_/, '')
      const secret = Buffer.from(base64, 'base64')
      const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(base64)
      if (isBase64 && secret.length >= secretBytesMin && secret.length <= secretBytesMax) return secret
      throw new VarveError('VARVE_REFUSED', `${source} is not a webhook secret`, {
        hint: "it is 'whsec_' and 24 to 64 random bytes in base64: echo whsec_$(openssl rand -base64 32)",
      })
    })
}

export interface SignedParts {
  readonly id: string
  /** Seconds since 1970. */
  readonly timestamp: number
  readonly body: Uint8Array
}

/** The value of the header 'webhook-signature'. */
export function signatureOf(parts: SignedParts, secrets: readonly Buffer[]): string {
  return secrets.map((secret) => `v1,${macOf(parts, secret).toString('base64')}`).join(' ')
}

/** Whether one of the header's signatures is by one of these secrets. */
export function isSigned(parts: SignedParts, header: string, secrets: readonly Buffer[]): boolean {
  const given = header
    .split(' ')
    .filter((one) => one.startsWith('v1,'))
    .map((one) => Buffer.from(one.slice(3), 'base64'))
  return secrets.some((secret) => {
    const mac = macOf(parts, secret)
    return given.some((one) => one.length === mac.length && timingSafeEqual(one, mac))
  })
}

function macOf({ id, timestamp, body }: SignedParts, secret: Buffer): Buffer {
  return createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body).digest()
}
