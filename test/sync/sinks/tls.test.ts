// Certificates that are not accepted, by every kind of sink that speaks TLS: a server that shows one, and nothing behind it.
import { createPrivateKey } from 'node:crypto'
import fs from 'node:fs'
import https from 'node:https'
import net, { type AddressInfo } from 'node:net'
import tls from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeAuthority } from '../../support/authority.ts'
import { hasOpenssl, makeCertificate, withoutOpenssl } from '../../support/certificate.ts'
import { insertInto } from '../../support/one-batch.ts'
import type { VarveError } from '../../../src/base/errors.ts'
import { openEndpoint } from '../../../src/connectors/open.ts'
import { openSink } from '../../../src/connectors/open-sink.ts'
import { linkTls } from '../../../src/connectors/tls/link-tls.ts'
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

describe.skipIf(!hasOpenssl)(`certificates that the environment names${withoutOpenssl}`, () => {
  const authority = hasOpenssl ? makeAuthority() : null!
  const variables = (files: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`VARVE_LINK_SHOP_${name}`, text]))
  const of = (files: Record<string, string>): Promise<unknown> =>
    linkTls({ link: 'shop', environment: variables(files) }).catch(
      ({ code, message, hint }: VarveError) => `${code}: ${message}; ${hint}`,
    )

  test('what cannot serve is refused by the name of its variable, before anybody is asked', async () => {
    const { certificate } = authority.issue({ subject: 'ada' })
    const other = authority.issue({ subject: 'grace' })
    expect(await of({})).toBe(null)
    expect(await of({ CERT_FILE: certificate })).toMatch(
      /^VARVE_REFUSED: VARVE_LINK_SHOP_CERT is given, and VARVE_LINK_SHOP_KEY is not;/,
    )
    expect(await of({ CERT_FILE: certificate, KEY_FILE: other.key })).toMatch(
      /is not that of the certificate of VARVE_LINK_SHOP_CERT/,
    )
    expect(await of({ CA: 'a text' })).toMatch(/VARVE_LINK_SHOP_CA holds no certificate/)
    expect(await of({ CERT_FILE: certificate, KEY: 'a text' })).toMatch(
      /VARVE_LINK_SHOP_KEY holds no private key/,
    )
    expect(await of({ CA_FILE: `${authority.ca}.gone` })).toMatch(/VARVE_LINK_SHOP_CA_FILE names/)
    const plain = openSink('redis://localhost:9', {
      link: 'shop',
      environment: variables({ CA_FILE: authority.ca }),
    })
    await expect(plain).rejects.toMatchObject({
      code: 'VARVE_USAGE',
      hint: expect.stringContaining('rediss://'),
    })
  })

  test('a key may have a password, which is named beside it', async () => {
    const { certificate, key } = authority.issue({ subject: 'ada' })
    const sealed = createPrivateKey(fs.readFileSync(key)).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'a word',
    })
    const files = { CERT_FILE: certificate, KEY: String(sealed) }
    expect(await of(files)).toMatch(
      /has a password, which is not given; give its password as VARVE_LINK_SHOP_KEY_PASSWORD/,
    )
    expect(await of({ ...files, KEY_PASSWORD: 'another' })).toMatch(
      /does not open with VARVE_LINK_SHOP_KEY_PASSWORD/,
    )
    expect(await of({ ...files, KEY_PASSWORD: 'a word' })).toMatchObject({ rejectUnauthorized: true })
  })

  test('webhooks and HTTP APIs trust the CA, and show the certificate of the client', async () => {
    const { certificate, key } = authority.issue({ subject: 'server', names: 'DNS:localhost' })
    const own = authority.issue({ subject: 'ada' })
    const settings = { ca: fs.readFileSync(authority.ca), requestCert: true, rejectUnauthorized: true }
    const shown: string[] = []
    const answering = https.createServer(
      { key: fs.readFileSync(key), cert: fs.readFileSync(certificate), ...settings },
      (request, response) => {
        shown.push(String((request.socket as tls.TLSSocket).getPeerCertificate().subject.CN))
        response.end('[{"id":1}]')
      },
    )
    await new Promise<void>((done) => void answering.listen(0, '127.0.0.1', done))
    try {
      const { port } = answering.address() as AddressInfo
      const files = variables({ CA_FILE: authority.ca, CERT_FILE: own.certificate, KEY_FILE: own.key })
      const given = { link: 'shop', environment: { VARVE_LINK_SHOP_SECRET: secret, ...files } }
      const sink = await openSink(`webhook+https://localhost:${port}/x`, given)
      await sink.deliver(insertInto('people'))
      await sink.close()
      const api = await openEndpoint(`https://localhost:${port}/`, { ...given, http: [{ table: 'people' }] })
      expect((await api.discover()).map(({ name }) => name)).toEqual(['people'])
      await api.close()
      expect(shown).toEqual(['ada', 'ada'])
      const stranger = await openSink(`webhook+https://127.0.0.1:${port}/x`, given)
      await expect(stranger.deliver(insertInto('people'))).rejects.toMatchObject({ data: { passing: false } })
      await stranger.close()
      const nobody = {
        ...given,
        environment: { ...given.environment, ...variables({ CERT_FILE: '', KEY_FILE: '' }) },
      }
      const silent = await openSink(`webhook+https://localhost:${port}/x`, nobody)
      const asks = { hint: expect.stringMatching(/VARVE_LINK_\w+_CERT_FILE/), data: { passing: false } }
      await expect(silent.deliver(insertInto('people'))).rejects.toMatchObject(asks)
      await silent.close()
      const closed = await openEndpoint(`https://localhost:${port}/`, {
        ...nobody,
        http: [{ table: 'people' }],
      })
      await expect(closed.discover()).rejects.toMatchObject(asks)
      await closed.close()
    } finally {
      answering.closeAllConnections()
      await new Promise((done) => answering.close(done))
    }
  })
})
