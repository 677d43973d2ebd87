// Signatures by GnuPG: OpenPGP's by `gpg`, X.509's by `gpgsm`, which speak alike. What is so is read from their status lines
// alone (doc/DETAILS of GnuPG); what they say to people is in their language, and only shown.
import { VarveError } from '../base/errors.ts'
import type { SignatureCheck, SignatureCode, SigningContext, Trust } from './interface.ts'
import { type Ran, programFor, run } from './program.ts'
import { lastLineOf } from './ssh.ts'
import { temporaryFile, withTemporary } from './temporary.ts'

export const gpgBegins = {
  openpgp: '-----BEGIN PGP SIGNATURE-----',
  x509: '-----BEGIN SIGNED MESSAGE-----',
} as const

type GpgFormat = keyof typeof gpgBegins

/** @throws VarveError VARVE_NOT_POSSIBLE without a key; NoProgram */
export async function signByGpg(
  context: SigningContext,
  { format, key, payload }: { format: GpgFormat; key: string; payload: Uint8Array },
): Promise<string> {
  const program = programFor(format, context)
  const signing = await run(context, program, ['--status-fd=2', '-bsau', key], payload)
  const isMade = statusLines(signing.stderr).some(([word]) => word === 'SIG_CREATED')
  if (signing.code === 0 && isMade && signing.stdout.startsWith(gpgBegins[format])) return signing.stdout
  throw new VarveError('VARVE_NOT_POSSIBLE', `${program} could not sign: ${lastLineOf(signing)}`, {
    data: { key },
    hint: `'${program} --list-secret-keys' shows your keys; name one: 'varve config --global user.signingKey KEYID'`,
  })
}

type Checked = Omit<SignatureCheck, 'valid' | 'format'>

/** What it is worth. @throws NoProgram */
export async function checkByGpg(
  context: SigningContext,
  { format, signature, payload }: { format: GpgFormat; signature: string; payload: Uint8Array },
): Promise<Checked> {
  return withTemporary(async (dir) => {
    const sig = temporaryFile(dir, 'signature', signature)
    const style = format === 'openpgp' ? ['--keyid-format=long'] : []
    const words = [...style, '--status-fd=1', '--verify', sig, '-']
    return read(await run(context, programFor(format, context), words, payload))
  })
}

const codes: Readonly<Record<string, SignatureCode>> = {
  GOODSIG: 'G',
  BADSIG: 'B',
  ERRSIG: 'E',
  EXPSIG: 'X',
  EXPKEYSIG: 'Y',
  REVKEYSIG: 'R',
}

export const trusts: readonly Trust[] = ['undefined', 'never', 'marginal', 'fully', 'ultimate']

function read(ran: Ran): Checked {
  const lines = statusLines(ran.stdout)
  const verdicts = lines.filter(([word]) => Object.hasOwn(codes, word!))
  const none = { signer: '', key: '', fingerprint: '', primaryFingerprint: '', trust: 'undefined' } as const
  const message = ran.stderr
  const [verdict] = verdicts
  // Of several signatures nobody could say whose word it is: CVE-2018-12020 and its like.
  if (verdict === undefined || verdicts.length > 1)
    return { ...none, code: verdict === undefined && lines.length > 0 ? 'B' : 'E', message }
  const [word, key = '', ...name] = verdict
  const [, fingerprint = '', ...facts] = lines.find(([one]) => one === 'VALIDSIG') ?? []
  const said = lines
    .find(([one]) => one!.startsWith('TRUST_'))?.[0]
    ?.slice('TRUST_'.length)
    .toLowerCase()
  const trust = trusts.find((one) => one === said) ?? 'undefined'
  const code = codes[word!]!
  // Good, says only who also says of which key, and ends so.
  const isSound = code !== 'G' || (ran.code === 0 && fingerprint !== '')
  return {
    code: !isSound ? 'E' : code === 'G' && (trust === 'undefined' || trust === 'never') ? 'U' : code,
    signer: code === 'E' ? '' : name.join(' '),
    key,
    fingerprint,
    primaryFingerprint: facts[8] ?? '',
    trust,
    message,
  }
}

function statusLines(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('[GNUPG:] '))
    .map((line) => line.slice('[GNUPG:] '.length).trimEnd().split(' '))
}
