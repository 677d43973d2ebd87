// What is to be done about a certificate that is not taken, from what Node and its drivers say.
import { expect, test } from 'vitest'
import { certificateHint } from '../../src/base/certificate-fault.ts'
import { VarveError } from '../../src/base/errors.ts'
import { unreachable } from '../../src/connectors/sink-failure.ts'
import { isTransient } from '../../src/sync/retry.ts'

const failed = (message: string, code: string): Error => Object.assign(new Error(message), { code })

test('a certificate that is not taken is told from a line that is cut, also within what a client made of it', () => {
  const hint = (error: unknown): string | null =>
    certificateHint(error, { trust: 'trust it', own: 'show one' })
  expect(hint(failed('unable to verify the first certificate', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'))).toBe(
    'trust it',
  )
  expect(hint(failed('self-signed certificate', 'HANDSHAKE_SSL_ERROR'))).toBe('trust it')
  expect(hint(failed('certificate has expired', 'CERT_HAS_EXPIRED'))).toMatch(/new certificate/)
  const name = "Hostname/IP does not match certificate's altnames: Host: a. is not cert's CN: b"
  const wrapped = new AggregateError([
    new Error('x', { cause: failed(name, 'ERR_TLS_CERT_ALTNAME_INVALID') }),
  ])
  expect(hint(wrapped)).toMatch(/name the server/)
  expect(hint(failed('read ECONNRESET', 'ECONNRESET'))).toBe(null)
  expect(hint(failed('certificate is not yet valid', 'CERT_NOT_YET_VALID'))).toMatch(/the right time/)
  // The other way round: the server wants one of ours, or another one.
  for (const said of [
    'tlsv13 alert certificate required',
    'ssl/tls alert bad certificate',
    'sslv3 alert certificate expired',
    'tlsv1 alert unknown ca',
    'sslv3 alert handshake failure',
  ]) {
    expect(hint(failed(said, 'ERR_SSL_ALERT'))).toBe('show one')
    expect(certificateHint(failed(said, 'ERR_SSL_ALERT'), { trust: 'trust it' })).toBe(null)
  }
  expect(hint(failed('tlsv1 alert protocol version', 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'))).toBe(null)
})

test('it does not pass by itself, as a line that is cut does', () => {
  expect(
    isTransient(unreachable('rediss://db', failed('self-signed certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT'))),
  ).toBe(false)
  expect(isTransient(unreachable('rediss://db', failed('read ECONNRESET', 'ECONNRESET')))).toBe(true)
  expect(isTransient(new VarveError('VARVE_UNREACHABLE', 'x'))).toBe(true)
})
