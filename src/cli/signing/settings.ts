// What the user's own settings say of signatures, under the names that Git has for it.
import type { SignatureFormat, SigningSettings, Trust } from '../../index.ts'
import { usage } from '../arguments.ts'

const formats: readonly SignatureFormat[] = ['openpgp', 'ssh', 'x509']
const trusts: readonly Trust[] = ['undefined', 'never', 'marginal', 'fully', 'ultimate']

/** Where a program is set, under each of its names. */
const programKeys: Readonly<Record<SignatureFormat, readonly string[]>> = {
  openpgp: ['gpg.openpgp.program', 'gpg.program'],
  ssh: ['gpg.ssh.program'],
  x509: ['gpg.x509.program'],
}

/** Settings that no repository may have: they name a program, or say whose word counts. */
export const ownSigningKeys: readonly string[] = [
  ...Object.values(programKeys).flat(),
  'gpg.ssh.allowedSignersFile',
  'gpg.ssh.revocationFile',
  'gpg.minTrustLevel',
]

/** Settings that count from either place. */
export const sharedSigningKeys: readonly string[] = [
  'commit.gpgSign',
  'tag.gpgSign',
  'gpg.format',
  'user.signingKey',
  'merge.verifySignatures',
]

/** @throws VarveError VARVE_USAGE */
export function signingSettings(config: ReadonlyMap<string, string>): SigningSettings {
  const text = <K extends string>(name: K, key: string): { [P in K]?: string } => {
    const value = config.get(key)
    return value === undefined || value === '' ? {} : ({ [name]: value } as { [P in K]?: string })
  }
  const programs: Partial<Record<SignatureFormat, string>> = {}
  for (const format of formats) {
    const key = programKeys[format].find((one) => config.get(one))
    if (key !== undefined) programs[format] = config.get(key)!
  }
  const format = oneOf(config, 'gpg.format', formats)
  const trustMin = oneOf(config, 'gpg.minTrustLevel', trusts)
  return {
    commits: isOn(config, 'commit.gpgSign'),
    tags: isOn(config, 'tag.gpgSign'),
    verifyMerges: isOn(config, 'merge.verifySignatures'),
    ...(format === undefined ? {} : { format }),
    ...(trustMin === undefined ? {} : { trustMin }),
    ...text('key', 'user.signingKey'),
    ...text('allowedSigners', 'gpg.ssh.allowedSignersFile'),
    ...text('revokedKeys', 'gpg.ssh.revocationFile'),
    programs,
  }
}

function oneOf<T extends string>(
  config: ReadonlyMap<string, string>,
  key: string,
  choices: readonly T[],
): T | undefined {
  const value = config.get(key)
  if (value === undefined) return undefined
  const found = choices.find((choice) => choice === value.toLowerCase())
  if (found !== undefined) return found
  throw usage(`'${key}' of your settings is one of ${choices.join(', ')}, not '${value}'`, hint(key))
}

function isOn(config: ReadonlyMap<string, string>, key: string): boolean {
  const value = config.get(key) ?? 'false'
  if (/^(true|yes|on|1)$/i.test(value)) return true
  if (/^(false|no|off|0|)$/i.test(value)) return false
  throw usage(`'${key}' of your settings is 'true' or 'false', not '${value}'`, hint(key))
}

function hint(key: string): string {
  return `'varve config --global --unset ${key}' goes back to the default`
}
