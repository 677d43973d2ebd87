// Configuration kept in the manifest: 'section.name' or 'section.sub.name'. No key of it ever names a program to run.
import { VarveError } from '../base/errors.ts'
import { PathFilter } from '../files/path-filter.ts'

const keyPattern = /^[a-z][a-z0-9-]*(\.[^\s=]+)?\.[a-zA-Z][a-zA-Z0-9-]*$/
const valueBytesMax = 4096
const checkNames = /^[\w./-]{1,100}( *, *[\w./-]{1,100})*$/
const switches: readonly string[] = [
  'core.fileMode',
  'core.symlinks',
  'core.ignoreCase',
  'rerere.enabled',
  'rerere.autoCommit',
  'partial.lazy',
  'log.mailmap',
  'commit.gpgSign',
  'tag.gpgSign',
  'merge.verifySignatures',
]

/** Known in the user's own settings alone (src/cli/config/user-config.ts). */
const programs: readonly string[] = [
  'core.editor',
  'core.pager',
  'gpg.program',
  'gpg.openpgp.program',
  'gpg.ssh.program',
  'gpg.x509.program',
]

/** Likewise: a repository that names the people whose signatures are good would vouch for itself. */
const trusted: readonly string[] = [
  'gpg.ssh.allowedSignersFile',
  'gpg.ssh.revocationFile',
  'gpg.minTrustLevel',
]

const signatureFormats: readonly string[] = ['openpgp', 'ssh', 'x509']

/** @throws VarveError VARVE_USAGE */
export function checkConfig(key: string, value: string | null): void {
  if (!keyPattern.test(key) || key.length > 255) {
    throw new VarveError('VARVE_USAGE', `'${key}' is not a configuration key`, {
      hint: 'write it as SECTION.NAME: \'varve config user.name "Your Name"\'',
    })
  }
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (value !== null && (value.length > valueBytesMax || /[\u0000-\u001f\u007f]/.test(value))) {
    throw new VarveError('VARVE_USAGE', `the value of '${key}' is too long or has control characters`, {
      hint: `a value is one line of at most ${valueBytesMax} characters`,
    })
  }
  if (key.startsWith('worktree.'))
    throw new VarveError('VARVE_USAGE', `'${key}' belongs to a worktree`, {
      hint: "'varve worktree' changes it",
    })
  if (programs.includes(key) && value !== null)
    throw new VarveError('VARVE_USAGE', `'${key}' names a program: no repository may`, {
      hint: `set it in your own settings: 'varve config --global ${key} NAME'`,
    })
  if (trusted.includes(key) && value !== null)
    throw new VarveError('VARVE_USAGE', `'${key}' says whose signatures are good: no repository may`, {
      hint: `set it in your own settings: 'varve config --global ${key} VALUE'`,
    })
  if (key === 'gpg.format' && value !== null && !signatureFormats.includes(value))
    throw unfit(key, value, `one of ${signatureFormats.join(', ')}`)
  // A filter that cannot be read would keep the repository from being opened.
  if (key === 'partial.filter' && value !== null) PathFilter.parse(value)
  if (key === 'partial.limit' && value !== null && !/^\d{1,15}$/.test(value))
    throw unfit(key, value, 'a number of bytes')
  if (key === 'gc.auto' && value !== null && !/^\d{1,9}$/.test(value))
    throw unfit(key, value, 'a number of small packs, 0 for never')
  if (switches.includes(key) && value !== null && value !== 'true' && value !== 'false')
    throw unfit(key, value, "'true' or 'false'")
  if (value !== null && /^branch\..+\.protect$/.test(key) && value !== 'fast-forward')
    throw unfit(key, value, "'fast-forward'")
  if (value !== null && /^branch\..+\.requireChecks$/.test(key) && !checkNames.test(value))
    throw unfit(key, value, 'a list of names of checks, separated by commas')
}

function unfit(key: string, value: string, wanted: string): VarveError {
  return new VarveError('VARVE_USAGE', `'${key}' has to be ${wanted}, not '${value}'`, {
    data: { key },
    hint: `'varve config --unset ${key}' goes back to the default`,
  })
}
