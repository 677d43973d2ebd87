// PostgreSQL over TLS: whose certificate is taken, for statements and for the log.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isVarveError } from '../../src/base/errors.ts'
import { openEndpoint } from '../../src/connectors/open.ts'
import { makeCertificate, withoutOpenssl } from '../support/certificate.ts'
import { freePort } from '../support/free-port.ts'
import { type Postgres, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { temporaryDir } from '../support/temporary.ts'

const without = withoutPostgres || withoutOpenssl

describe.skipIf(without !== '')(`PostgreSQL over TLS${without}`, () => {
  let postgres: Postgres
  let certificate = ''
  let port = 0

  beforeAll(async () => {
    const dir = temporaryDir()
    const files = makeCertificate(dir, 'DNS:localhost')
    ;({ certificate } = files)
    // Its own user reads them, and nobody else may read the key.
    fs.chmodSync(dir, 0o755)
    fs.chmodSync(files.key, 0o600)
    if (process.getuid?.() === 0) execFileSync('chown', ['postgres', files.key])
    port = await freePort()
    postgres = await startPostgres({
      listen_addresses: '127.0.0.1',
      port: String(port),
      ssl: 'on',
      ssl_cert_file: certificate,
      ssl_key_file: files.key,
    })
    const db = await postgres.client(await postgres.database('shop'))
    await db.query(
      "CREATE TABLE people (id int PRIMARY KEY, name text); INSERT INTO people VALUES (1, 'Ada')",
    )
  }, 60_000)
  afterAll(() => postgres.stop(), 60_000)

  /** Whether both of its lines are encrypted; or what stopped it. */
  async function tried(host: string, options: string): Promise<string> {
    try {
      const connector = await openEndpoint(`postgres://postgres@${host}:${port}/shop${options}`)
      try {
        const tables = await connector.discover(['people'])
        const { position, snapshot } = await connector.log!.begin('tls', tables)
        await snapshot.close()
        const reader = await connector.log!.open(tables, { position, acknowledged: position })
        if ('lost' in reader) return reader.lost
        const db = await postgres.client(`postgres://postgres@127.0.0.1:${port}/shop`)
        const { rows } = await db.query<{ lines: string }>(
          "SELECT string_agg(ssl::text, ' ') AS lines FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'varve'",
        )
        await reader.close()
        await connector.log!.end(position).catch(() => undefined)
        return rows[0]!.lines
      } finally {
        await connector.close()
      }
    } catch (error) {
      return isVarveError(error) ? `${error.code}: ${error.message}` : String(error)
    }
  }

  test('a password that is missing or wrong, and a database that is not there, are said with what to do', async () => {
    const db = await postgres.client(`postgres://postgres@127.0.0.1:${port}/shop`)
    const { rows } = await db.query<{ hba_file: string }>('SHOW hba_file')
    const file = rows[0]!.hba_file
    fs.writeFileSync(file, `host all ada 127.0.0.1/32 scram-sha-256\n${fs.readFileSync(file, 'utf8')}`)
    await db.query(`CREATE ROLE ada LOGIN PASSWORD 'right'; SELECT pg_reload_conf()`)
    const said = async (name: string, environment: Record<string, string>): Promise<unknown> => {
      try {
        const url = `postgres://ada@127.0.0.1:${port}/${name}`
        const connector = await openEndpoint(url, { environment, link: 'my-shop' })
        await connector.close()
        return 'open'
      } catch (error) {
        if (!isVarveError(error)) return error
        return [error.code, error.message.replace(/^'.*' refuses access: /, ''), error.hint]
      }
    }
    const hint =
      'give the password in VARVE_LINK_MY_SHOP_PASSWORD, PGPASSWORD or a .pgpass file, never in the URL'
    const missing = 'it asks for a password, and there is none'
    expect(await said('shop', {})).toEqual(['VARVE_REFUSED', missing, hint])
    expect(await said('shop', { PGPASSWORD: '' })).toEqual(['VARVE_REFUSED', missing, hint])
    const wrong = 'password authentication failed for user "ada"'
    expect(await said('shop', { PGPASSWORD: 'wrong' })).toEqual(['VARVE_REFUSED', wrong, hint])
    const nowhere = 'the path of the URL names the database'
    expect(await said('shoop', { PGPASSWORD: 'right' })).toEqual([
      'VARVE_REFUSED',
      'database "shoop" does not exist',
      nowhere,
    ])
    expect(await said('shop', { PGPASSWORD: 'right' })).toBe('open')
    // The link's own counts first: two links may lead to two servers.
    expect(await said('shop', { VARVE_LINK_MY_SHOP_PASSWORD: 'right', PGPASSWORD: 'wrong' })).toBe('open')
    const home = temporaryDir()
    fs.writeFileSync(path.join(home, '.pgpass'), `127.0.0.1:${port}:*:ada:right\n`, { mode: 0o600 })
    expect(await said('shop', { HOME: home })).toBe('open')
    fs.chmodSync(path.join(home, '.pgpass'), 0o640)
    expect(await said('shop', { HOME: home })).toEqual([
      'VARVE_REFUSED',
      expect.stringContaining('no password is taken from it'),
      expect.stringContaining('chmod 600'),
    ])
  })

  test('the proof of a password can be tied to the line', async () => {
    const db = await postgres.client(`postgres://postgres@127.0.0.1:${port}/shop`)
    await db.query(`CREATE ROLE bound LOGIN PASSWORD 'right'`)
    const { rows } = await db.query<{ hba_file: string }>('SHOW hba_file')
    const file = rows[0]!.hba_file
    fs.writeFileSync(file, `hostssl all bound 127.0.0.1/32 scram-sha-256\n${fs.readFileSync(file, 'utf8')}`)
    await db.query('SELECT pg_reload_conf()')
    const settings = `sslmode=require&sslrootcert=${encodeURIComponent(certificate)}&channel_binding=require`
    const connector = await openEndpoint(`postgres://bound@localhost:${port}/shop?${settings}`, {
      environment: { PGPASSWORD: 'right' },
    })
    expect((await connector.discover()).map(({ name }) => name)).toEqual(['people'])
    await connector.close()
  })

  test('a certificate that nobody vouches for is refused, and so is one of another name', async () => {
    const trusted = `?sslmode=verify-full&sslrootcert=${encodeURIComponent(certificate)}`
    expect(await tried('localhost', trusted)).toBe('true true')
    expect(await tried('localhost', '?sslmode=verify-full')).toMatch(/^VARVE_UNREACHABLE: .*certificate/)
    expect(await tried('127.0.0.1', trusted)).toMatch(/^VARVE_UNREACHABLE: .*127\.0\.0\.1/)
  })
})
