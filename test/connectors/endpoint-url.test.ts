// URLs of endpoints that cannot be read, or ask for what would not be done: each is refused by name, before anybody is asked.
import { describe, expect, test } from 'vitest'
import { openEndpoint } from '../../src/connectors/open.ts'
import { openSink } from '../../src/connectors/open-sink.ts'
import { driverAddress, usesChannelBinding } from '../../src/connectors/postgres/address.ts'
import { endpointError } from '../../src/connectors/postgres/failure.ts'
import { missingTable } from '../../src/connectors/missing-table.ts'

const options = { link: 'shop', environment: { VARVE_LINK_SHOP_SECRET: 'whsec_AAAA' } }

describe('the URL of an endpoint', () => {
  test.each([
    'postgres://ada@db:99999/shop',
    'mysql://ada@db:99999/shop',
    'mysql://%zz@db/shop',
    'https://db:99999/x',
    'redis://db:99999',
    'redis://%zz@db',
    'nats://db:99999/x',
    'amqp://db:99999/x',
    'amqp://%zz@db/x',
    'mqtt://db:99999/x',
    'kafka://db:99999/x',
    'kafka://%zz@db/x',
    'webhook+https://db:99999/x',
  ])('%s cannot be read', async (url) => {
    const opened = /^(postgres|mysql|https):/.test(url) ? openEndpoint(url, options) : openSink(url, options)
    await expect(opened).rejects.toMatchObject({ code: 'VARVE_USAGE', hint: expect.any(String) })
  })

  test('of PostgreSQL asks for encryption in one way, and for no other file of settings', () => {
    const plain = 'postgres://ada@/my%20shop?host=%2Frun%2Fpg'
    expect(driverAddress(plain)).toEqual({ connectionString: plain, ssl: false })
    expect(driverAddress('postgres:///shop')).toEqual({ connectionString: 'postgres:///shop', ssl: false })
    const checked = { rejectUnauthorized: true }
    for (const mode of ['require', 'verify-ca', 'verify-full'])
      expect(driverAddress(`postgres://ada@db/shop?sslmode=${mode}&options=a%26b`)).toEqual({
        connectionString: 'postgres://ada@db/shop?options=a%26b',
        ssl: checked,
      })
    expect(driverAddress('postgres://ada@db/shop?sslmode=disable').ssl).toBe(false)
    expect(driverAddress('postgres://ada@db/shop?sslmode=no-verify').ssl).toEqual({
      rejectUnauthorized: false,
    })
    expect(driverAddress('postgres://ada@db/shop?sslnegotiation=direct')).toEqual({
      connectionString: 'postgres://ada@db/shop',
      ssl: checked,
      sslnegotiation: 'direct',
    })
    for (const [mode, ssl] of [
      ['require', checked],
      ['prefer', false],
      ['disable', false],
    ] as const)
      expect(driverAddress('postgres://db/shop', { environment: { PGSSLMODE: mode } }).ssl).toEqual(ssl)
    for (const mode of ['prefer', 'allow', 'banana', ''])
      expect(() => driverAddress(`postgres://ada@db/shop?sslmode=${mode}`)).toThrow(`not '${mode}'`)
    expect(() => driverAddress('postgres:///?service=shop')).toThrow('pg_service.conf')
    // MySQL's name of it: the line would not be encrypted, and nobody would know.
    expect(() => driverAddress('postgres://ada@db/shop?ssl-mode=verify-full')).toThrow(
      "there is no setting 'ssl-mode'",
    )
    expect(() => driverAddress('postgres://ada@db/shop?sslrootcert=/nowhere.pem')).toThrow(
      "cannot read the certificates in '/nowhere.pem'",
    )
    expect(usesChannelBinding('postgres://ada@db/shop?channel_binding=require')).toBe(true)
    expect(usesChannelBinding('postgres://ada@db/shop')).toBe(false)
    expect(() => usesChannelBinding('postgres://ada@db/shop?channel_binding=yes')).toThrow("not 'yes'")
  })

  test('what fails for what was asked says what to ask for', () => {
    const hint = (error: Error): unknown => (endpointError('postgres://db', error) as { hint?: string }).hint
    expect(hint(new Error('The server does not support SSL connections'))).toContain("no 'sslmode'")
    expect(hint(Object.assign(new Error('x'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }))).toContain(
      'sslrootcert',
    )
    expect(hint(Object.assign(new Error('certificate has expired'), { code: 'CERT_HAS_EXPIRED' }))).toContain(
      'a new certificate',
    )
    expect(hint(Object.assign(new Error('role "x" does not exist'), { code: '28000' }))).toContain('user')
    expect(hint(Object.assign(new Error('slot is active'), { code: '55006' }))).toContain('--follow')
    expect(hint(Object.assign(new Error('no pg_hba.conf entry'), { code: '28000' }))).toContain('sslmode')
  })

  test('a table that is not there is told from those that are', () => {
    expect(missingTable('x', ['a', 'b']).hint).toBe('it has: a, b; a link makes no tables')
    expect(missingTable('x', []).hint).toBe('it has none that this user may see; a link makes no tables')
    expect(
      missingTable(
        'x',
        Array.from({ length: 22 }, () => 't'),
      ).hint,
    ).toMatch(/t, and 2 more; a link makes no tables$/)
  })
})
