// The options of what makes commits, as Git has them: whether they are signed, and with which key.
import type { SignChoice } from '../../index.ts'
import type { Arguments } from '../arguments.ts'
import type { OptionSpecs } from '../interface.ts'

export const signOptions: OptionSpecs = {
  'gpg-sign': {
    type: 'optional',
    short: 'S',
    value: 'KEYID',
    about: 'sign the commit, with this key or that of your settings',
  },
  'no-gpg-sign': { type: 'flag', about: 'do not sign it, although commit.gpgSign is set' },
}

export function signChoice(given: Arguments): { sign?: SignChoice } {
  given.exclusive('gpg-sign', 'no-gpg-sign')
  if (given.flag('no-gpg-sign')) return { sign: false }
  const key = given.optional('gpg-sign')?.at(-1)
  return key === undefined ? {} : { sign: key === '' ? true : key }
}

export const verifyOptions: OptionSpecs = {
  'verify-signatures': {
    type: 'flag',
    about: 'refuse unless the commit has a good signature by a trusted key',
  },
  'no-verify-signatures': {
    type: 'flag',
    about: 'do not ask for one, although merge.verifySignatures is set',
  },
}

export function verifyChoice(given: Arguments): { verifySignatures?: boolean } {
  given.exclusive('verify-signatures', 'no-verify-signatures')
  if (given.flag('no-verify-signatures')) return { verifySignatures: false }
  return given.flag('verify-signatures') ? { verifySignatures: true } : {}
}
