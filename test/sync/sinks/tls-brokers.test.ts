// Redis, NATS and mosquitto over TLS, with real servers: a private CA, and certificates of clients.
import fs from 'node:fs'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { connectAsync } from 'mqtt'
import { afterAll, beforeAll, describe } from 'vitest'
import { type Broker, programAt, startBroker } from '../../support/brokers.ts'
import { hasOpenssl, withoutOpenssl } from '../../support/certificate.ts'
import { type TlsFiles, type TlsServer, makeTlsFiles, tlsLaws } from './tls-laws.ts'

const environment = { VARVE_LINK_SHOP_PASSWORD: 'a password' }

interface Kind {
  readonly name: string
  readonly program: string
  args(port: number, dir: string, files: TlsFiles): readonly string[]
  url(host: string, port: number): string
  /** Before rows can be sent. */
  prepare?(port: number, files: TlsFiles): Promise<void>
}

const kinds: readonly Kind[] = [
  {
    name: 'Redis',
    program: 'redis-server',
    args: (port, dir, { authority, server }) => [
      ...`--port 0 --tls-port ${port} --bind 127.0.0.1 --dir ${dir} --tls-auth-clients yes`.split(' '),
      ...`--tls-cert-file ${server.certificate} --tls-key-file ${server.key}`.split(' '),
      ...`--tls-ca-cert-file ${authority.ca}`.split(' '),
      '--save',
      '',
      '--requirepass',
      'a password',
    ],
    url: (host, port) => `rediss://${host}:${port}`,
  },
  {
    name: 'NATS',
    program: 'nats-server',
    args(port, dir, { authority, server }) {
      fs.writeFileSync(
        `${dir}/nats.conf`,
        `listen: "127.0.0.1:${port}"
         jetstream: { store_dir: "${dir}" }
         authorization: { user: ada, password: "a password" }
         tls: { cert_file: "${server.certificate}", key_file: "${server.key}", ca_file: "${authority.ca}", verify: true }`,
      )
      return ['-c', `${dir}/nats.conf`]
    },
    url: (host, port) => `nats+tls://ada@${host}:${port}/shop`,
    async prepare(port, { authority }) {
      const { certificate, key } = authority.issue({ subject: 'tests' })
      const client = await connect({
        servers: `localhost:${port}`,
        user: 'ada',
        pass: 'a password',
        tls: { caFile: authority.ca, certFile: certificate, keyFile: key },
      })
      await (await jetstreamManager(client)).streams.add({ name: 'shop', subjects: ['shop.>'] })
      await client.close()
    },
  },
  {
    name: 'MQTT',
    program: 'mosquitto',
    args(port, dir, { authority, server }) {
      fs.writeFileSync(
        `${dir}/mosquitto.conf`,
        `listener ${port} 127.0.0.1
allow_anonymous true
cafile ${authority.ca}
certfile ${server.certificate}
keyfile ${server.key}
require_certificate true
max_queued_messages 0
persistence true
persistence_location ${dir}/
autosave_on_changes true
autosave_interval 1
${process.getuid?.() === 0 ? 'user root' : ''}
`,
      )
      return ['-c', `${dir}/mosquitto.conf`]
    },
    url: (host, port) => `mqtts://ada@${host}:${port}/shop`,
    async prepare(port, { authority }) {
      const { certificate, key } = authority.issue({ subject: 'tests' })
      const client = await connectAsync(`mqtts://localhost:${port}`, {
        protocolVersion: 5,
        clientId: 'reader',
        clean: false,
        properties: { sessionExpiryInterval: 3600 },
        ca: fs.readFileSync(authority.ca),
        cert: fs.readFileSync(certificate),
        key: fs.readFileSync(key),
      })
      await client.subscribeAsync('shop/#', { qos: 1 })
      await client.endAsync()
    },
  },
]

for (const kind of kinds) {
  const program = programAt(kind.program)
  const without = (program === null ? ` (skipped: ${kind.program} is not installed)` : '') + withoutOpenssl
  describe.skipIf(program === null || !hasOpenssl)(`${kind.name} over TLS${without}`, () => {
    let files: TlsFiles
    let broker: Broker
    let at: TlsServer
    beforeAll(async () => {
      files = makeTlsFiles()
      broker = await startBroker({ program: program!, args: (port, dir) => kind.args(port, dir, files) })
      await kind.prepare?.(broker.port, files)
      at = {
        url: (host) => kind.url(host, broker.port),
        own: files.server,
        async restart() {
          await broker.kill()
          await broker.start()
          await kind.prepare?.(broker.port, files).catch(() => undefined)
        },
        environment,
      }
    }, 120_000)
    afterAll(() => broker.stop())

    tlsLaws(() => ({ ...files, at }))
  })
}
