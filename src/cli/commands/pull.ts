import { autostashOption } from '../format/autostash.ts'
import { printMerge } from '../format/merge.ts'
import { printTransfer } from '../format/transfer.ts'
import type { Command, Context } from '../interface.ts'

export const command: Command = {
  usage: ['pull [--ff-only | --rebase] [--autostash] [REMOTE [BRANCH]]'],
  description:
    'Fetches from REMOTE and merges BRANCH (default: the branch that the current one follows). With --rebase your commits\nare put on top of theirs instead. Conflicts stop it with exit code 21, as in `varve merge` and `varve rebase`.',
  options: {
    rebase: { type: 'flag', short: 'r', about: 'put your commits on top of theirs' },
    'ff-only': { type: 'flag', about: 'refuse unless the branch can simply move forward' },
    ...autostashOption,
    'allow-unrelated-histories': { type: 'flag', about: 'even if the histories share no commit' },
  },
  examples: [
    ['varve pull', 'get and merge what others have done'],
    ['varve pull --rebase --autostash', 'also with changes that are not committed yet'],
    ['varve pull --ff-only origin main', 'only if there is nothing to merge'],
  ],
  json: '{ fetched: TransferResult; merged: MergeResult }',
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  given.exclusive('rebase', 'ff-only')
  given.exclusive('rebase', 'allow-unrelated-histories')
  given.expectWords(0, 2, 'REMOTE')
  const repo = await repository({ commits: true })
  const mode = given.flag('rebase') ? 'rebase' : given.flag('ff-only') ? 'ff-only' : 'merge'
  const result = await repo.pull(given.words[0], given.words[1], {
    ...operation,
    mode,
    autostash: given.flag('autostash'),
    allowUnrelated: given.flag('allow-unrelated-histories'),
  })
  out.result(result, () => printTransfer(out, result.fetched, 'from'))
  return printMerge(out, result.merged, 'pull')
}
