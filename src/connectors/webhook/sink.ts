// Webhooks as a sink: each batch is one POST of JSON, signed as Standard Webhooks does. An answer of 200 to 299 says that
// it was kept. Passing failures (408, 429, 5xx, a cut line) are tried again with longer pauses, or with those that the
// receiver asks for; 400, 409, 413 and 422 refuse rows, anything else refuses everything. Redirects are not followed.
import { VarveError, isVarveError } from '../../base/errors.ts'
import { sha256Hex } from '../../base/platform.ts'
import { utf8, utf8Text } from '../../base/bytes.ts'
import { HttpClient, type HttpRequest } from '../../http/client.ts'
import { proxyFor } from '../../http/proxy.ts'
import { endpointUrl } from '../endpoint-url.ts'
import { linkSecret, secretName } from '../link-secret.ts'
import { messageJson } from '../message-json.ts'
import { RowsRefused } from '../rows-refused.ts'
import type { Batch, Sink, SinkOptions } from '../sink.ts'
import { linkAdvice } from '../tls/advice.ts'
import { alertOr, tlsPlace } from '../tls/alert.ts'
import { schemeTls } from '../tls/link-tls.ts'
import { readSecrets, signatureOf } from './sign.ts'

/** Answers that are about what a batch holds, and not about who sends it or where to. */
const aboutRows = new Set<unknown>([400, 409, 413, 422])
/** A receiver may ask us to wait so long. */
const pauseMsMax = 60_000
const saidCharsMax = 200

export async function openWebhook(url: string, options: SinkOptions): Promise<Sink> {
  const target = endpointUrl(url.replace(/^webhook\+/, ''), 'webhook+https://HOST:PORT/PATH')
  if (target.username !== '' || target.hash !== '') {
    throw new VarveError('VARVE_USAGE', `a webhook's URL has no user and no fragment: '${target.origin}'`, {
      hint: 'the secret that signs webhooks is given in the environment: docs/SINKS.md says under which name',
    })
  }
  const name = secretName(options.link, 'SECRET')
  const secret = await linkSecret(options, 'SECRET')
  if (secret === null) {
    throw new VarveError('VARVE_REFUSED', `there is no secret to sign the webhook '${options.link}' with`, {
      data: { link: options.link, variable: name },
      hint: `give the receiver's secret ('whsec_…') in the environment as ${name}, or its file as ${name}_FILE`,
    })
  }
  const secrets = readSecrets(secret, name)
  const location = `${target.origin}${target.pathname}`
  const tls = await schemeTls(options, { isTls: target.protocol === 'https:', encrypted: 'webhook+https://' })
  const client = new HttpClient(target.origin, {
    ...(tls === null ? {} : { tls: { ...tls } }),
    advice: linkAdvice,
    whyCut: (error) => alertOr(error, tlsPlace(target, 443, tls)),
    location,
    connections: 1,
    proxy: proxyFor(target.origin, options.environment ?? {}),
    pauseMsMax,
    onWait: options.onWait,
    explain: (body) => saidBy(body),
    accessHint: `the receiver may have another secret than ${name}`,
  })
  return {
    location,
    identity: `webhook:${target.origin}${target.pathname}${target.search}`,
    async deliver(batch) {
      // The last batch of a delivery may have nothing to say.
      if (batch.messages.length === 0) return
      const id = batchId(batch)
      const body = utf8(batchJson(batch))
      const request: HttpRequest = {
        method: 'POST',
        path: `${target.pathname}${target.search}`,
        // The time is that of the attempt: a receiver refuses old ones.
        headers: () => {
          const timestamp = Math.floor(Date.now() / 1000)
          return {
            'content-type': 'application/json',
            'user-agent': 'varve',
            'webhook-id': id,
            'webhook-timestamp': String(timestamp),
            'webhook-signature': signatureOf({ id, timestamp, body }, secrets),
          }
        },
        body,
        onlyStatus: true,
        signal: batch.signal,
      }
      await client.send(request).catch((error: unknown) => {
        if (!isVarveError(error) || !aboutRows.has(error.data['status'])) throw error
        throw new RowsRefused(error.message, { ids: null, data: error.data, cause: error })
      })
    },
    close: () => client.close(),
  }
}

/** The same when the batch is sent again: who keeps ids that it has seen can leave the whole batch out. */
function batchId({ messages }: Batch): string {
  return `msg_${sha256Hex(utf8(messages.map(({ id }) => id).join('\0')))}`
}

function batchJson(batch: Batch): string {
  const { link, commit, committedMs, messages } = batch
  const head = JSON.stringify({ type: 'rows.changed', timestamp: new Date(committedMs).toISOString() })
  const data = JSON.stringify({ link, commit })
  const rows = messages.map((message) => messageJson(batch, message)).join(',')
  return `${head.slice(0, -1)},"data":${data.slice(0, -1)},"rows":[${rows}]}}`
}

function saidBy(body: Uint8Array): string | null {
  try {
    const line = utf8Text(body).replaceAll(/\s+/g, ' ').trim()
    return line === '' ? null : line.slice(0, saidCharsMax)
  } catch {
    return null
  }
}
