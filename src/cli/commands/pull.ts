import { autostashOption } from '../format/autostash.ts'
import { printMerge } from '../format/merge.ts'
import { printTransfer } from '../format/transfer.ts'
import { signChoice, signOptions, verifyChoice, verifyOptions } from '../signing/options.ts'
import type { Command, Context } from '../interface.ts'

export const command: Command = {
  usage: ['pull [--ff-only | --rebase] [--autostash] [REMOTE [BRANCH]]'],
  description:
    'Fetches from REMOTE and merges BRANCH (default: the upstream of the current branch). With --rebase\nyour commits are applied on top of theirs instead. Conflicts stop it with exit code 21, as in `varve\nmerge` and `varve rebase`.',
  options: {
    rebase: { type: 'flag', short: 'r', about: 'put your commits on top of theirs' },
    'ff-only': { type: 'flag', about: 'refuse unless the branch can be fast-forwarded' },
    ...signOptions,
    ...verifyOptions,
    ...autostashOption,
    'allow-unrelated-histories': { type: 'flag', about: 'allow histories that share no commit' },
  },
  examples: [
    ['varve pull', 'fetch and merge the work of others'],
    ['varve pull --rebase --autostash', 'also with changes that are not committed yet'],
    ['varve pull --ff-only origin main', 'only if there is nothing to merge'],
  ],
  json: '{ fetched: TransferResult; merged: MergeResult }',
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  given.exclusive('rebase', 'ff-only')
  given.exclusive('rebase', 'verify-signatures')
  given.exclusive('rebase', 'allow-unrelated-histories')
  given.expectWords(0, 2, 'REMOTE')
  const repo = await repository({ commits: true })
  const mode = given.flag('rebase') ? 'rebase' : given.flag('ff-only') ? 'ff-only' : 'merge'
  const result = await repo.pull(given.words[0], given.words[1], {
    ...operation,
    mode,
    ...signChoice(given),
    ...verifyChoice(given),
    autostash: given.flag('autostash'),
    allowUnrelated: given.flag('allow-unrelated-histories'),
  })
  out.result(result, () => printTransfer(out, result.fetched, 'from'))
  return printMerge(out, result.merged, 'pull')
}
