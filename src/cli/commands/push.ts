import type { Command, Context } from '../interface.ts'
import { printTransfer } from '../format/transfer.ts'

export const command: Command = {
  usage: [
    'push [-u] [-f | --force-with-lease[=BRANCH[:COMMIT]]] [--tags | --follow-tags] [-n] [REMOTE [REFSPEC...]]',
    'push --all [-u] [--tags | --follow-tags] [-n] [REMOTE]',
    'push --delete [-n] REMOTE REF...',
  ],
  description:
    "Sends the current branch, or each REFSPEC (main, main:other, :gone, a tag), to REMOTE (default: the branch's remote,\nor origin). All refs move together or none. A branch that has commits you do not have is refused: pull first;\nafter a rebase, --force-with-lease replaces it unless somebody has pushed there since you last fetched.\nA remote may stand for several places (`varve remote set-url --push`): all get it, side by side, and each that fails is named.",
  options: {
    'set-upstream': { type: 'flag', short: 'u', about: 'let the branch follow the one it is pushed to' },
    force: { type: 'flag', short: 'f', about: 'even if commits there are lost' },
    'force-with-lease': {
      type: 'optional',
      value: 'BRANCH[:COMMIT]',
      about:
        'even if commits there are lost, as long as BRANCH (default: each that is pushed) is there what was last fetched, or COMMIT; may be given several times',
    },
    all: { type: 'flag', aliases: ['branches'], about: 'all branches' },
    tags: { type: 'flag', about: 'all tags too' },
    'follow-tags': {
      type: 'flag',
      about: 'annotated tags of what is pushed too, where they are missing there',
    },
    'dry-run': { type: 'flag', short: 'n', about: 'only say what would move there; nothing is sent' },
    delete: { type: 'flag', short: 'd', about: 'delete the refs there' },
  },
  examples: [
    ['varve push -u origin main', 'the first time'],
    ['varve push', 'from then on'],
    ['varve push --all --follow-tags', 'all branches, and the versions that they hold'],
    ['varve push -n', 'see what it would move'],
    ['varve push --force-with-lease', 'replace what you have rebased, and nothing that others have pushed'],
    ['varve push --delete origin cleanup', 'delete a branch there'],
  ],
  json: '{ remote: string; url: string; updates: { ref: string; before: string | null; after: string | null; forced: boolean }[]; objects: number; bytes: number; copies?: object[] }, as TransferResult',
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  for (const tags of ['tags', 'follow-tags', 'all']) given.exclusive('delete', tags)
  given.exclusive('tags', 'follow-tags')
  if (given.flag('all')) given.expectWords(0, 1, 'REMOTE')
  given.exclusive('force', 'force-with-lease')
  const dryRun = given.flag('dry-run')
  const leases = given.optional('force-with-lease')
  const remove = given.flag('delete')
  if (remove) given.expectWords(2, Infinity, 'REMOTE and REF')
  const repo = await repository()
  const result = await repo.push(given.words[0], given.words.slice(1), {
    ...operation,
    force: given.flag('force'),
    ...(leases === undefined ? {} : { forceWithLease: leases.includes('') || leases }),
    dryRun,
    setUpstream: given.flag('set-upstream'),
    all: given.flag('all'),
    tags: given.flag('tags'),
    followTags: given.flag('follow-tags'),
    delete: remove,
  })
  out.result(result, () => printTransfer(out, result, dryRun ? 'would go to' : 'to'))
  return 0
}
