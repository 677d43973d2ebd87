import { exitCodes } from '../../base/errors.ts'
import { counted, sizeText } from '../../base/size.ts'
import type { Command, Context } from '../interface.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: ['fsck'],
  description:
    'Reads every byte of the repository: each object against its hash, each index against its pack, and that everything\nwhich a branch, tag or kept operation needs is there. Exits with 50 when something is damaged.',
  options: {},
  examples: [['varve fsck', 'is everything whole?']],
  json: '{ objects: number; bytes: number; problems: { where: string; what: string }[] }',
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  given.expectWords(0, 0, '')
  const repo = await repository()
  const report = await repo.fsck(operation)
  out.result(report, () => {
    for (const { where, what } of report.problems)
      out.line(`${out.paint('red', visible(where))}: ${visible(what)}`)
    const sums = `${counted(report.objects, 'object')}, ${sizeText(report.bytes)}`
    if (report.problems.length === 0) out.say(`${sums}: all whole`)
    else out.line(`${sums}: ${counted(report.problems.length, 'problem')}`)
  })
  return report.problems.length === 0 ? 0 : exitCodes.VARVE_CORRUPT
}
