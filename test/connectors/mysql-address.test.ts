// Where a URL of MySQL leads, as whom, and how numbers are spelled: nothing of this needs a server.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { addressOf } from '../../src/connectors/mysql/address.ts'
import { float32Text, float64Text } from '../../src/connectors/spelling/float-text.ts'
import { parseOptionFile } from '../../src/connectors/mysql/option-file.ts'
import { checkEndpointUrl } from '../../src/connectors/open.ts'

describe('the address of a MySQL database', () => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'varve-home-'))
  afterAll(() => fs.rmSync(home, { recursive: true }))

  test('comes from the URL, the secret from the environment', () => {
    expect(
      addressOf('mysql://ada@db.example.org:3307/my%20shop', { environment: { MYSQL_PWD: 'x' } }),
    ).toEqual({
      host: 'db.example.org',
      port: 3307,
      user: 'ada',
      password: 'x',
      database: 'my shop',
    })
    expect(addressOf('mariadb://localhost/shop?socket=%2Frun%2Fsock', {})).toEqual({
      socketPath: '/run/sock',
      database: 'shop',
    })
    expect(addressOf('mysql://ada@[::1]/shop', {})).toMatchObject({ host: '::1', port: 3306 })
  })

  test('takes user and password of ~/.my.cnf, unless everybody may write it', () => {
    const file = path.join(home, '.my.cnf')
    fs.writeFileSync(
      file,
      '[client]\nuser = ada\npassword = "it\'s # a\\\\b" # secret\n[mysqldump]\npassword = other\n',
    )
    fs.chmodSync(file, 0o600)
    const options = { environment: { HOME: home } }
    expect(addressOf('mysql://db/shop', options)).toMatchObject({ user: 'ada', password: "it's # a\\b" })
    expect(addressOf('mysql://grace@db/shop', { environment: { HOME: home, MYSQL_PWD: 'y' } })).toMatchObject(
      {
        user: 'grace',
        password: 'y',
      },
    )
    expect(
      addressOf('mysql://db/shop', { environment: { HOME: home, MYSQL_PWD: 'y' } }, { own: 'of the link' }),
    ).toMatchObject({ password: 'of the link' })
    fs.chmodSync(file, 0o666)
    expect(addressOf('mysql://db/shop', options)).not.toHaveProperty('password')
    expect(parseOptionFile('password = no\n[client]\npassword=a b #c\n[other]\npassword=no')).toEqual({
      password: 'a b',
    })
  })

  test('is encrypted as ssl-mode says', () => {
    expect(addressOf('mysql://db/shop?ssl-mode=REQUIRED', {}).ssl).toEqual({ rejectUnauthorized: false })
    expect(addressOf('mysql://db/shop?ssl-mode=verify-identity', {}).ssl).toEqual({
      rejectUnauthorized: true,
      verifyIdentity: true,
    })
    expect(addressOf('mysql://db/shop', {}).ssl).toBe(undefined)
    expect(() => addressOf('mysql://db/shop?ssl-mode=maybe', {})).toThrow("'maybe' is not an ssl-mode")
    // PostgreSQL's name of it: the line would not be encrypted, and nobody would know.
    expect(() => addressOf('mysql://db/shop?sslmode=require', {})).toThrow("there is no setting 'sslmode'")
    const ca = path.join(home, 'ca.pem')
    fs.writeFileSync(ca, 'a certificate')
    expect(addressOf(`mysql://db/shop?ssl-ca=${encodeURIComponent(ca)}`, {}).ssl).toEqual({
      ca: 'a certificate',
      rejectUnauthorized: true,
      verifyIdentity: true,
    })
    const gone = path.join(home, 'gone.pem')
    expect(() => addressOf(`mysql://db/shop?ssl-ca=${encodeURIComponent(gone)}`, {})).toThrow(
      `cannot read the certificates in '${gone}': no such file or folder`,
    )
  })

  test('names a database and no password', () => {
    expect(() => addressOf('mysql://ada@db', {})).toThrow('it names no database')
    expect(() => checkEndpointUrl('mysql://ada:secret@db/shop')).toThrow('must not hold a password')
    expect(() => checkEndpointUrl('mariadb://ada@db/shop')).not.toThrow()
  })
})

describe('the text of a floating-point number', () => {
  test('is the number, in as few digits as it takes', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (one) =>
        Object.is(Number(float64Text(one)), one),
      ),
    )
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (one) =>
        Object.is(Math.fround(Number(float32Text(one))), one),
      ),
    )
  })

  test.each([
    [1e15, '1e+15', '1e+15'],
    [100000, '100000', '100000'],
    [1e6, '1000000', '1e+06'],
    [0.0001, '0.0001', '0.0001'],
    [0.00001, '1e-05', '1e-05'],
    [-1.5e-7, '-1.5e-07', '-1.5e-07'],
    [0, '0', '0'],
    [1.25e100, '1.25e+100', null],
  ])('%d is spelled as PostgreSQL does', (number, double, float) => {
    expect(float64Text(number)).toBe(double)
    if (float !== null) expect(float32Text(Math.fround(number))).toBe(float)
  })
})
