// Signatures as they are shown: what the program said, as lines, and whether anybody asks for it.
import type { SignatureCheck, VerifiedObject } from '../../index.ts'
import type { Arguments } from '../arguments.ts'
import type { OptionSpecs } from '../interface.ts'
import type { Output } from '../output.ts'
import { shortId, signatureLines } from '../format/commit.ts'

export const showSignatureOption: OptionSpecs = {
  'show-signature': { type: 'flag', about: 'check the signatures of commits, and show what is said of them' },
}

/** Whether they are checked, which runs a program for each: where that is said, or a form of the user's own has them. */
export function wantsSignatures(given: Arguments): boolean {
  return given.flag('show-signature') || /%(?:%%)*G/.test(given.text('format') ?? '')
}

/** Prints what is said of each; 1 where one is not good. */
export function printVerified(out: Output, checked: readonly VerifiedObject[], what: string): number {
  out.result({ items: checked }, () => {
    for (const check of checked) {
      if (check.code === 'N') out.line(`${what} ${shortId(check.id)} has no signature`)
      for (const line of signatureLines({ signature: check })) out.line(line)
      if (check.code !== 'N' && !check.valid)
        out.line(`${what} ${shortId(check.id)} has no good signature (${check.code}: ${meaning[check.code]})`)
    }
  })
  return checked.every(({ valid }) => valid) ? 0 : 1
}

const meaning: Readonly<Record<SignatureCheck['code'], string>> = {
  G: 'good, but the key is not trusted as far as gpg.minTrustLevel asks for',
  U: 'good, but nobody says whose key it is',
  B: 'other bytes were signed',
  X: 'it has expired',
  Y: 'its key has expired',
  R: 'its key was revoked',
  E: 'it cannot be checked',
  N: 'there is none',
}
