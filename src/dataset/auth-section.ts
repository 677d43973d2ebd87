// The setting 'auth' of a link to an HTTP API in varve.yaml: where access tokens are had (OAuth 2). Its secrets are in the
// environment.
import { isMap, isScalar } from 'yaml'
import { type FaultAt, nameOf } from './document.ts'
import { type HttpAuth, clientPlaces } from './http-auth.ts'

const settings = [
  'token_url',
  'scope',
  'audience',
  'client',
  'subject',
  'assertion_audience',
  'key_id',
] as const
type Setting = (typeof settings)[number]

export function authOf(value: unknown, endpoint: string, fault: FaultAt): HttpAuth {
  if (!isMap(value)) throw fault(value, "'auth' is not a map", "write it as 'auth: { token_url: https://… }'")
  if (!/^https?:/.test(endpoint)) throw fault(value, "'auth' is for links to HTTP APIs")
  const given = new Map<Setting, string>()
  for (const { key, value: found } of value.items) {
    const setting = settings.find((one) => one === nameOf(key))
    if (setting === undefined)
      throw fault(
        key,
        `unknown setting '${nameOf(key) ?? ''}'`,
        `known settings: ${settings.join(', ')}; secrets are in the environment: docs/HTTP-APIS.md says how`,
      )
    if (!isScalar(found) || typeof found.value !== 'string' || found.value === '')
      throw fault(found ?? key, `'${setting}' is not text`)
    given.set(setting, found.value)
  }
  const tokenUrl = given.get('token_url')
  if (tokenUrl === undefined || !isTokenUrl(tokenUrl))
    throw fault(value, "'token_url' is not the URL, https://…, where access tokens are had")
  const place = given.get('client')
  const client = clientPlaces.find((one) => one === place)
  if (place !== undefined && client === undefined)
    throw fault(value, `unknown 'client: ${place}'`, `known: ${clientPlaces.join(', ')}`)
  const texts = {
    scope: given.get('scope'),
    audience: given.get('audience'),
    subject: given.get('subject'),
    assertionAudience: given.get('assertion_audience'),
    keyId: given.get('key_id'),
  }
  return {
    tokenUrl,
    ...Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined)),
    ...(client === undefined ? {} : { client }),
  }
}

/** Without a user, whose password would be committed. */
function isTokenUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, hash } = new URL(text)
  return /^https?:$/.test(protocol) && username === '' && password === '' && hash === ''
}

/** As it is written down. */
export function authEntry({ tokenUrl, assertionAudience, keyId, ...rest }: HttpAuth): Record<string, string> {
  return {
    token_url: tokenUrl,
    ...rest,
    ...(assertionAudience === undefined ? {} : { assertion_audience: assertionAudience }),
    ...(keyId === undefined ? {} : { key_id: keyId }),
  }
}
