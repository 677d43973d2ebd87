// Signs bytes with the key of the settings, or another.
import { VarveError } from '../base/errors.ts'
import type { Person } from '../history/interface.ts'
import { signByGpg } from './gpg.ts'
import type { SigningContext } from './interface.ts'
import { NoProgram, programFor, programHint } from './program.ts'
import { signBySsh } from './ssh.ts'

/** Armored. `key` null: that of whoever commits. @throws VarveError VARVE_NOT_POSSIBLE */
export async function signBytes(
  context: SigningContext,
  payload: Uint8Array,
  { key, by }: { readonly key: string | null; readonly by: Person },
): Promise<string> {
  const format = context.settings.format ?? 'openpgp'
  if (key?.startsWith('-') === true || key === '') {
    throw new VarveError('VARVE_USAGE', `'${key}' names no key`, {
      hint: "'varve config user.signingKey' shows what is set",
    })
  }
  if (key === null && format === 'ssh') {
    throw new VarveError('VARVE_NOT_POSSIBLE', 'nobody has said which key to sign with', {
      hint: "name it: 'varve config --global user.signingKey ~/.ssh/id_ed25519.pub', or 'varve commit -S/PATH/OF/KEY'",
    })
  }
  try {
    if (format === 'ssh') return await signBySsh(context, key!, payload)
    return await signByGpg(context, { format, key: key ?? `${by.name} <${by.email}>`, payload })
  } catch (error) {
    if (!(error instanceof NoProgram)) throw error
    throw new VarveError('VARVE_NOT_POSSIBLE', `cannot run '${programFor(format, context)}' to sign with`, {
      cause: error,
      hint: programHint(format),
    })
  }
}
