// APIs whose access tokens are had by what a key has signed: a service account's file as Google hands it out, and keys of
// clients. The server checks all of it (token-server.ts).
import { X509Certificate, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isVarveError } from '../../src/base/errors.ts'
import { authEntry } from '../../src/dataset/auth-section.ts'
import { parseConfig } from '../../src/dataset/config.ts'
import type { HttpAuth } from '../../src/dataset/interface.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { Receipt } from '../../src/sync/interface.ts'
import { makeCertificate, hasOpenssl, withoutOpenssl } from '../support/certificate.ts'
import { fault, faultWithHint } from '../support/fault.ts'
import { oneRound } from '../support/one-round.ts'
import { runHere } from '../support/run-here.ts'
import { temporaryDir } from '../support/temporary.ts'
import { TokenServer, type TokenServerOptions } from '../support/token-server.ts'

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const pem = (key: typeof rsa.privateKey): string => String(key.export({ type: 'pkcs8', format: 'pem' }))
/** Another one for each test: tokens are held for as long as the process runs. */
let robot: string
let server: TokenServer
let clockMs: number
let instead: NonNullable<TokenServerOptions['instead']>

beforeEach(async () => {
  robot = `robot-${Math.random()}@acme.iam.gserviceaccount.com`
  clockMs = 0
  instead = () => undefined
  server = await TokenServer.start({
    keys: {
      [robot]: { key: rsa.publicKey, algorithm: 'RS256' },
      [`client ${robot}`]: { key: ec.publicKey, algorithm: 'ES256' },
      [`app ${robot}`]: { key: rsa.publicKey, algorithm: 'RS256', audience: 'https://login.example.org' },
    },
    clockMs: () => clockMs,
    instead: (...given) => instead(...given),
  })
})
afterEach(() => server[Symbol.asyncDispose]())

/** As Google hands it out. */
function keyFile(more: object = {}): string {
  return JSON.stringify(
    {
      type: 'service_account',
      project_id: 'acme',
      private_key_id: '8f9c31',
      private_key: pem(rsa.privateKey),
      client_email: robot,
      client_id: '1049',
      auth_uri: 'https://accounts.google.com/o/oauth2/auth',
      token_uri: 'https://oauth2.googleapis.com/token',
      auth_provider_x509_cert_url: 'https://www.googleapis.com/oauth2/v1/certs',
      universe_domain: 'googleapis.com',
      ...more,
    },
    null,
    2,
  )
}

function stored(text: string): string {
  const file = path.join(temporaryDir(), 'key')
  fs.writeFileSync(file, text, { mode: 0o600 })
  return file
}

function sync(auth: Partial<HttpAuth>, secrets: Readonly<Record<string, string>>): Promise<Receipt> {
  const environment = Object.fromEntries(
    Object.entries(secrets).map(([name, value]) => [`VARVE_LINK_CRM_${name}`, value]),
  )
  const link = {
    name: 'crm',
    endpoint: server.origin,
    mode: 'capture' as const,
    tables: ['people'],
    into: 'crm',
    branch: 'main',
    auth: { tokenUrl: server.tokenUrl, ...auth },
  }
  return oneRound(MemoryStore.create(), link, environment)
}

test("a service account's key file is used as it was downloaded, and a token of it is held for the next round", async () => {
  const secrets = { SIGNING_KEY_FILE: stored(keyFile()) }
  expect((await sync({ scope: 'sheets.readonly' }, secrets)).tables[0]).toMatchObject({ read: 1 })
  await sync({ scope: 'sheets.readonly' }, secrets)
  expect(server.asked).toEqual([{ grant_type: jwtBearer, assertion: expect.any(String) as string }])
  const { head, claims } = server.presented[0]!
  expect(head).toEqual({ alg: 'RS256', typ: 'JWT', kid: '8f9c31' })
  expect(claims).toMatchObject({ iss: robot, aud: server.tokenUrl, scope: 'sheets.readonly' })
  expect(claims).not.toHaveProperty('sub')
  expect(new Set(server.shown)).toEqual(new Set(['Bearer t1']))
})

test('with a subject it acts for a person', async () => {
  await sync({ subject: 'ada@acme.org' }, { SIGNING_KEY: keyFile() })
  expect(server.presented[0]!.claims).toMatchObject({ iss: robot, sub: 'ada@acme.org' })
})

test("a client's key stands in for its secret, for itself and with a refresh token", async () => {
  const id = `client ${robot}`
  const secrets = { CLIENT_ID: id, SIGNING_KEY_FILE: stored(pem(ec.privateKey)) }
  await sync({ scope: 'read', audience: 'crm', keyId: 'k1' }, secrets)
  expect(server.asked).toEqual([
    {
      grant_type: 'client_credentials',
      scope: 'read',
      audience: 'crm',
      client_id: id,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: expect.any(String) as string,
    },
  ])
  expect(server.presented[0]).toMatchObject({
    head: { alg: 'ES256', kid: 'k1' },
    claims: { iss: id, sub: id },
  })
  expect(server.presented[0]!.claims).not.toHaveProperty('scope')
  await sync({}, { ...secrets, REFRESH_TOKEN: 'r1' })
  expect(server.asked[1]).toMatchObject({ grant_type: 'refresh_token', refresh_token: 'r1', client_id: id })
})

test('a key signs for a subject under the name that the server gives itself, as Salesforce wants it', async () => {
  const auth = { subject: 'ada@acme.org', assertionAudience: 'https://login.example.org', scope: 'api' }
  await sync(auth, { CLIENT_ID: `app ${robot}`, SIGNING_KEY: pem(rsa.privateKey) })
  expect(server.asked[0]).toEqual({
    grant_type: jwtBearer,
    scope: 'api',
    assertion: expect.any(String) as string,
  })
  expect(server.presented[0]!.claims).toMatchObject({ sub: 'ada@acme.org', aud: 'https://login.example.org' })
})

test('a JSON Web Key has its name, and a key with a password opens with it', async () => {
  const id = `client ${robot}`
  const key = JSON.stringify({ ...ec.privateKey.export({ format: 'jwk' }), kid: 'mine' })
  await sync({}, { CLIENT_ID: id, SIGNING_KEY: key })
  const closed = ec.privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'sesame',
  })
  await sync({}, { CLIENT_ID: id, SIGNING_KEY: String(closed), SIGNING_KEY_PASSWORD: 'sesame' })
  expect(server.presented.map(({ head }) => head['kid'])).toEqual(['mine', undefined])
  const without = sync({}, { CLIENT_ID: id, SIGNING_KEY: String(closed) })
  expect(await fault(without)).toMatch(/SIGNING_KEY has a password, which is not given/)
})

test.skipIf(!hasOpenssl)(
  `a certificate beside the key names it, as Microsoft wants it${withoutOpenssl}`,
  async () => {
    const { certificate, key } = makeCertificate(temporaryDir(), 'DNS:localhost')
    const [one, other] = [certificate, key].map((file) => fs.readFileSync(file, 'utf8'))
    const own = { key: createPublicKey(createPrivateKey(other!)), algorithm: 'RS256' }
    await using entra = await TokenServer.start({ keys: { [robot]: own } })
    const auth = { tokenUrl: entra.tokenUrl }
    await sync(auth, { CLIENT_ID: robot, SIGNING_KEY: `${other}${one}` })
    const print = new X509Certificate(one!).fingerprint256.replaceAll(':', '')
    expect(Buffer.from(String(entra.presented[0]!.head['x5t#S256']), 'base64url').toString('hex')).toBe(
      print.toLowerCase(),
    )
    const mixed = sync(auth, { CLIENT_ID: robot, SIGNING_KEY: `${pem(rsa.privateKey)}${one}` })
    expect(await fault(mixed)).toMatch(/^VARVE_REFUSED: the certificate in VARVE_LINK_CRM_SIGNING_KEY is not/)
  },
)

test('a server that was busy is shown another assertion than the one it may have used up', async () => {
  instead = (n) => (n === 1 ? { status: 503, body: {} } : undefined)
  await sync({}, { SIGNING_KEY: keyFile() })
  const ids = server.presented.map(({ claims }) => claims['jti'])
  expect([ids.length, new Set(ids).size]).toEqual([2, 2])
})

test('clocks that differ by a little are no matter, and by much are named', async () => {
  const round = (): Promise<Receipt> => sync({ scope: String(Math.random()) }, { SIGNING_KEY: keyFile() })
  for (const ms of [-25_000, 0, 120_000]) {
    clockMs = ms
    await round()
  }
  clockMs = 600_000
  expect(await fault(round())).toMatch(
    /^VARVE_REFUSED: .* answers 400: Invalid JWT: .* timeframe\.; the clock of this computer is 1\d minutes behind that server's$/,
  )
  clockMs = -600_000
  expect(await fault(round())).toMatch(/the clock of this computer is 1\d minutes ahead of that server's$/)
})

test('a refusal says what the server says, what to look at, and no secret', async () => {
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const wrong = sync({}, { SIGNING_KEY: keyFile({ private_key: pem(other.privateKey) }) })
  expect(await faultWithHint(wrong)).toBe(
    `VARVE_REFUSED: no access token: '${server.tokenUrl}' answers 400: Invalid JWT Signature. (check VARVE_LINK_CRM_SIGNING_KEY, and 'token_url', 'scope', 'subject', 'assertion_audience' and 'key_id' of the link's 'auth' in varve.yaml)`,
  )
  const strange = sync({ assertionAudience: 'https://elsewhere.example.org' }, { SIGNING_KEY: keyFile() })
  expect(await fault(strange)).toMatch(/answers 400: Invalid JWT audience\.$/)
  instead = (_, __, assertion) => ({
    status: 401,
    body: { error: 'invalid_grant', error_description: `what of ${assertion}?` },
  })
  expect(await fault(sync({}, { SIGNING_KEY: keyFile() }))).toMatch(/\(401\): what of …\?$/)
  expect(server.shown).toEqual([])
})

test('a key that is none, or cannot sign, is refused by name before anything is asked', async () => {
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const edwards = generateKeyPairSync('ed25519')
  const large = generateKeyPairSync('ec', { namedCurve: 'secp384r1' })
  const publicOne = { ...ec.publicKey.export({ format: 'jwk' }), kid: 'mine' }
  const cases: readonly (readonly [string, RegExp])[] = [
    ['s3cret', /SIGNING_KEY holds no private key/],
    [String(rsa.publicKey.export({ type: 'spki', format: 'pem' })), /SIGNING_KEY holds no private key/],
    [pem(small.privateKey), /cannot sign: rsa of 1024 bits/],
    [pem(edwards.privateKey), /cannot sign: ed25519/],
    [pem(large.privateKey), /cannot sign: ec secp384r1/],
    [JSON.stringify(publicOne), /a JSON Web Key that is not a private one/],
    [keyFile({ private_key: 's3cret' }), /SIGNING_KEY holds no private key/],
    [keyFile({ private_key: undefined }), /is cut/],
    ['{ "type": "authorized_user", "refresh_token": "s3cret" }', /is for 'authorized_user'/],
    ['{ "installed": { "client_secret": "s3cret" } }', /is none/],
    ['{ "type": "service_acc', /is none/],
  ]
  for (const [text, why] of cases) {
    const error: unknown = await sync({}, { CLIENT_ID: robot, SIGNING_KEY: text }).catch(
      (one: unknown) => one,
    )
    expect(error).toMatchObject({ code: 'VARVE_REFUSED', message: expect.stringMatching(why) as string })
    if (isVarveError(error))
      expect(`${error.message} ${error.hint} ${JSON.stringify(error.data)}`).not.toMatch(/s3cret/)
  }
  const key = pem(ec.privateKey)
  expect(await fault(sync({}, { SIGNING_KEY: key }))).toMatch(/VARVE_LINK_CRM_CLIENT_ID is not set/)
  const two = sync({}, { CLIENT_ID: robot, CLIENT_SECRET: 'x', SIGNING_KEY: key })
  expect(await fault(two)).toMatch(/^VARVE_USAGE: .*SIGNING_KEY and .*CLIENT_SECRET both say who asks/)
  const three = sync({}, { REFRESH_TOKEN: 'r1', SIGNING_KEY: keyFile() })
  expect(await fault(three)).toMatch(/^VARVE_USAGE: .*SIGNING_KEY and .*REFRESH_TOKEN both say who asks/)
  const nobody = sync({ subject: 'ada' }, { CLIENT_ID: robot, CLIENT_SECRET: 'x' })
  expect(await fault(nobody)).toMatch(/VARVE_LINK_CRM_SIGNING_KEY is not set/)
  expect(server.asked).toEqual([])
})

test("what 'auth' says of a key is read, and written down as it was", () => {
  const text = '{ token_url: https://a/token, subject: ada, assertion_audience: https://a, key_id: k1 }'
  const { auth } = parseConfig(
    `links: { crm: { endpoint: 'https://api.example.org', mode: capture, tables: [ people ], auth: ${text} } }`,
  ).links.get('crm')!
  const read = { tokenUrl: 'https://a/token', subject: 'ada', assertionAudience: 'https://a', keyId: 'k1' }
  expect(auth).toEqual(read)
  expect(authEntry(read)).toEqual({
    token_url: 'https://a/token',
    subject: 'ada',
    assertion_audience: 'https://a',
    key_id: 'k1',
  })
})

test('a command line adds such a link, and nothing of the key is kept', async () => {
  const dir = temporaryDir()
  const env = { VARVE_LINK_CRM_SIGNING_KEY_FILE: stored(keyFile()) }
  await runHere(['init', '-q'], dir, env)
  const added = ['link', 'add', 'crm', server.origin, '--tables', 'people', '--mode', 'capture']
  const auth = ['--token-url', server.tokenUrl, '--scope', 'sheets']
  expect(await runHere([...added, ...auth], dir, env)).toMatchObject({ code: 0 })
  expect(server.presented[0]!.claims).toMatchObject({ iss: robot, scope: 'sheets' })
  const declared = fs.readFileSync(path.join(dir, 'varve.yaml'), 'utf8')
  for (const secret of ['PRIVATE', robot, '8f9c31']) expect(declared).not.toContain(secret)
})
