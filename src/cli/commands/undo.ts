import { shortId } from '../format/commit.ts'
import type { Command, Context } from '../interface.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: ['undo [--dry-run]'],
  description:
    'Takes back the last operation on this repository: a commit, a merge, a reset, or a branch or tag\nthat was deleted or moved. The files follow. Run it again to take back the operation before. The\nreflog keeps everything. Commits that were pushed stay at the remote.',
  options: {
    'dry-run': { type: 'flag', short: 'n', about: 'only show what would be taken back' },
  },
  examples: [
    ['varve undo', 'take back a mistake'],
    ['varve undo --dry-run', 'what would it take back?'],
  ],
  json: '{ undone: string; head: string | null }',
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  given.expectWords(0, 0, '')
  const repo = await repository()
  const dryRun = given.flag('dry-run')
  const result = await repo.undo({ ...operation, dryRun })
  out.result(result, () => {
    if (dryRun) out.line(`would undo ${visible(result.undone)}`)
    else
      out.say(
        `undone: ${visible(result.undone)}; HEAD is now ${result.head === null ? 'without commits' : `at ${shortId(result.head)}`}`,
      )
  })
  return 0
}
