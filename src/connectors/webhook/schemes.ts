// How the senders of webhooks sign them: HMAC-SHA256 over the body, and over what each puts before it. Standard Webhooks and
// Stripe sign the time, so that an old webhook is told from a new one; GitHub and Shopify sign neither time nor id.
import { timingSafeEqual } from 'node:crypto'
import { VarveError } from '../../base/errors.ts'
import type { WebhookSignature } from '../../dataset/interface.ts'
import { macOf, readSecrets } from './sign.ts'

/** What the headers of a webhook say of it. */
export interface SignedHead {
  /** The same when it is sent again; null: it is the property 'id' of the body. */
  readonly id: string | null
  /** Seconds since 1970; null: the sender signs no time. */
  readonly timestamp: number | null
  /** What happened, where a header names it, and not the body. It is not signed. */
  readonly event: string | null
  /** What was signed before the body. */
  readonly prefix: string
  /** Any one of them is enough. */
  readonly macs: readonly Buffer[]
}

export interface Scheme {
  /** For messages. */
  readonly headers: string
  /** @throws VarveError VARVE_REFUSED naming `source` and nothing of them */
  readSecrets(text: string, source: string): Buffer[]
  /** null: something is missing. */
  head(header: (name: string) => string): SignedHead | null
}

const wordPattern = /^[\x21-\x7e]{1,256}$/
const timePattern = /^\d{1,12}$/

export const schemes: Readonly<Record<WebhookSignature, Scheme>> = {
  // standardwebhooks.com, version 1.0.0
  standard: {
    headers: 'webhook-id, webhook-timestamp or webhook-signature',
    readSecrets,
    head(header) {
      const [id, time] = [header('webhook-id'), header('webhook-timestamp')]
      const given = header('webhook-signature').split(' ')
      const macs = given.flatMap((one) => (one.startsWith('v1,') ? mac(one.slice(3), 'base64') : []))
      if (!wordPattern.test(id) || !timePattern.test(time) || macs.length === 0) return null
      return { id, timestamp: Number(time), event: null, prefix: `${id}.${time}.`, macs }
    },
  },
  // docs.stripe.com/webhooks: 't=TIME,v1=HEX', and another v1 for each secret that is still good.
  stripe: {
    headers: 'Stripe-Signature with t=… and v1=…',
    readSecrets: textSecrets,
    head(header) {
      const given = header('stripe-signature').split(',')
      const time = given.find((one) => one.startsWith('t='))?.slice(2) ?? ''
      const macs = given.flatMap((one) => (one.startsWith('v1=') ? mac(one.slice(3), 'hex') : []))
      if (!timePattern.test(time) || macs.length === 0) return null
      return { id: null, timestamp: Number(time), event: null, prefix: `${time}.`, macs }
    },
  },
  // docs.github.com/webhooks: 'sha256=HEX'
  github: {
    headers: 'X-GitHub-Delivery or X-Hub-Signature-256',
    readSecrets: textSecrets,
    head(header) {
      const [id, given] = [header('x-github-delivery'), header('x-hub-signature-256')]
      const macs = given.startsWith('sha256=') ? mac(given.slice(7), 'hex') : []
      return bareHead(id, header('x-github-event'), macs)
    },
  },
  // shopify.dev/docs/apps/build/webhooks
  shopify: {
    headers: 'X-Shopify-Webhook-Id or X-Shopify-Hmac-Sha256',
    readSecrets: textSecrets,
    head(header) {
      const [id, given] = [header('x-shopify-webhook-id'), header('x-shopify-hmac-sha256')]
      return bareHead(id, header('x-shopify-topic'), mac(given, 'base64'))
    },
  },
}

/** Whether one of the signatures is by one of these secrets. */
export function isSigned(
  { prefix, macs }: SignedHead,
  body: Uint8Array,
  secrets: readonly Buffer[],
): boolean {
  return secrets.some((secret) => {
    const right = macOf(prefix, body, secret)
    return macs.some((one) => one.length === right.length && timingSafeEqual(one, right))
  })
}

/** Whether it can be the id of a webhook. */
export function isHookId(text: string): boolean {
  return wordPattern.test(text)
}

function bareHead(id: string, event: string, macs: readonly Buffer[]): SignedHead | null {
  if (!wordPattern.test(id) || macs.length === 0) return null
  return { id, timestamp: null, event: wordPattern.test(event) ? event : null, prefix: '', macs }
}

function mac(text: string, encoding: 'hex' | 'base64'): Buffer[] {
  return text === '' ? [] : [Buffer.from(text, encoding)]
}

/** Any texts, one a line: a secret that somebody thought of may have spaces in it. */
function textSecrets(text: string, source: string): Buffer[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  if (lines.length > 0) return lines.map((line) => Buffer.from(line, 'utf8'))
  throw new VarveError('VARVE_REFUSED', `${source} is empty`, {
    hint: 'it is the secret that the sender signs with; while one replaces another, each on a line of its own',
  })
}
