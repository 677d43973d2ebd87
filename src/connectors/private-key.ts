// A private key that the environment names under a link's name, as PEM, with a password or without. What is wrong with it
// is said in our words: what OpenSSL says of a key may quote it.
import { type KeyObject, createPrivateKey } from 'node:crypto'
import { VarveError } from '../base/errors.ts'
import { type SecretPlace, linkSecret, secretName } from './link-secret.ts'

/** @throws VarveError VARVE_REFUSED: `pem`, which `what` names, is no key that can be read */
export async function privateKey(
  options: SecretPlace,
  { pem, what }: { readonly pem: string; readonly what: 'KEY' | 'SIGNING_KEY' },
): Promise<KeyObject> {
  const name = secretName(options.link, what)
  const passwordName = secretName(options.link, `${what}_PASSWORD`)
  const password = await linkSecret(options, `${what}_PASSWORD`)
  try {
    return createPrivateKey({
      key: pem,
      format: 'pem',
      ...(password === null ? {} : { passphrase: password }),
    })
  } catch {
    const why =
      password === null ? 'has a password, which is not given' : `does not open with ${passwordName}`
    throw /ENCRYPTED/.test(pem)
      ? unusable(
          `the key of ${name} ${why}`,
          name,
          `give its password as ${passwordName}, or in a file as ${passwordName}_FILE`,
        )
      : unusable(`${name} holds no private key`, name, "it is a PEM text: '-----BEGIN PRIVATE KEY-----'")
  }
}

/** What the variable `name` gives cannot serve. */
export function unusable(why: string, name: string, hint: string): VarveError {
  return new VarveError('VARVE_REFUSED', why, { data: { name }, hint })
}
