// RabbitMQ over TLS, with a real server: a private CA, and certificates of clients.
import fs from 'node:fs'
import { connect } from 'amqplib'
import { afterAll, beforeAll, describe } from 'vitest'
import { hasOpenssl, withoutOpenssl } from '../../support/certificate.ts'
import { type Rabbit, hasRabbit, rabbitStartMsMax, startRabbit, withoutRabbit } from '../../support/rabbit.ts'
import { type TlsFiles, type TlsServer, makeTlsFiles, tlsLaws } from './tls-laws.ts'

describe.skipIf(!hasRabbit || !hasOpenssl)(`AMQP over TLS${withoutRabbit}${withoutOpenssl}`, () => {
  let files: TlsFiles
  let broker: Rabbit
  let at: TlsServer
  beforeAll(async () => {
    files = makeTlsFiles()
    const { authority, server } = files
    broker = await startRabbit((port) =>
      [
        'listeners.tcp = none',
        `listeners.ssl.local = 127.0.0.1:${port}`,
        `ssl_options.cacertfile = ${authority.ca}`,
        `ssl_options.certfile = ${server.certificate}`,
        `ssl_options.keyfile = ${server.key}`,
        'ssl_options.verify = verify_peer',
        'ssl_options.fail_if_no_peer_cert = true',
      ].join('\n'),
    )
    const { certificate, key } = authority.issue({ subject: 'tests' })
    const place = {
      protocol: 'amqps',
      hostname: 'localhost',
      port: broker.port,
      username: 'ada',
      password: 'a password',
    }
    const client = await connect(place, {
      ca: [fs.readFileSync(authority.ca)],
      cert: fs.readFileSync(certificate),
      key: fs.readFileSync(key),
    })
    const channel = await client.createChannel()
    await channel.assertExchange('shop', 'topic', { durable: true })
    await channel.assertQueue('shop', { durable: true })
    await channel.bindQueue('shop', 'shop', '#')
    await client.close()
    at = {
      url: (host) => `amqps://ada@${host}:${broker.port}?exchange=shop`,
      own: server,
      restart: () => broker.control('eval', 'ssl:clear_pem_cache().'),
      environment: { VARVE_LINK_SHOP_PASSWORD: 'a password' },
    }
  }, rabbitStartMsMax)
  afterAll(() => broker.stop())

  tlsLaws(() => ({ ...files, at }))
})
