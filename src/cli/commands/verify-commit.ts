import type { VerifiedObject } from '../../index.ts'
import type { Command, Context } from '../interface.ts'
import { printVerified } from '../signing/shown.ts'

export const command: Command = {
  usage: ['verify-commit REV...'],
  description:
    'Checks the signatures of commits, and prints what ssh-keygen or gpg says of them. The exit code is 1\nunless all are good. Whose SSH keys are good is said by the file that your own setting\ngpg.ssh.allowedSignersFile names; see docs/SIGNING.md.',
  options: {},
  examples: [
    ['varve verify-commit HEAD', 'who made the last commit, proven by a key'],
    ['varve verify-commit v1', 'the commit that a tag names'],
  ],
  json: "{ items: { id: string; code: 'G' | 'B' | 'U' | 'X' | 'Y' | 'R' | 'E' | 'N'; valid: boolean; format: 'openpgp' | 'ssh' | 'x509' | null; signer: string; key: string; fingerprint: string; primaryFingerprint: string; trust: string; message: string }[] }",
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  given.expectWords(1, Infinity, 'REV')
  const repo = await repository({ signatures: true })
  const checked: VerifiedObject[] = []
  for (const revision of given.words) checked.push(await repo.verifyCommit(revision, operation))
  return printVerified(out, checked, 'commit')
}
