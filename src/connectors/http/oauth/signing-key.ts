// The private key with which a link shows who asks for access tokens: PEM, a JSON Web Key (RFC 7517), or the key file of a
// service account as Google hands it out, which says whose it is too.
import { type KeyObject, X509Certificate, createPrivateKey } from 'node:crypto'
import { utf8 } from '../../../base/bytes.ts'
import { sha256Hex } from '../../../base/platform.ts'
import { type SecretPlace, linkSecret, secretName } from '../../link-secret.ts'
import { privateKey, unusable } from '../../private-key.ts'

const rsaBitsMin = 2048
const certificate = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/

export interface SigningKey {
  readonly key: KeyObject
  readonly algorithm: 'RS256' | 'ES256'
  /** The key's name, for the head of what it signs; null: it has none. */
  readonly keyId: string | null
  /** SHA-256 of the certificate that stands beside the key, base64url; null: none does. */
  readonly thumbprint: string | null
  /** SHA-256 of what was given, which tells keys apart. */
  readonly print: string
  /** Name of the service account that it is of; null: the key does not say. */
  readonly account: string | null
}

/** null: the environment names none. @throws VarveError VARVE_REFUSED for one that cannot serve */
export async function signingKey(options: SecretPlace): Promise<SigningKey | null> {
  const text = await linkSecret(options, 'SIGNING_KEY')
  if (text === null) return null
  const name = secretName(options.link, 'SIGNING_KEY')
  const found = /^\s*\{/.test(text) ? await fromJson(text, name, options) : await fromPem(text, name, options)
  return { ...found, algorithm: algorithmOf(found.key, name), print: sha256Hex(utf8(text)) }
}

type Found = Omit<SigningKey, 'algorithm' | 'print'>

async function fromPem(pem: string, name: string, options: SecretPlace): Promise<Found> {
  const key = await privateKey(options, { pem, what: 'SIGNING_KEY' })
  const [block] = certificate.exec(pem) ?? []
  return {
    key,
    keyId: null,
    thumbprint: block === undefined ? null : thumbprintOf(block, { key, name }),
    account: null,
  }
}

/** As Microsoft tells keys apart: by the certificate that was given to it. */
function thumbprintOf(
  block: string,
  { key, name }: { readonly key: KeyObject; readonly name: string },
): string {
  try {
    const own = new X509Certificate(block)
    if (own.checkPrivateKey(key))
      return Buffer.from(own.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url')
  } catch {
    // Said below.
  }
  throw unusable(`the certificate in ${name} is not that of its key`, name, 'take it out, or put its own in')
}

async function fromJson(text: string, name: string, options: SecretPlace): Promise<Found> {
  const said = parsed(text)
  const textAt = (field: string): string | null => {
    const value = said?.[field]
    return typeof value === 'string' && value !== '' ? value : null
  }
  const kind = textAt('type')
  if (kind === 'service_account') {
    const [pem, account] = [textAt('private_key'), textAt('client_email')]
    if (pem === null || account === null)
      throw noKeyFile(name, 'is cut: it has no key, or does not say whose')
    const key = await privateKey(options, { pem, what: 'SIGNING_KEY' })
    return { key, keyId: textAt('private_key_id'), thumbprint: null, account }
  }
  if (said !== null && textAt('kty') !== null)
    return { key: fromWebKey(said, name), keyId: textAt('kid'), thumbprint: null, account: null }
  // 'authorized_user', 'external_account', or one for web applications: none has a key.
  throw noKeyFile(name, kind === null ? 'is none' : `is for '${kind}'`)
}

function fromWebKey(said: Record<string, unknown>, name: string): KeyObject {
  try {
    return createPrivateKey({ key: said, format: 'jwk' })
  } catch {
    throw unusable(
      `${name} holds a JSON Web Key that is not a private one`,
      name,
      'give the key of the pair that is kept, not the one that the server was given',
    )
  }
}

function noKeyFile(name: string, why: string): Error {
  return unusable(
    `the key file that ${name} gives ${why}`,
    name,
    'it is a PEM text, a private JSON Web Key, or the file of a key that Google made for a service account: { "type": "service_account", … }',
  )
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return null
  }
}

function algorithmOf(
  { asymmetricKeyType, asymmetricKeyDetails }: KeyObject,
  name: string,
): SigningKey['algorithm'] {
  const { modulusLength = 0, namedCurve = '' } = asymmetricKeyDetails ?? {}
  if (asymmetricKeyType === 'rsa' && modulusLength >= rsaBitsMin) return 'RS256'
  if (asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return 'ES256'
  const size = asymmetricKeyType === 'rsa' ? ` of ${modulusLength} bits` : ''
  throw unusable(
    `the key of ${name} is of a kind that cannot sign: ${asymmetricKeyType} ${namedCurve}`.trimEnd() + size,
    name,
    `give one of RSA with ${rsaBitsMin} bits or more (RS256), or of the elliptic curve P-256 (ES256)`,
  )
}
