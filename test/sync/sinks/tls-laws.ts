// What holds of every kind of sink over TLS, tried with a real server that has a certificate of a private CA, for the name
// 'localhost' alone, and asks for one of the client: who is let in, who is refused, and what is said then.
import fs from 'node:fs'
import { expect, test } from 'vitest'
import { isVarveError } from '../../../src/base/errors.ts'
import { openSink } from '../../../src/connectors/open-sink.ts'
import { isTransient } from '../../../src/sync/retry.ts'
import { type Authority, makeAuthority } from '../../support/authority.ts'
import type { CertificateFiles } from '../../support/certificate.ts'
import { insertInto } from '../../support/one-batch.ts'

export interface TlsServer {
  url(host: string): string
  /** Where the server reads its own certificate and key from. */
  readonly own: CertificateFiles
  /** Makes it read them again. */
  restart(): Promise<void>
  readonly environment: Readonly<Record<string, string>>
}

export interface TlsFiles {
  readonly authority: Authority
  readonly server: CertificateFiles
}

export function makeTlsFiles(): TlsFiles {
  const authority = makeAuthority()
  return { authority, server: authority.issue({ subject: 'server', names: 'DNS:localhost' }) }
}

/** `given`: known when the tests run. */
export function tlsLaws(
  given: () => TlsFiles & { readonly server: CertificateFiles; readonly at: TlsServer },
): void {
  const client = (): CertificateFiles => given().authority.issue({ subject: 'client' })
  const named = (files: CertificateFiles | null, ca: string | null): Record<string, string> => ({
    ...(ca === null ? {} : { VARVE_LINK_SHOP_CA_FILE: ca }),
    ...(files === null
      ? {}
      : { VARVE_LINK_SHOP_CERT_FILE: files.certificate, VARVE_LINK_SHOP_KEY_FILE: files.key }),
  })

  /** 'delivered', or the message and hint of a failure that nobody tries again. */
  async function told(host: string, files: Record<string, string>): Promise<string> {
    const { at } = given()
    const environment = { ...at.environment, ...files }
    let sink
    try {
      sink = await openSink(at.url(host), { link: 'shop', environment })
      await sink.deliver(insertInto('people'))
      return 'delivered'
    } catch (error) {
      if (!isVarveError(error)) throw error
      expect(isTransient(error), String(error)).toBe(false)
      const secrets = [
        ...Object.entries(at.environment).flatMap(([name, value]) =>
          name.endsWith('PASSWORD') ? [value] : [],
        ),
        ...Object.values(files).map((file) => fs.readFileSync(file, 'utf8').split('\n')[1]!),
      ]
      const all = JSON.stringify([error.message, error.hint, error.data, String(error.cause)])
      for (const secret of secrets) expect(all).not.toContain(secret)
      return `${error.code}: ${error.message}; ${error.hint}`
    } finally {
      await sink?.close()
    }
  }

  test('a private CA and a client certificate that the environment names let a row through', async () => {
    expect(await told('localhost', named(client(), given().authority.ca))).toBe('delivered')
  }, 60_000)

  test('a CA that nobody named, and another one, are refused with how to name it', async () => {
    const said = /^VARVE_UNREACHABLE: .*certificate.*; VARVE_LINK_SHOP_CA_FILE in the environment/
    expect(await told('localhost', named(client(), null))).toMatch(said)
    expect(await told('localhost', named(client(), makeAuthority('another').ca))).toMatch(said)
  }, 60_000)

  test('a server that is called otherwise than its certificate says is refused', async () => {
    expect(await told('127.0.0.1', named(client(), given().authority.ca))).toMatch(
      /^VARVE_UNREACHABLE: .*127\.0\.0\.1.*; the URL has to name the server as its certificate does/,
    )
  }, 60_000)

  test('where the client shows no certificate, or one that the server does not trust, it says which variables name one', async () => {
    const said = /^VARVE_UNREACHABLE: .*certificate.*VARVE_LINK_SHOP_CERT_FILE and VARVE_LINK_SHOP_KEY_FILE/
    const { ca } = given().authority
    expect(await told('localhost', named(null, ca))).toMatch(said)
    const stranger = makeAuthority('another').issue({ subject: 'client' })
    expect(await told('localhost', named(stranger, ca))).toMatch(said)
  }, 60_000)

  test("a server's certificate that has expired is refused, and a new one is taken at once", async () => {
    const { at, authority } = given()
    const [before, files] = [
      [at.own.certificate, at.own.key].map((file) => fs.readFileSync(file)),
      named(client(), authority.ca),
    ]
    const old = authority.issue({ subject: 'server', names: 'DNS:localhost', hasExpired: true })
    fs.copyFileSync(old.certificate, at.own.certificate)
    fs.copyFileSync(old.key, at.own.key)
    await at.restart()
    expect(await told('localhost', files)).toMatch(
      /^VARVE_UNREACHABLE: .*expired.*; the server needs a new certificate/,
    )
    fs.writeFileSync(at.own.certificate, before[0]!)
    fs.writeFileSync(at.own.key, before[1]!)
    await at.restart()
    expect(await told('localhost', files)).toBe('delivered')
  }, 240_000)
}
