// The settings that something in Varve reads. Others may be kept as well, as in Git, but a misspelt one would do nothing.
import { nearest } from '../../base/nearest.ts'
import { objectVariables } from '../../http/s3/object-settings.ts'

/** Section -> its settings: SECTION.NAME. */
const plain: Readonly<Record<string, readonly string[]>> = {
  user: ['name', 'email', 'signingKey'],
  core: ['editor', 'pager', 'bare', 'fileMode', 'symlinks', 'ignoreCase'],
  gc: ['auto'],
  commit: ['gpgSign'],
  tag: ['gpgSign'],
  merge: ['verifySignatures'],
  gpg: ['format', 'program', 'minTrustLevel'],
  log: ['mailmap'],
  mailmap: ['blob', 'file'],
  rerere: ['enabled', 'autoCommit'],
  partial: ['remote', 'filter', 'lazy', 'limit'],
}

/** The same for what has names of its own: SECTION.WHICH.NAME. */
const named: Readonly<Record<string, readonly string[]>> = {
  remote: ['url', 'pushurl', 'fallback', 'conditional', ...Object.keys(objectVariables)],
  gpg: ['program', 'allowedSignersFile', 'revocationFile'],
  branch: ['upstream', 'protect', 'requireChecks'],
  link: ['identity', 'position', 'sent', 'again', 'log', 'oneWay'],
}

/** What is odd about a setting that somebody makes: nothing reads it, in a section of Varve's or in one spelt almost so. */
export function oddSetting(key: string): string | null {
  const section = key.slice(0, key.indexOf('.'))
  const name = key.slice(key.lastIndexOf('.') + 1)
  const which = key.slice(section.length + 1, Math.max(section.length + 1, key.lastIndexOf('.')))
  const sections = which === '' ? plain : named
  const meant = Object.hasOwn(sections, section) ? section : nearest(section, Object.keys(sections))
  const names = meant === null ? undefined : sections[meant]
  if (names === undefined || (meant === section && names.includes(name))) return null
  const near = names.includes(name) ? name : nearest(name, names)
  if (meant !== section && near !== name) return null
  const proposed =
    near === null ? '' : `: did you mean '${[meant, which, near].filter((part) => part !== '').join('.')}'?`
  return `Varve has no setting '${key}'${proposed}`
}
