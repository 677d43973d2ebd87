// What a signature is worth: which program knows, what it says, and whether that is enough for the settings.
import { checkByGpg, gpgBegins, trusts } from './gpg.ts'
import type { SignatureCheck, SignatureFormat, SigningContext, Trust } from './interface.ts'
import { NoProgram, programFor, programHint } from './program.ts'
import { checkBySsh, sshBegin } from './ssh.ts'

export interface Signed {
  readonly payload: Uint8Array
  /** null: there is none. */
  readonly signature: string | null
  /** When it was made, as it says itself. */
  readonly timeMs: number
}

/** Never fails for what is wrong with a signature: that is its result. */
export async function checkSignature(context: SigningContext, signed: Signed): Promise<SignatureCheck> {
  const { signature } = signed
  if (signature === null) return unknown('N', null, 'there is no signature\n')
  const format = formatOf(signature)
  if (format === null) return unknown('E', null, 'the signature is of no kind that is known here\n')
  try {
    return judged(await askProgram(context, format, { ...signed, signature }), format, context)
  } catch (error) {
    if (!(error instanceof NoProgram)) throw error
    const program = programFor(format, context)
    return unknown('E', format, `cannot run '${program}' to check it with: ${programHint(format)}\n`)
  }
}

type Checked = Omit<SignatureCheck, 'valid' | 'format'>

async function askProgram(
  context: SigningContext,
  format: SignatureFormat,
  signed: Signed & { readonly signature: string },
): Promise<Checked> {
  if (format !== 'ssh') return checkByGpg(context, { format, ...signed })
  const checked = await checkBySsh(context, signed)
  return { ...checked, key: checked.fingerprint, primaryFingerprint: '' }
}

function judged(checked: Checked, format: SignatureFormat, { settings }: SigningContext): SignatureCheck {
  const { code, trust } = checked
  // As in Git: gpg's word that a signature is good is enough where nobody asks for trust, while an SSH key that nobody
  // named is anybody's.
  const isGood = code === 'G' || (code === 'U' && format !== 'ssh')
  return { ...checked, format, valid: isGood && hasTrust(trust, settings.trustMin ?? 'undefined') }
}

export function hasTrust(trust: Trust, least: Trust): boolean {
  return trusts.indexOf(trust) >= trusts.indexOf(least)
}

function formatOf(signature: string): SignatureFormat | null {
  if (signature.startsWith(sshBegin)) return 'ssh'
  if (signature.startsWith(gpgBegins.openpgp)) return 'openpgp'
  return signature.startsWith(gpgBegins.x509) ? 'x509' : null
}

function unknown(code: 'N' | 'E', format: SignatureFormat | null, message: string): SignatureCheck {
  const none = { signer: '', key: '', fingerprint: '', primaryFingerprint: '', trust: 'undefined' } as const
  return { code, valid: false, format, ...none, message }
}
