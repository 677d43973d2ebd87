// Signatures of Standard Webhooks (standardwebhooks.com, version 1.0.0): HMAC-SHA256 over id, time and body, so that who
// receives knows who sent it, when, and that it is whole. A message may carry several, one a secret, so that secrets can
// be changed without a gap.
import { createHmac } from 'node:crypto'
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
export function signatureOf({ id, timestamp, body }: SignedParts, secrets: readonly Buffer[]): string {
  const macs = secrets.map((secret) => macOf(`${id}.${timestamp}.`, body, secret))
  return macs.map((mac) => `v1,${mac.toString('base64')}`).join(' ')
}

/** HMAC-SHA256 over `prefix` and the body. */
export function macOf(prefix: string, body: Uint8Array, secret: Buffer): Buffer {
  return createHmac('sha256', secret).update(prefix).update(body).digest()
}
