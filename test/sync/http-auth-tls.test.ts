// Servers of access tokens whose certificate is one of our own, or that want one of the client: reached as the link's API is.
import fs from 'node:fs'
import type https from 'node:https'
import { describe, expect, test } from 'vitest'
import { MemoryStore } from '../../src/store/memory.ts'
import type { Receipt } from '../../src/sync/interface.ts'
import { type Authority, makeAuthority } from '../support/authority.ts'
import { hasOpenssl, withoutOpenssl } from '../support/certificate.ts'
import { fault, faultWithHint } from '../support/fault.ts'
import { oneRound } from '../support/one-round.ts'
import { TokenServer } from '../support/token-server.ts'

describe.skipIf(!hasOpenssl)(`the server that gives access tokens${withoutOpenssl}`, () => {
  const [ours, another] = hasOpenssl ? [makeAuthority(), makeAuthority('another')] : []
  const client = `client ${Math.random()}`
  const own = ours?.issue({ subject: client })
  const certificate = { CERT_FILE: own?.certificate ?? '', KEY_FILE: own?.key ?? '' }

  function by(authority: Authority, wants?: Authority): https.ServerOptions {
    const { certificate: cert, key } = authority.issue({ subject: 'server', names: 'IP:127.0.0.1' })
    return {
      cert: fs.readFileSync(cert),
      key: fs.readFileSync(key),
      ...(wants === undefined
        ? {}
        : { ca: fs.readFileSync(wants.ca), requestCert: true, rejectUnauthorized: true }),
    }
  }

  const start = (tls: https.ServerOptions): Promise<TokenServer> =>
    TokenServer.start({ tls, certified: client })

  function sync(
    api: TokenServer,
    tokens: TokenServer,
    files: Readonly<Record<string, string>>,
    extra: Readonly<Record<string, string>> = {},
  ): Promise<Receipt> {
    const named = { CLIENT_ID: client, CA_FILE: ours!.ca, ...files }
    const environment = Object.fromEntries(
      Object.entries(named).map(([name, value]) => [`VARVE_LINK_CRM_${name}`, value]),
    )
    const link = {
      name: 'crm',
      endpoint: api.origin,
      mode: 'capture' as const,
      tables: ['people'],
      into: 'crm',
      branch: 'main',
      auth: { tokenUrl: tokens.tokenUrl },
    }
    return oneRound(MemoryStore.create(), link, { ...environment, ...extra })
  }

  test('is trusted by the CA of the link, and knows the client by its certificate alone', async () => {
    await using api = await start(by(ours!))
    await using tokens = await start(by(ours!, ours!))
    expect((await sync(api, tokens, certificate)).tables[0]).toMatchObject({ read: 1 })
    expect(tokens.asked).toEqual([{ grant_type: 'client_credentials', client_id: client }])
    expect(api.shown).toContain('Bearer t1')
    expect(await fault(sync(api, tokens, {}))).toMatch(/VARVE_LINK_CRM_CLIENT_SECRET is not set/)
    expect(await faultWithHint(sync(api, tokens, { CLIENT_SECRET: 'x' }))).toMatch(
      /^VARVE_UNREACHABLE: .*\/token'.*certificate.*VARVE_LINK_NAME_CERT_FILE/,
    )
  })

  test('may be one of the usual ones where the API is not, and has to be of the CA where both are one', async () => {
    await using api = await start(by(ours!))
    await using tokens = await start(by(another!, ours!))
    const usual = { NODE_EXTRA_CA_CERTS: another!.ca }
    expect(await faultWithHint(sync(api, tokens, certificate))).toMatch(
      /^VARVE_UNREACHABLE: .*\/token'.*VARVE_LINK_NAME_CA_FILE/,
    )
    expect((await sync(api, tokens, certificate, usual)).tables[0]).toMatchObject({ read: 1 })
    expect(await fault(sync(tokens, tokens, certificate, usual))).toMatch(/^VARVE_UNREACHABLE: .*certificate/)
  })
})
