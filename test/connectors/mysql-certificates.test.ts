// MariaDB and MySQL with a private CA and certificates of clients that the environment names, and users that must come
// encrypted: who is let in, and what is said else.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isVarveError } from '../../src/base/errors.ts'
import { openEndpoint } from '../../src/connectors/open.ts'
import { isTransient } from '../../src/sync/retry.ts'
import { type Authority, makeAuthority } from '../support/authority.ts'
import { type CertificateFiles, withoutOpenssl } from '../support/certificate.ts'
import { freePort } from '../support/free-port.ts'
import { startMariadb, withoutMariadb } from '../support/mariadb.ts'
import { startMysql, withoutMysql } from '../support/mysql.ts'
import type { MysqlServer } from '../support/mysql-server.ts'

const systems = [
  {
    name: 'MariaDB',
    without: withoutMariadb,
    start: startMariadb,
    extra: ['--skip-networking=0'],
    how: "'secret'",
  },
  {
    name: 'MySQL',
    without: withoutMysql,
    start: startMysql,
    extra: ['--skip-networking=OFF', '--mysqlx=OFF'],
    how: "WITH caching_sha2_password BY 'secret'",
  },
]

for (const { name, without, start, extra, how } of systems) {
  const reason = without || withoutOpenssl
  describe.skipIf(reason !== '')(`${name} and certificates${reason}`, () => {
    let server: MysqlServer
    let expired: MysqlServer
    let authority: Authority
    let [port, expiredPort] = [0, 0]

    const startWith = async (at: number, { certificate, key }: CertificateFiles): Promise<MysqlServer> => {
      const tls = [`--ssl-cert=${certificate}`, `--ssl-key=${key}`, `--ssl-ca=${authority.ca}`]
      const started = await start([...extra, '--bind-address=127.0.0.1', `--port=${at}`, ...tls])
      const db = await started.client(await started.database('shop'))
      const by = how.startsWith('WITH') ? `IDENTIFIED ${how}` : `IDENTIFIED BY ${how}`
      await db.query(`
        CREATE USER plain ${by} REQUIRE SSL; CREATE USER ada ${by} REQUIRE X509;
        GRANT ALL ON *.* TO plain, ada;
        CREATE TABLE people (id int PRIMARY KEY)`)
      return started
    }

    beforeAll(async () => {
      authority = makeAuthority()
      ;[port, expiredPort] = [await freePort(), await freePort()]
      server = await startWith(port, authority.issue({ subject: 'server', names: 'DNS:localhost' }))
      const old = { subject: 'server', names: 'DNS:localhost', hasExpired: true } as const
      expired = await startWith(expiredPort, authority.issue(old))
    }, 240_000)
    afterAll(async () => {
      await server.stop()
      await expired.stop()
    }, 120_000)

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
    async function tried(url: string, files: Record<string, string>): Promise<string> {
      try {
        const environment = { VARVE_LINK_SHOP_PASSWORD: 'secret', ...files }
        const connector = await openEndpoint(url, { link: 'shop', environment })
        try {
          const tables = (await connector.discover()).map((one) => one.name).join()
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
    const at = (user: string, query = '', its = port): string =>
      `mysql://${user}@localhost:${its}/shop${query}`

    test('certificates that the environment names are used, also where the URL does not speak of encryption', async () => {
      expect(await tried(at('plain'), {})).toMatch(/^VARVE_REFUSED: .* refuses access/)
      for (const query of ['', '?ssl-mode=verify-identity'])
        expect(await tried(at('plain', query), named(null))).toBe('people')
      expect(await tried(at('ada'), named(authority.issue({ subject: 'ada' })))).toBe('people')
      for (const mode of ['disabled', 'required'])
        expect(await tried(at('plain', `?ssl-mode=${mode}`), named(null))).toMatch(
          /^VARVE_USAGE: certificates are named for 'shop', and 'ssl-mode=.*' does not look at any; use 'ssl-mode=verify-identity'/,
        )
    })

    test('a CA that nobody named, another name and an expired certificate are refused, each with what to do', async () => {
      const unknown = /^VARVE_UNREACHABLE: .*certificate.*; VARVE_LINK_SHOP_CA_FILE in the environment/
      expect(await tried(at('plain', '?ssl-mode=verify-identity'), {})).toMatch(unknown)
      expect(await tried(at('plain'), named(null, makeAuthority('another').ca))).toMatch(unknown)
      expect(await tried(at('plain').replace('localhost', '127.0.0.1'), named(null))).toMatch(
        /^VARVE_USAGE: .*is an address/,
      )
      expect(await tried(at('plain', '', expiredPort), named(null))).toMatch(
        /^VARVE_UNREACHABLE: .*expired.*; the server needs a new certificate/,
      )
    })

    test('a certificate of the client that is missing or from another CA is refused with what to do', async () => {
      expect(await tried(at('ada'), named(null))).toMatch(
        /^VARVE_REFUSED: .*refuses access.*VARVE_LINK_SHOP_CERT_FILE/,
      )
      const stranger = makeAuthority('another').issue({ subject: 'ada' })
      expect(await tried(at('ada'), named(stranger))).toMatch(
        /^VARVE_(REFUSED|UNREACHABLE): .*VARVE_LINK_SHOP_CERT_FILE/,
      )
    })

    test('a connection whose server is not checked says so', async () => {
      expect(await tried(at('plain', '?ssl-mode=required'), {})).toMatch(
        /^people, and the server's certificate is not checked \('ssl-mode=required'\)/,
      )
      expect(await tried(at('plain', '?ssl-mode=verify-ca'), named(null))).toMatch(/^people, and the name in/)
    })
  })
}
