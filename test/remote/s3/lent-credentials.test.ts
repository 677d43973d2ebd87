// Credentials that are lent: by a machine's metadata service and by a token service, both on loopback.
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { CredentialChain } from '../../../src/http/s3/credentials.ts'
import { findSettings } from '../../../src/http/s3/settings.ts'
import { type Loopback, listen } from '../../support/loopback.ts'
import { temporaryDir } from '../../support/temporary.ts'
import { faultOf } from './store.ts'

type Variables = Record<string, string>

const found = (environment: Variables): Promise<unknown> =>
  new CredentialChain(findSettings(environment)).current()

const answer = (body: string, status = 200): { status: number; headers: {}; body: Buffer } => ({
  status,
  headers: {},
  body: Buffer.from(body),
})

const rolePath = '/latest/meta-data/iam/security-credentials/'

/** As IMDSv2: what is asked without a session's token is refused. */
function machine(role: string, keys: string): Promise<Loopback> {
  return listen(({ method, path: asked, headers }) => {
    if (asked === '/latest/api/token')
      return method === 'PUT' && Number(headers['x-aws-ec2-metadata-token-ttl-seconds']) > 0
        ? answer('session-1')
        : answer('', 400)
    if (headers['x-aws-ec2-metadata-token'] !== 'session-1') return answer('', 401)
    if (asked === rolePath) return role === '' ? answer('', 404) : answer(`${role}\n`)
    return asked === rolePath + role ? answer(keys) : answer('', 404)
  })
}

const keys =
  '{"Code":"Success","AccessKeyId":"I","SecretAccessKey":"i","Token":"it","Expiration":"2099-01-01T00:00:00Z"}'

test('a machine in the cloud gives those of its role', async () => {
  const { endpoint } = await machine('web-server', keys)
  const here = { AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoint }
  expect(await found(here)).toMatchObject({
    id: 'I',
    secret: 'i',
    token: 'it',
    expiresMs: Date.parse('2099-01-01T00:00:00Z'),
    source: "the role 'web-server' of this machine",
  })
  expect(await found({ ...here, AWS_EC2_METADATA_DISABLED: 'true' })).toBeNull()
})

test('a machine without a role, and one where nobody answers, have none', async () => {
  const { endpoint } = await machine('', keys)
  expect(await found({ AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoint })).toBeNull()
  expect(await found({ AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:9' })).toBeNull()
})

test('a role whose name leads elsewhere, and an answer that holds no keys, are refused', async () => {
  const odd = await machine('../../secrets', keys)
  expect(await faultOf(found({ AWS_EC2_METADATA_SERVICE_ENDPOINT: odd.endpoint }))).toMatch(/^VARVE_REFUSED/)
  const empty = await machine('web', '{"Code":"AssumeRoleUnauthorizedAccess"}')
  expect(await faultOf(found({ AWS_EC2_METADATA_SERVICE_ENDPOINT: empty.endpoint }))).toMatch(
    /^VARVE_REFUSED/,
  )
})

const lent = (id: string): string =>
  `<R><AssumeRoleResult><Credentials><AccessKeyId>${id}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></R>`

/** Says what it was asked in the id that it gives. */
function tokenService(): Promise<Loopback> {
  return listen(({ method, headers, body }) => {
    const words = new URLSearchParams(body.toString())
    if (method !== 'POST') return answer('', 405)
    if (words.get('RoleArn') === 'arn:closed')
      return answer('<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>', 403)
    const by = /Credential=([^/]+)\/\d+\/([^/]+)\/sts\//.exec(String(headers['authorization'] ?? ''))
    const shown =
      words.get('Action') === 'AssumeRole' ? `${by?.[1]}@${by?.[2]}` : words.get('WebIdentityToken')
    return answer(lent(`${words.get('RoleArn')} by ${shown} ${words.get('ExternalId') ?? ''}`.trim()))
  })
}

function home(config: string): Variables {
  const dir = temporaryDir()
  mkdirSync(path.join(dir, '.aws'))
  writeFileSync(path.join(dir, '.aws/config'), config)
  return { HOME: dir }
}

test('a profile’s role is lent to the keys of the profile that it names, over several', async () => {
  const { endpoint: AWS_ENDPOINT_URL_STS } = await tokenService()
  const config = [
    '[default]\nrole_arn = arn:two\nsource_profile = middle\nexternal_id = ext\nregion = eu-west-1',
    '[profile middle]\nrole_arn = arn:one\nsource_profile = base',
    '[profile base]\naws_access_key_id = BASE\naws_secret_access_key = b',
  ].join('\n')
  expect(await found({ ...home(config), AWS_ENDPOINT_URL_STS })).toMatchObject({
    id: 'arn:two by arn:one by BASE@eu-west-1@eu-west-1 ext',
    token: 't',
    source: "the role 'arn:two'",
  })
})

test('a role is lent to the machine’s own credentials, and to a cluster’s identity token', async () => {
  const { endpoint: AWS_ENDPOINT_URL_STS } = await tokenService()
  const { endpoint: AWS_EC2_METADATA_SERVICE_ENDPOINT } = await machine('web', keys)
  const config = '[default]\nrole_arn = arn:r\ncredential_source = Ec2InstanceMetadata\n'
  const machineOwn = { ...home(config), AWS_ENDPOINT_URL_STS, AWS_EC2_METADATA_SERVICE_ENDPOINT }
  expect(await found(machineOwn)).toMatchObject({ id: 'arn:r by I@us-east-1' })
  const AWS_WEB_IDENTITY_TOKEN_FILE = path.join(temporaryDir(), 'token')
  writeFileSync(AWS_WEB_IDENTITY_TOKEN_FILE, 'jwt\n')
  const cluster = { AWS_ROLE_ARN: 'arn:pod', AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ENDPOINT_URL_STS }
  expect(await found(cluster)).toMatchObject({ id: 'arn:pod by jwt' })
  const gone = { ...cluster, AWS_WEB_IDENTITY_TOKEN_FILE: `${AWS_WEB_IDENTITY_TOKEN_FILE}-gone` }
  expect(await faultOf(found(gone))).toMatch(/^VARVE_IO: cannot read the identity token .*: no such file/)
})

test.each([
  [
    'is refused',
    'role_arn = arn:closed\nsource_profile = base',
    /'arn:closed' cannot be assumed \(AccessDenied\)/,
  ],
  ['has no source', 'role_arn = arn:r', /has nothing to ask for its role with/],
  [
    'goes round in a circle',
    'role_arn = arn:r\nsource_profile = other',
    /has nothing to ask for its role with/,
  ],
])('a role that %s is an error', async (_, settings, message) => {
  const { endpoint: AWS_ENDPOINT_URL_STS } = await tokenService()
  const config = `[default]\n${settings}\n[profile base]\naws_access_key_id = B\naws_secret_access_key = b\n[profile other]\nrole_arn = arn:o\nsource_profile = default\n`
  const fault = await faultOf(found({ ...home(config), AWS_ENDPOINT_URL_STS }))
  expect(fault).toMatch(/^VARVE_REFUSED/)
  expect(fault).toMatch(message)
})
