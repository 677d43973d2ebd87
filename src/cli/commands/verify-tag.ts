import type { VerifiedObject } from '../../index.ts'
import type { Command, Context } from '../interface.ts'
import { printVerified } from '../signing/shown.ts'
import { command as ofCommits } from './verify-commit.ts'

export const command: Command = {
  usage: ['verify-tag NAME...'],
  description:
    'Checks the signatures of annotated tags, as `varve verify-commit` checks those of commits. The exit\ncode is 1 unless all are good.',
  options: {},
  examples: [['varve verify-tag v1', 'who published a version, proven by a key']],
  json: ofCommits.json,
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, out, repository, operation } = context
  given.expectWords(1, Infinity, 'NAME')
  const repo = await repository({ signatures: true })
  const checked: VerifiedObject[] = []
  for (const name of given.words) checked.push(await repo.verifyTag(name, operation))
  return printVerified(out, checked, 'tag')
}
