// Credentials of a role, lent for a while by Amazon's token service (STS), or by a store that speaks its two requests: to
// whoever shows credentials that may take the role, or a token of another identity that it trusts (as clusters give one
// to their programs).
import { AwsV4Signer } from 'aws4fetch'
import { VarveError } from '../../base/errors.ts'
import { randomHex } from '../../base/platform.ts'
import { utf8 } from '../../base/bytes.ts'
import { HttpClient } from '../client.ts'
import { proxyFor } from '../proxy.ts'
import type { Credentials } from './credential-sources.ts'
import { type S3Settings, value } from './settings.ts'
import { type XmlElement, childText, parseXml } from './xml.ts'
import { readTokenFile } from './token-file.ts'

const answerBytesMax = 64 << 10
const secondsMin = 900

export interface Role {
  readonly arn: string
  readonly sessionName: string | null
  readonly externalId: string | null
  readonly seconds: number | null
}

/** @throws VarveError VARVE_REFUSED when it is not given to them */
export async function assumeRole(role: Role, by: Credentials, settings: S3Settings): Promise<Credentials> {
  const words = {
    ...wordsOf('AssumeRole', role),
    ...(role.externalId === null ? {} : { ExternalId: role.externalId }),
  }
  return ask(role, words, settings, async (url, body) => {
    const signer = new AwsV4Signer({
      method: 'POST',
      url,
      body,
      headers: form,
      accessKeyId: by.id,
      secretAccessKey: by.secret,
      ...(by.token === undefined ? {} : { sessionToken: by.token }),
      service: 'sts',
      region: regionOf(settings),
    })
    return Object.fromEntries((await signer.sign()).headers)
  })
}

export async function assumeRoleWithToken(
  role: Role,
  tokenFile: string,
  settings: S3Settings,
): Promise<Credentials> {
  const WebIdentityToken = readTokenFile(
    tokenFile,
    'AWS_WEB_IDENTITY_TOKEN_FILE, or web_identity_token_file in the AWS config file,',
  )
  const words = { ...wordsOf('AssumeRoleWithWebIdentity', role), WebIdentityToken }
  return ask(role, words, settings, async () => form)
}

const form = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }

function wordsOf(action: string, { arn, sessionName, seconds }: Role): Record<string, string> {
  return {
    Action: action,
    Version: '2011-06-15',
    RoleArn: arn,
    RoleSessionName: sessionName ?? `varve-${randomHex(8)}`,
    ...(seconds === null ? {} : { DurationSeconds: String(Math.max(secondsMin, seconds)) }),
  }
}

async function ask(
  role: Role,
  words: Readonly<Record<string, string>>,
  settings: S3Settings,
  headersFor: (url: string, body: string) => Promise<Readonly<Record<string, string>>>,
): Promise<Credentials> {
  const url = endpointOf(settings)
  const body = new URLSearchParams(words).toString()
  const client = new HttpClient(url.origin, {
    ca: settings.ca,
    proxy: proxyFor(url.origin, settings.environment),
  })
  try {
    const answer = await client.send({
      method: 'POST',
      path: url.pathname,
      headers: () => headersFor(url.href, body),
      body: utf8(body),
      bytesMax: answerBytesMax,
      expected: [400, 403],
    })
    const root = parseXml(answer.body)
    if (answer.status !== 200) throw refused(role, childText(deep(root, 'Error') ?? root, 'Code') ?? '')
    return readAnswer(role, root)
  } finally {
    await client.close()
  }
}

function readAnswer(role: Role, root: XmlElement): Credentials {
  const found = deep(root, 'Credentials')
  const part = (name: string): string | null =>
    found === null ? null : value(childText(found, name) ?? undefined)
  const [id, secret, token] = [part('AccessKeyId'), part('SecretAccessKey'), part('SessionToken')]
  if (id === null || secret === null || token === null) throw refused(role, '')
  const expiresMs = Date.parse(part('Expiration') ?? '')
  const source = `the role '${role.arn}'`
  return { id, secret, token, source, ...(Number.isNaN(expiresMs) ? {} : { expiresMs }) }
}

/** The first element of that name at or below `element`. */
function deep(element: XmlElement, name: string): XmlElement | null {
  if (element.name === name) return element
  for (const child of element.children) {
    const found = deep(child, name)
    if (found !== null) return found
  }
  return null
}

function endpointOf(settings: S3Settings): URL {
  const { environment } = settings
  const given = value(environment['AWS_ENDPOINT_URL_STS']) ?? value(environment['AWS_ENDPOINT_URL'])
  const url = given ?? `https://sts.${regionOf(settings)}.amazonaws.com`
  if (URL.canParse(url) && ['http:', 'https:'].includes(new URL(url).protocol)) return new URL(url)
  throw new VarveError('VARVE_USAGE', 'AWS_ENDPOINT_URL_STS is not the URL of a token service', {
    hint: 'it begins with https://, as in https://sts.eu-west-1.amazonaws.com',
  })
}

function regionOf({ region }: S3Settings): string {
  return region ?? 'us-east-1'
}

function refused({ arn }: Role, code: string): VarveError {
  const why = /^\w{1,64}$/.test(code) ? ` (${code})` : ''
  return new VarveError('VARVE_REFUSED', `the AWS role '${arn}' cannot be assumed${why}`, {
    data: { role: arn },
    hint: 'see who may assume it, and which profile or token asks for it',
  })
}
