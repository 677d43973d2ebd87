// Signatures by SSH keys, made and checked by `ssh-keygen -Y`. The namespace 'varve' keeps them apart from whatever else a
// key signs. Who may sign is what the user's file of allowed signers says, at the time that the commit claims.
import { readFileSync } from 'node:fs'
import { VarveError } from '../base/errors.ts'
import type { SignatureCheck, SigningContext } from './interface.ts'
import { type Ran, programFor, run } from './program.ts'
import { fileNamed, isFile, temporaryFile, withTemporary } from './temporary.ts'

const namespace = 'varve'

export const sshBegin = '-----BEGIN SSH SIGNATURE-----'

/** @throws VarveError VARVE_NOT_POSSIBLE without a key; NoProgram */
export async function signBySsh(context: SigningContext, key: string, payload: Uint8Array): Promise<string> {
  return withTemporary(async (dir) => {
    const file = keyFile(context, key, dir)
    const what = temporaryFile(dir, 'commit', payload)
    const words = ['-Y', 'sign', '-n', namespace, '-f', file, what]
    const signing = await run(context, programFor('ssh', context), words)
    if (signing.code === 0 && isFile(`${what}.sig`)) return readFileSync(`${what}.sig`, 'utf8')
    throw new VarveError('VARVE_NOT_POSSIBLE', `ssh-keygen could not sign: ${lastLineOf(signing)}`, {
      data: { key },
      hint: hintFor(signing),
    })
  })
}

function hintFor({ stderr }: Ran): string {
  if (/unknown option|illegal option|usage:/i.test(stderr)) return 'OpenSSH 8.2 or a newer one signs'
  if (/passphrase/i.test(stderr)) return "run it again, or give the key to an agent first: 'ssh-add FILE'"
  return "give the key to your agent with 'ssh-add FILE', or name its private file: 'varve config --global user.signingKey FILE'"
}

/** The key's file; of a public key that stands in the settings itself, one made for it: an agent has the other half. */
function keyFile(context: SigningContext, key: string, dir: string): string {
  const literal = key.startsWith('key::') ? key.slice(5) : key.startsWith('ssh-') ? key : null
  if (literal !== null) return temporaryFile(dir, 'key.pub', `${literal.trim()}\n`)
  const file = fileNamed(key, context)
  if (isFile(file)) return file
  throw new VarveError('VARVE_NOT_POSSIBLE', `there is no SSH key in '${file}'`, {
    data: { key },
    hint: "make one with 'ssh-keygen', and name it: 'varve config --global user.signingKey ~/.ssh/id_ed25519.pub'",
  })
}

type Checked = Pick<SignatureCheck, 'code' | 'signer' | 'fingerprint' | 'trust' | 'message'>

/** What it is worth, if it was made when it claims. @throws NoProgram */
export async function checkBySsh(
  context: SigningContext,
  { signature, payload, timeMs }: { signature: string; payload: Uint8Array; timeMs: number },
): Promise<Checked> {
  return withTemporary(async (dir) => {
    const sig = temporaryFile(dir, 'signature', signature)
    const when = verifyTime(timeMs)
    const keygen = (words: readonly string[], input?: Uint8Array): Promise<Ran> =>
      run(
        context,
        programFor('ssh', context),
        ['-Y', ...words, '-s', sig, ...when],
        input ?? new Uint8Array(),
      )
    const signers = signersFile(context)
    const found = signers.file === null ? null : await keygen(['find-principals', '-f', signers.file])
    const principals = found?.code === 0 ? found.stdout.split('\n').filter((line) => line !== '') : []
    const revoked = revokedBy(context)
    let refused = ''
    for (const signer of principals) {
      const words = ['verify', '-n', namespace, '-f', signers.file!, '-I', signer]
      const verified = await keygen([...words, ...revoked], payload)
      const good = fingerprintIn(verified)
      if (good !== null)
        return { code: 'G', signer, fingerprint: good, trust: 'fully', message: verified.stdout }
      refused += verified.stderr + verified.stdout
      // It does not say why. What passes without the list of revoked keys is refused by that alone.
      const fingerprint = revoked.length === 0 ? null : fingerprintIn(await keygen(words, payload))
      const message = `${refused.trimEnd()} The key was revoked.\n`
      if (fingerprint !== null) return { code: 'R', signer, fingerprint, trust: 'never', message }
    }
    const plain = await keygen(['check-novalidate', '-n', namespace], payload)
    const fingerprint = fingerprintIn(plain)
    const message = plain.stdout + plain.stderr + (found?.stderr ?? '') + refused + signers.missing
    return fingerprint === null
      ? { signer: '', fingerprint: '', code: 'B', trust: 'never', message }
      : { signer: '', fingerprint, code: 'U', trust: 'undefined', message }
  })
}

interface SignersFile {
  readonly file: string | null
  /** Why there is none, for the message. */
  readonly missing: string
}

function signersFile(context: SigningContext): SignersFile {
  const { allowedSigners } = context.settings
  const how = "say whose keys are good: 'varve config --global gpg.ssh.allowedSignersFile FILE'\n"
  if (allowedSigners === undefined) return { file: null, missing: how }
  const file = fileNamed(allowedSigners, context)
  return isFile(file) ? { file, missing: '' } : { file: null, missing: `there is no '${file}'; ${how}` }
}

/** A file that is named and not there would let revoked keys pass. */
function revokedBy(context: SigningContext): string[] {
  const { revokedKeys } = context.settings
  if (revokedKeys === undefined) return []
  const file = fileNamed(revokedKeys, context)
  if (isFile(file)) return ['-r', file]
  throw new VarveError('VARVE_NOT_POSSIBLE', `there is no file of revoked keys '${file}'`, {
    hint: "name it: 'varve config --global gpg.ssh.revocationFile FILE', or take the setting out with '--unset'",
  })
}

/** In local time, as ssh-keygen reads it; none for a time that no key was ever used at: then it is now. */
function verifyTime(timeMs: number): string[] {
  const at = new Date(timeMs)
  const year = at.getFullYear()
  if (!(year >= 1970 && year <= 9999)) return []
  const two = (number: number): string => String(number).padStart(2, '0')
  const day = `${year}${two(at.getMonth() + 1)}${two(at.getDate())}`
  return [`-Overify-time=${day}${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`]
}

/** Of 'Good "varve" signature for ada@example.org with ED25519 key SHA256:…'. */
function fingerprintIn({ code, stdout }: Ran): string | null {
  if (code !== 0) return null
  return /^Good "varve" signature .*key (SHA256:[\w+/=]+)\s*$/.exec(stdout.split('\n')[0]!)?.[1] ?? null
}

export function lastLineOf({ stdout, stderr, code }: Ran): string {
  const lines = (stderr + stdout).split(/[\r\n]+/).filter((line) => line.trim() !== '')
  return (lines.findLast((line) => !line.startsWith('[GNUPG:]')) ?? `exit code ${code}`).slice(0, 500)
}
