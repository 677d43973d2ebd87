// Endpoint, region, addressing and credentials, found where AWS's own tools find them.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { encodeKey, parseS3Url, placeOf } from '../../../src/http/s3/address.ts'
import { CredentialChain } from '../../../src/http/s3/credentials.ts'
import { findSettings } from '../../../src/http/s3/settings.ts'
import { listen } from '../../support/loopback.ts'
import { temporaryDir } from '../../support/temporary.ts'
import { faultOf } from './store.ts'

type Variables = Record<string, string>

function home(files: { config?: string; credentials?: string }): Variables {
  const dir = temporaryDir()
  mkdirSync(path.join(dir, '.aws'))
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(dir, '.aws', name), text)
  return { HOME: dir }
}

function found(environment: Variables): Promise<unknown> {
  return new CredentialChain(findSettings(environment)).current()
}

const url = parseS3Url('s3://bucket/pre')

function placed(environment: Variables): string {
  const settings = findSettings(environment)
  const place = placeOf(url, settings, settings.region ?? 'us-east-1')
  return place.origin + place.root
}

describe('the address', () => {
  test.each([
    ['s3://bucket', 'bucket', ''],
    ['s3://bucket/', 'bucket', ''],
    ['s3://my.bucket-1/a/b/', 'my.bucket-1', 'a/b/'],
    ['s3://bucket/a%20b c?x#y', 'bucket', 'a%20b c?x#y/'],
  ])('%s', (text, bucket, prefix) => {
    expect(parseS3Url(text)).toEqual({ bucket, prefix })
  })

  test.each([
    's3://',
    's3:///x',
    's3://key:secret@bucket/x',
    's3://a b/x',
    's3://bucket/a//b',
    's3://bucket/../x',
    's3://bucket/a/./b',
    `s3://bucket/${'x'.repeat(1000)}`,
  ])('%s is refused', async (text) => {
    expect(await faultOf((async () => parseS3Url(text))())).toMatch(
      /^VARVE_USAGE: .* does not name an S3 store/,
    )
  })

  test('every byte of a key that could mean something else is encoded', () => {
    expect(encodeKey("a b+c%/ü!'()*?#&=@:$,;")).toBe(
      'a%20b%2Bc%25/%C3%BC%21%27%28%29%2A%3F%23%26%3D%40%3A%24%2C%3B',
    )
  })
})

describe('where requests go', () => {
  const pathStyle = '[default]\ns3 =\n  addressing_style = path\n'
  const virtual =
    '[default]\nendpoint_url = https://store.example:9000/base\ns3 =\n  addressing_style = virtual\n'
  test.each<[string, Variables, string]>([
    ['nothing said', {}, 'https://bucket.s3.us-east-1.amazonaws.com'],
    ['AWS_REGION', { AWS_REGION: 'eu-west-1' }, 'https://bucket.s3.eu-west-1.amazonaws.com'],
    ['AWS_DEFAULT_REGION', { AWS_DEFAULT_REGION: 'eu-west-2' }, 'https://bucket.s3.eu-west-2.amazonaws.com'],
    ['a region of China', { AWS_REGION: 'cn-north-1' }, 'https://bucket.s3.cn-north-1.amazonaws.com.cn'],
    [
      'the profile’s region',
      home({ config: '[default]\nregion=eu-north-1\n' }),
      'https://bucket.s3.eu-north-1.amazonaws.com',
    ],
    ['path style', home({ config: pathStyle }), 'https://s3.us-east-1.amazonaws.com/bucket'],
    ['AWS_ENDPOINT_URL', { AWS_ENDPOINT_URL: 'http://127.0.0.1:9000' }, 'http://127.0.0.1:9000/bucket'],
    [
      'AWS_ENDPOINT_URL_S3 first',
      { AWS_ENDPOINT_URL: 'http://a', AWS_ENDPOINT_URL_S3: 'http://b/' },
      'http://b/bucket',
    ],
    [
      'the profile’s endpoint',
      home({ config: '[default]\nendpoint_url = http://c:1\n' }),
      'http://c:1/bucket',
    ],
    [
      'the services section',
      home({ config: '[default]\nservices = dev\n[services dev]\ns3 =\n  endpoint_url = http://d\n' }),
      'http://d/bucket',
    ],
    [
      'virtual-host style at an endpoint',
      home({ config: virtual }),
      'https://bucket.store.example:9000/base',
    ],
  ])('%s', (_, environment, where) => {
    expect(placed(environment)).toBe(where)
  })

  test.each<Variables>([
    { AWS_ENDPOINT_URL: 'ftp://x' },
    { AWS_ENDPOINT_URL: 'no url' },
    { AWS_ENDPOINT_URL: 'http://user:secret-canary@x' },
    { AWS_REGION: 'evil.example/' },
    home({ config: '[default]\ns3=\n addressing_style = sideways\n' }),
  ])('%j is refused', async (environment) => {
    expect(await faultOf((async () => findSettings(environment))())).toMatch(
      /^VARVE_REFUSED: .* is not usable/,
    )
  })

  test('certificates are read from AWS_CA_BUNDLE, and missing ones are an error', async () => {
    const file = path.join(temporaryDir(), 'ca.pem')
    expect(await faultOf((async () => findSettings({ AWS_CA_BUNDLE: file }))())).toMatch(
      /^VARVE_IO: cannot read the certificates/,
    )
    writeFileSync(file, 'PEM')
    expect(findSettings({ AWS_CA_BUNDLE: file }).ca).toBe('PEM')
  })
})

describe('credentials', () => {
  const files = {
    credentials: `# mine
[default]
aws_access_key_id = D
aws_secret_access_key = d/+=#;x   # a comment
[work]
aws_access_key_id=W
aws_secret_access_key=w
aws_session_token = t==
`,
    config:
      '[profile work]\nregion = eu-west-1\n[profile other]\naws_access_key_id = O\naws_secret_access_key = o\n',
  }
  test.each<[string, Variables, object | null]>([
    ['none', {}, null],
    ['variables', { AWS_ACCESS_KEY_ID: 'K', AWS_SECRET_ACCESS_KEY: 's' }, { id: 'K', secret: 's' }],
    [
      'variables before files, with a token',
      { ...home(files), AWS_ACCESS_KEY_ID: 'K', AWS_SECRET_ACCESS_KEY: 's', AWS_SESSION_TOKEN: 'x' },
      { id: 'K', secret: 's', token: 'x' },
    ],
    ['the default profile', home(files), { id: 'D', secret: 'd/+=#;x' }],
    ['AWS_PROFILE', { ...home(files), AWS_PROFILE: 'work' }, { id: 'W', secret: 'w', token: 't==' }],
    ['the config file', { ...home(files), AWS_PROFILE: 'other' }, { id: 'O', secret: 'o' }],
  ])('%s', async (_, environment, expected) => {
    const credentials = await found(environment)
    if (expected === null) expect(credentials).toBe(null)
    else expect(credentials).toMatchObject(expected)
  })

  test('files are where AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE say', async () => {
    const { HOME } = home(files)
    const environment = {
      AWS_SHARED_CREDENTIALS_FILE: `${HOME}/.aws/credentials`,
      AWS_CONFIG_FILE: `${HOME}/.aws/config`,
      AWS_PROFILE: 'work',
    }
    expect(await found(environment)).toMatchObject({ id: 'W' })
    expect(findSettings(environment).region).toBe('eu-west-1')
  })

  test.each<[string, Variables, RegExp]>([
    ['half of them', { AWS_ACCESS_KEY_ID: 'K' }, /AWS_SECRET_ACCESS_KEY is not set/],
    ['a profile that is not there', { ...home(files), AWS_PROFILE: 'wrok' }, /no AWS profile 'wrok'/],
    [
      'a role that needs a code',
      home({ config: '[default]\nrole_arn = arn:x\nsource_profile = y\nmfa_serial = z\n' }),
      /'mfa_serial', which is not supported/,
    ],
    ['SSO', home({ config: '[default]\nsso_session = x\n' }), /'sso_session', which is not supported/],
  ])('%s: refused with what to do', async (_, environment, message) => {
    const fault = await faultOf(found(environment))
    expect(fault).toMatch(/^VARVE_REFUSED/)
    expect(fault).toMatch(message)
  })

  test('a program that the profile names gives them, without a shell, and again before they run out', async () => {
    const dir = temporaryDir()
    const program = path.join(dir, 'give keys')
    const soon = new Date(Date.now() + 60_000).toISOString()
    writeFileSync(
      program,
      `#!/bin/sh\necho x >> "${dir}/runs"\nprintf '{"Version":1,"AccessKeyId":"P","SecretAccessKey":"%s","SessionToken":"%s","Expiration":"${soon}"}' "$1" "$2"\n`,
    )
    chmodSync(program, 0o755)
    const environment = {
      ...home({ config: `[default]\ncredential_process = "${program}" 'a b' $(id);x\n` }),
      PATH: '/usr/bin:/bin',
    }
    const chain = new CredentialChain(findSettings(environment))
    expect(await chain.current()).toMatchObject({ id: 'P', secret: 'a b', token: '$(id);x' })
    await chain.current()
    expect(readFileSync(path.join(dir, 'runs'), 'utf8').split('\n').length).toBeGreaterThan(2)
  })

  test.each([
    ['fails', '#!/bin/sh\necho secret-canary\necho secret-canary >&2\nexit 3\n'],
    ['prints no JSON', '#!/bin/sh\necho secret-canary\n'],
    ['prints half', '#!/bin/sh\necho \'{"AccessKeyId":"AKTEST"}\'\n'],
  ])('a program that %s is an error that repeats nothing of it', async (_, script) => {
    const program = path.join(temporaryDir(), 'keys')
    writeFileSync(program, script)
    chmodSync(program, 0o755)
    const environment = home({ config: `[default]\ncredential_process = ${program} --token secret-canary\n` })
    expect(await faultOf(found({ ...environment, PATH: '/bin' }))).toMatch(
      /^VARVE_REFUSED: the program .* gave no AWS credentials/,
    )
  })

  test('a container’s service gives them to who shows its token', async () => {
    const service = await listen(({ headers }) => ({
      status: headers['authorization'] === 'tok' ? 200 : 403,
      headers: {},
      body: Buffer.from('{"AccessKeyId":"C","SecretAccessKey":"c","Token":"t"}'),
    }))
    const AWS_CONTAINER_CREDENTIALS_FULL_URI = `${service.endpoint}/creds?x=1`
    const right = { AWS_CONTAINER_CREDENTIALS_FULL_URI, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'tok' }
    expect(await found(right)).toMatchObject({ id: 'C', secret: 'c', token: 't' })
    expect(await faultOf(found({ AWS_CONTAINER_CREDENTIALS_FULL_URI }))).toMatch(/^VARVE_REFUSED/)
  })

  test.each([
    'http://example.org/',
    'http://10.0.0.1/',
    'file:///etc/passwd',
    'http://127.0.0.1.evil.example/',
  ])('a container’s service is not asked at %s', async (AWS_CONTAINER_CREDENTIALS_FULL_URI) => {
    expect(await faultOf(found({ AWS_CONTAINER_CREDENTIALS_FULL_URI }))).toMatch(
      /^VARVE_REFUSED: the container service gave no AWS credentials/,
    )
  })
})
