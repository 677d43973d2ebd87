// A receiver of webhooks on loopback that checks each signature with the library of the standard itself.
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import type { Message } from '../../contract/sink.ts'

export const secret: string = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

export interface Hook {
  readonly url: string
  /** Batches that came with a good signature, in order. */
  readonly batches: { readonly id: string; readonly rows: readonly Message[] }[]
  readonly refused: string[]
  /** Called before a batch is looked at; answers itself when it returns true. */
  before: (request: http.IncomingMessage, response: http.ServerResponse) => boolean
  /** The status with which rows of a good signature are refused; null: they are kept. */
  judge: (rows: readonly Message[]) => number | null
  /** Called when a batch was kept, before the answer; the answer is not sent when it returns true. */
  kept: (response: http.ServerResponse) => boolean
  close(): Promise<void>
}

export async function startHook(): Promise<Hook> {
  const server = http.createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      if (hook.before(request, response)) return
      const body = Buffer.concat(parts).toString()
      try {
        const sent = new Webhook(secret).verify(body, request.headers as Record<string, string>)
        const { type, data } = sent as { type: string; data: { rows: Message[] } }
        if (type !== 'rows.changed') throw new Error(`unknown type ${type}`)
        const status = hook.judge(data.rows)
        if (status !== null) return void response.writeHead(status).end('it is refused')
        hook.batches.push({ id: String(request.headers['webhook-id']), rows: data.rows })
        if (!hook.kept(response)) response.writeHead(204).end()
      } catch (error) {
        hook.refused.push(String(error))
        response.writeHead(401).end(String(error))
      }
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const hook: Hook = {
    url: `webhook+http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    batches: [],
    refused: [],
    before: () => false,
    judge: () => null,
    kept: () => false,
    close: () => {
      server.closeAllConnections()
      return new Promise((done) => server.close(() => done()))
    },
  }
  return hook
}
