// MariaDB over TLS: what each ssl-mode asks of the server's certificate, for tables and for the log.
import fs from 'node:fs'
import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isVarveError } from '../../src/base/errors.ts'
import { openEndpoint } from '../../src/connectors/open.ts'
import { makeCertificate, withoutOpenssl } from '../support/certificate.ts'
import { freePort } from '../support/free-port.ts'
import { type Mariadb, startMariadb, withoutMariadb } from '../support/mariadb.ts'
import { temporaryDir } from '../support/temporary.ts'

const without = withoutMariadb || withoutOpenssl

describe.skipIf(without !== '')(`MariaDB over TLS${without}`, () => {
  let mariadb: Mariadb
  let db: Connection
  let certificate = ''
  let port = 0

  beforeAll(async () => {
    const dir = temporaryDir()
    const files = makeCertificate(dir, 'DNS:localhost')
    ;({ certificate } = files)
    // The server reads them as its own user.
    for (const one of [dir, certificate, files.key]) fs.chmodSync(one, 0o755)
    port = await freePort()
    mariadb = await startMariadb([
      '--skip-networking=0',
      '--bind-address=127.0.0.1',
      `--port=${port}`,
      `--ssl-cert=${certificate}`,
      `--ssl-key=${files.key}`,
    ])
    db = await mariadb.client(await mariadb.database('shop'))
    await db.query(`
      CREATE USER ada IDENTIFIED BY 'secret' REQUIRE SSL;
      GRANT ALL ON *.* TO ada;
      CREATE TABLE people (id int PRIMARY KEY, name text);
      INSERT INTO people VALUES (1, 'Ada')`)
  }, 60_000)
  afterAll(() => mariadb.stop(), 60_000)

  /** Reads the table, and a change by the log; or what stopped it. */
  async function tried(host: string, options: string): Promise<string> {
    try {
      const url = `mysql://ada@${host}:${port}/shop${options}`
      const connector = await openEndpoint(url, { environment: { MYSQL_PWD: 'secret' } })
      try {
        const tables = await connector.discover(['people'])
        const { position, snapshot } = await connector.log!.begin('tls', tables)
        await snapshot.close()
        await db.query("UPDATE people SET name = concat(name, '!') WHERE id = 1")
        const reader = await connector.log!.open(tables, { position, acknowledged: position })
        if ('lost' in reader) return reader.lost
        let changes = 0
        for await (const part of reader.read(await reader.now())) changes += part.changes.length
        return `${changes} change`
      } finally {
        await connector.close()
      }
    } catch (error) {
      return isVarveError(error) ? `${error.code}: ${error.message}` : String(error)
    }
  }

  test('a user who must come encrypted is let in so, and not without', async () => {
    expect(await tried('127.0.0.1', '')).toMatch(/^VARVE_REFUSED: .* refuses access/)
    expect(await tried('127.0.0.1', '?ssl-mode=required')).toBe('1 change')
  })

  test('a certificate that nobody vouches for is refused where it is looked at', async () => {
    expect(await tried('127.0.0.1', '?ssl-mode=verify-ca')).toMatch(/^VARVE_UNREACHABLE: .*certificate/)
    const trusted = `&ssl-ca=${encodeURIComponent(certificate)}`
    expect(await tried('127.0.0.1', `?ssl-mode=verify-ca${trusted}`)).toBe('1 change')
    expect(await tried('localhost', `?ssl-mode=verify-identity${trusted}`)).toBe('1 change')
    // An address is in no name of it, and must not pass as 'localhost'.
    for (const address of ['127.0.0.1', '[::1]'])
      expect(await tried(address, `?ssl-mode=verify-identity${trusted}`)).toMatch(
        /^VARVE_USAGE: .*is an address$/,
      )
  })
})
