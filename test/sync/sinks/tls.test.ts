// Certificates that are not accepted, by every kind of sink that speaks TLS: a server that shows one, and nothing behind it.
import fs from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import tls from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasOpenssl, makeCertificate, withoutOpenssl } from '../../support/certificate.ts'
import { insertInto } from '../../support/one-batch.ts'
import { openSink } from '../../../src/connectors/open-sink.ts'
import { temporaryDir } from '../../support/temporary.ts'
import { secret } from './webhook-receiver.ts'

const environment = { VARVE_LINK_SHOP_PASSWORD: 'a password', VARVE_LINK_SHOP_SECRET: secret }
/** What a server of NATS says before it speaks TLS. */
const greeting = { server_id: 'x', version: '2.9.10', proto: 1, max_payload: 1 << 20, tls_required: true }

describe.skipIf(!hasOpenssl)(`a certificate that nobody vouches for${withoutOpenssl}`, () => {
  let server: tls.Server
  let nats: net.Server
  beforeAll(async () => {
    const files = makeCertificate(temporaryDir(), 'DNS:localhost,IP:127.0.0.1')
    const certificate = { key: fs.readFileSync(files.key), cert: fs.readFileSync(files.certificate) }
    const ignore = (): void => undefined
    server = tls.createServer(certificate).on('tlsClientError', ignore)
    nats = net.createServer((socket) => {
      socket.on('error', ignore).write(`INFO ${JSON.stringify(greeting)}\r\n`)
      new tls.TLSSocket(socket, { isServer: true, ...certificate }).on('error', ignore)
    })
    for (const one of [server, nats]) await new Promise<void>((done) => void one.listen(0, '127.0.0.1', done))
  })
  afterAll(() => {
    server.close()
    nats.close()
  })

  const portOf = (one: net.Server): number => (one.address() as AddressInfo).port

  test.each([
    'amqps://ada@AT',
    'mqtts://ada@AT/x',
    'rediss://AT',
    'kafkas://ada@AT/t',
    'webhook+https://AT/x',
    'nats+tls://ada@AT/x',
  ])(
    '%s: it is said, with how to trust it, and not tried again and again',
    async (url) => {
      const at = url.replace('AT', `localhost:${portOf(url.startsWith('nats') ? nats : server)}`)
      const told = async (): Promise<void> => {
        const sink = await openSink(at, { link: 'shop', environment })
        try {
          await sink.deliver(insertInto('people'))
        } finally {
          await sink.close()
        }
      }
      await expect(told()).rejects.toMatchObject({
        code: 'VARVE_UNREACHABLE',
        message: expect.stringContaining('self-signed certificate'),
        hint: expect.stringContaining('VARVE_LINK_SHOP_CA_FILE'),
        data: { passing: false },
      })
    },
    20_000,
  )
})
