// Whom a link trusts, and what it shows of itself: certificates in PEM that the environment names under the link's name,
// alike for all kinds of endpoints. What is named is read here, and proved to be what it should be, so that no driver has
// to say in its own words what is wrong with a file. Nothing here lets a certificate pass unchecked.
import { X509Certificate } from 'node:crypto'
import { VarveError } from '../../base/errors.ts'
import type { ConnectorOptions } from '../interface.ts'
import { type SecretPlace, linkSecret, secretName } from '../link-secret.ts'
import { privateKey, unusable } from '../private-key.ts'

/** For drivers, which hand it on to Node's `tls.connect`. */
export interface LinkTls {
  /** Said, so that no variable of the environment can say otherwise. */
  readonly rejectUnauthorized: true
  /** Trusted instead of the usual ones. */
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

/** Bundles of all usual certificates have some 250 KB. */
const certificatesBytesMax = 4 << 20
const block = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]*-----END (?:TRUSTED )?CERTIFICATE-----/g

type Named = Pick<ConnectorOptions, 'environment'> & { readonly link?: string | undefined }

/** null where the environment names nothing. @throws VarveError VARVE_REFUSED for files that cannot serve */
export async function linkTls({ link, environment }: Named): Promise<LinkTls | null> {
  if (link === undefined) return null
  const options = { link, environment }
  const ca = await linkSecret(options, 'CA', certificatesBytesMax)
  const cert = await linkSecret(options, 'CERT', certificatesBytesMax)
  const key = await linkSecret(options, 'KEY')
  if (ca === null && cert === null && key === null) return null
  if (ca !== null) parsedCertificates(ca, secretName(link, 'CA'))
  return {
    rejectUnauthorized: true,
    ...(ca === null ? {} : { ca }),
    ...(await ownCertificate(options, cert, key)),
  }
}

/** For an endpoint whose URL says whether it is encrypted; null: it is not. @throws VarveError VARVE_USAGE, VARVE_REFUSED */
export async function schemeTls(
  options: Named,
  { isTls, encrypted }: { readonly isTls: boolean; readonly encrypted: string },
): Promise<LinkTls | null> {
  const given = await linkTls(options)
  if (isTls) return given ?? { rejectUnauthorized: true }
  if (given === null) return null
  throw contradiction(
    options,
    `the URL asks for a connection without TLS`,
    `let the URL begin with '${encrypted}'`,
  )
}

/** The environment says whom to trust or what to show, and the URL that it does not matter. */
export function contradiction({ link = '' }: Named, why: string, hint: string): VarveError {
  return new VarveError('VARVE_USAGE', `certificates are named for '${link}', and ${why}`, {
    data: { link },
    hint: `${hint}, or take ${['CA', 'CERT', 'KEY'].map((what) => secretName(link, what)).join(', ')} (or …_FILE) away`,
  })
}

async function ownCertificate(
  options: SecretPlace,
  cert: string | null,
  key: string | null,
): Promise<Pick<LinkTls, 'cert' | 'key'>> {
  if (cert === null && key === null) return {}
  const [certName, keyName] = ['CERT', 'KEY'].map((what) => secretName(options.link, what))
  if (cert === null || key === null) {
    const [there, missing] = key === null ? [certName, keyName] : [keyName, certName]
    throw unusable(
      `${there} is given, and ${missing} is not`,
      missing!,
      `give the file of the other as ${missing}_FILE`,
    )
  }
  const [own] = parsedCertificates(cert, certName!)
  const proof = await privateKey(options, { pem: key, what: 'KEY' })
  if (!own!.checkPrivateKey(proof))
    throw unusable(
      `the key of ${keyName} is not that of the certificate of ${certName}`,
      keyName!,
      'check the two files',
    )
  return { cert, key: String(proof.export({ type: 'pkcs8', format: 'pem' })) }
}

function parsedCertificates(pem: string, name: string): X509Certificate[] {
  const blocks = pem.match(block) ?? []
  try {
    if (blocks.length > 0) return blocks.map((one) => new X509Certificate(one))
  } catch {
    // Said below.
  }
  throw unusable(
    `${name} holds no certificate that can be read`,
    name,
    "it is a PEM text: '-----BEGIN CERTIFICATE-----'",
  )
}
