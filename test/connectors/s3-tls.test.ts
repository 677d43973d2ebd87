// Links to S3 stores whose certificate is one of our own, or that want one of the client.
import fs from 'node:fs'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openLink } from '../../src/sync/open-link.ts'
import type { Link } from '../../src/sync/interface.ts'
import { type Authority, makeAuthority } from '../support/authority.ts'
import { hasOpenssl, withoutOpenssl } from '../support/certificate.ts'
import { faultWithHint } from '../support/fault.ts'
import { testEnvironment } from '../support/memory-s3.ts'

const link: Link = {
  name: 'shop',
  endpoint: 's3://bucket',
  mode: 'capture',
  tables: ['people'],
  into: 'shop',
  branch: 'main',
}
const listing = `<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>`

describe.skipIf(!hasOpenssl)(`an S3 store of a link${withoutOpenssl}`, () => {
  let ours: Authority
  let another: Authority
  const servers: https.Server[] = []
  let asking: string
  let wanting: string
  const shown: unknown[] = []

  async function start(rejectUnauthorized: boolean): Promise<string> {
    const { certificate, key } = ours.issue({ subject: 'store', names: 'IP:127.0.0.1' })
    const own = {
      key: fs.readFileSync(key),
      cert: fs.readFileSync(certificate),
      ca: fs.readFileSync(ours.ca),
    }
    const server = https.createServer(
      { ...own, requestCert: true, rejectUnauthorized },
      (request, response) => {
        shown.push((request.socket as TLSSocket).getPeerCertificate().subject?.CN)
        response.end(listing)
      },
    )
    servers.push(server)
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    return `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  beforeAll(async () => {
    ;[ours, another] = [makeAuthority(), makeAuthority('another')]
    ;[asking, wanting] = [await start(false), await start(true)]
  })
  afterAll(async () => {
    for (const server of servers) {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    }
  })

  async function list(
    files: Readonly<Record<string, string>>,
    more: Readonly<Record<string, string>> = {},
  ): Promise<number> {
    const named = Object.entries(files).map(([name, file]) => [`VARVE_LINK_SHOP_${name}_FILE`, file])
    const environment = {
      ...testEnvironment,
      AWS_ENDPOINT_URL: asking,
      ...Object.fromEntries(named),
      ...more,
    }
    const connector = await openLink(link, { environment })
    try {
      return (await connector.discover()).length
    } finally {
      await connector.close()
    }
  }

  test('is trusted by the CA that the link names, which counts before AWS_CA_BUNDLE, and by that where it names none', async () => {
    expect(await list({ CA: ours.ca })).toBe(0)
    expect(await list({ CA: ours.ca }, { AWS_CA_BUNDLE: another.ca })).toBe(0)
    expect(await list({}, { AWS_CA_BUNDLE: ours.ca })).toBe(0)
    const strange = /^VARVE_UNREACHABLE: .*certificate.* \(VARVE_LINK_\w+_CA_FILE .*AWS_CA_BUNDLE\)$/
    expect(await faultWithHint(list({ CA: another.ca }, { AWS_CA_BUNDLE: ours.ca }))).toMatch(strange)
    expect(await faultWithHint(list({}, { NODE_TLS_REJECT_UNAUTHORIZED: '0' }))).toMatch(strange)
  })

  test('is shown the certificate of the client, beside either CA', async () => {
    const own = ours.issue({ subject: 'ada' })
    const files = { CERT: own.certificate, KEY: own.key }
    shown.length = 0
    expect(await list({ CA: ours.ca, ...files })).toBe(0)
    expect(await list(files, { AWS_CA_BUNDLE: ours.ca })).toBe(0)
    expect(await list({ CA: ours.ca, ...files }, { AWS_ENDPOINT_URL: wanting })).toBe(0)
    expect(shown).toEqual(['ada', 'ada', 'ada'])
    expect(await faultWithHint(list({ CA: ours.ca }, { AWS_ENDPOINT_URL: wanting }))).toMatch(
      /^VARVE_UNREACHABLE: .* \(the server asks for a certificate of the client .*_CERT_FILE/,
    )
  })

  test('is not named for nothing: where it is reached without TLS, certificates are refused', async () => {
    const open = list({ CA: ours.ca }, { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' })
    expect(await faultWithHint(open)).toMatch(
      /^VARVE_USAGE: .*'http:.*is reached without TLS \(let AWS_ENDPOINT_URL/,
    )
  })
})
