// PostgreSQL with a private CA and certificates of clients that the environment names: who is let in, and what is said else.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isVarveError } from '../../src/base/errors.ts'
import { openEndpoint } from '../../src/connectors/open.ts'
import { isTransient } from '../../src/sync/retry.ts'
import { type Authority, makeAuthority } from '../support/authority.ts'
import { type CertificateFiles, withoutOpenssl } from '../support/certificate.ts'
import { freePort } from '../support/free-port.ts'
import { type Postgres, startPostgres, withoutPostgres } from '../support/postgres.ts'

const without = withoutPostgres || withoutOpenssl

describe.skipIf(without !== '')(`PostgreSQL and certificates${without}`, () => {
  let postgres: Postgres
  let authority: Authority
  let port = 0
  let expiredPort = 0
  let expired: Postgres

  const start = async (at: number, { certificate, key }: CertificateFiles): Promise<Postgres> => {
    // Nobody but its own user may read the key.
    fs.chmodSync(key, 0o600)
    if (process.getuid?.() === 0) execFileSync('chown', ['postgres', key])
    const server = await startPostgres({
      listen_addresses: '127.0.0.1',
      port: String(at),
      ssl: 'on',
      ssl_cert_file: certificate,
      ssl_key_file: key,
      ssl_ca_file: authority.ca,
    })
    const db = await server.client(await server.database('shop'))
    await db.query('CREATE TABLE people (id int PRIMARY KEY); CREATE ROLE ada LOGIN')
    const { rows } = await db.query<{ hba_file: string }>('SHOW hba_file')
    const rule = 'hostssl all ada 127.0.0.1/32 cert\nhostnossl all ada 127.0.0.1/32 trust\n'
    fs.writeFileSync(rows[0]!.hba_file, rule + fs.readFileSync(rows[0]!.hba_file, 'utf8'))
    await db.query('SELECT pg_reload_conf()')
    return server
  }

  beforeAll(async () => {
    authority = makeAuthority()
    ;[port, expiredPort] = [await freePort(), await freePort()]
    postgres = await start(port, authority.issue({ subject: 'server', names: 'DNS:localhost' }))
    const old = { subject: 'server', names: 'DNS:localhost', hasExpired: true } as const
    expired = await start(expiredPort, authority.issue(old))
  }, 120_000)
  afterAll(async () => {
    await postgres.stop()
    await expired.stop()
  }, 60_000)

  const named = (
    files: CertificateFiles | null,
    ca: string | null = authority.ca,
  ): Record<string, string> => ({
    ...(ca === null ? {} : { VARVE_LINK_SHOP_CA_FILE: ca }),
    ...(files === null
      ? {}
      : { VARVE_LINK_SHOP_CERT_FILE: files.certificate, VARVE_LINK_SHOP_KEY_FILE: files.key }),
  })

  /** The tables; or what stopped it. */
  async function tried(url: string, environment: Record<string, string>): Promise<string> {
    try {
      const connector = await openEndpoint(url, { link: 'shop', environment })
      try {
        const tables = (await connector.discover()).map(({ name }) => name).join()
        return connector.unchecked === undefined ? tables : `${tables}, and ${connector.unchecked}`
      } finally {
        await connector.close()
      }
    } catch (error) {
      if (!isVarveError(error)) throw error
      expect(isTransient(error), error.message).toBe(false)
      return `${error.code}: ${error.message}; ${error.hint}`
    }
  }
  const at = (host: string, query = '', its = port): string => `postgres://ada@${host}:${its}/shop${query}`

  test('certificates that the environment names are used, also where the URL does not speak of encryption', async () => {
    const ada = authority.issue({ subject: 'ada' })
    for (const query of [
      '',
      '?sslmode=verify-full',
      '?sslmode=require',
      '?sslmode=verify-full&channel_binding=require',
    ])
      expect(await tried(at('localhost', query), named(ada))).toBe('people')
    expect(await tried(at('localhost', '?sslmode=disable'), {})).toBe('people')
    // They say who is trusted; the URL, that it does not matter.
    for (const mode of ['disable', 'no-verify'])
      expect(await tried(at('localhost', `?sslmode=${mode}`), named(ada))).toMatch(
        /^VARVE_USAGE: certificates are named for 'shop', and 'sslmode=.*' does not look at any; use 'sslmode=verify-full'/,
      )
  })

  test('what the URL names counts where the environment names nothing', async () => {
    const ada = authority.issue({ subject: 'ada' })
    const words = {
      sslmode: 'verify-full',
      sslrootcert: authority.ca,
      sslcert: ada.certificate,
      sslkey: ada.key,
    }
    const query = `?${new URLSearchParams(words).toString()}`
    expect(await tried(at('localhost', query), {})).toBe('people')
    expect(await tried(at('localhost', query), named(null, makeAuthority('another').ca))).toMatch(
      /^VARVE_UNREACHABLE: .*certificate/,
    )
  })

  test('a CA that nobody named, another name and an expired certificate are refused, each with what to do', async () => {
    const ada = authority.issue({ subject: 'ada' })
    expect(await tried(at('localhost', '?sslmode=verify-full'), named(ada, null))).toMatch(
      /^VARVE_UNREACHABLE: .*certificate.*; VARVE_LINK_SHOP_CA_FILE in the environment/,
    )
    expect(await tried(at('127.0.0.1'), named(ada))).toMatch(
      /^VARVE_UNREACHABLE: .*127\.0\.0\.1.*; the URL has to name the server as its certificate does/,
    )
    expect(await tried(at('localhost', '', expiredPort), named(ada))).toMatch(
      /^VARVE_UNREACHABLE: .*expired.*; the server needs a new certificate/,
    )
  })

  test('a certificate of the client that is missing, from another CA or for somebody else is refused with what to do', async () => {
    const show = /VARVE_LINK_SHOP_CERT_FILE and VARVE_LINK_SHOP_KEY_FILE/
    const missing = await tried(at('localhost'), named(null))
    expect(missing).toMatch(/^VARVE_REFUSED: .*client certificate/)
    expect(missing).toMatch(show)
    const foreign = named(makeAuthority('another').issue({ subject: 'ada' }))
    // Once in ten times the server cuts the line while the driver still says goodbye.
    for (let i = 0; i < 40; i++) {
      const strange = await tried(at('localhost'), foreign)
      expect(strange).toMatch(/^VARVE_UNREACHABLE: .*client's certificate/)
      expect(strange).toMatch(show)
    }
    const others = await tried(at('localhost'), named(authority.issue({ subject: 'grace' })))
    expect(others).toMatch(/^VARVE_REFUSED: .*certificate authentication failed/)
    expect(others).toMatch(show)
  })

  test('a connection whose server is not checked says so', async () => {
    const ada = authority.issue({ subject: 'ada' })
    expect(await tried(at('127.0.0.1', '?sslmode=no-verify'), named(ada, null))).toMatch(
      /^people, and the server's certificate is not checked \('sslmode=no-verify'\)/,
    )
  })
})
