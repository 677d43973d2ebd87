import type { Command, Context } from '../interface.ts'
import { printTransfer } from '../format/transfer.ts'

export const command: Command = {
  usage: [
    'push [-u] [-f | --force-with-lease[=BRANCH[:COMMIT]]] [--tags | --follow-tags] [--notes] [-n] [REMOTE [REFSPEC...]]',
    'push --all [-u] [--tags | --follow-tags] [--notes] [-n] [REMOTE]',
    'push --delete [-n] REMOTE REF...',
  ],
  description:
    "Sends the current branch, or each REFSPEC (main, main:other, :gone, a tag), to REMOTE (default: the\nbranch's remote, or origin). All refs move together, or none does. If the remote's branch has\ncommits that you do not have, the push is refused: pull first. After a rebase, --force-with-lease\nreplaces the branch, unless somebody has pushed to it since you last fetched. A remote may stand for\nseveral places (`varve remote set-url --push`): the push goes to all of them side by side, and each\nthat fails is named.",
  options: {
    'set-upstream': { type: 'flag', short: 'u', about: "make the remote's branch the upstream" },
    force: { type: 'flag', short: 'f', about: 'even if the remote loses commits' },
    'force-with-lease': {
      type: 'optional',
      value: 'BRANCH[:COMMIT]',
      about:
        'even if the remote loses commits, as long as its BRANCH (default: each that is pushed) is what was last fetched, or COMMIT; may be given several times',
    },
    all: { type: 'flag', aliases: ['branches'], about: 'all branches' },
    tags: { type: 'flag', about: 'also all tags; without REFSPEC they alone' },
    'follow-tags': {
      type: 'flag',
      about: 'also annotated tags on the pushed commits that the remote does not have',
    },
    notes: { type: 'flag', about: 'also the notes about commits (`varve notes`)' },
    'dry-run': { type: 'flag', short: 'n', about: 'only show what would move there; nothing is sent' },
    delete: { type: 'flag', short: 'd', about: 'delete these refs at the remote' },
  },
  examples: [
    ['varve push -u origin main', 'the first time'],
    ['varve push', 'from then on'],
    ['varve push --all --follow-tags', 'all branches with their annotated tags'],
    ['varve push --notes', 'the branch, and what `varve notes` added'],
    ['varve push -n', 'show what it would move'],
    ['varve push --force-with-lease', 'replace rebased commits, but nothing that others have pushed'],
    ['varve push --delete origin cleanup', 'delete a branch there'],
  ],
  json: '{ remote: string; url: string; updates: { ref: string; before: string | null; after: string | null; forced: boolean }[]; objects: number; bytes: number; copies?: object[] }, as TransferResult',
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  for (const also of ['tags', 'follow-tags', 'notes', 'all']) given.exclusive('delete', also)
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
    notes: given.flag('notes'),
    followTags: given.flag('follow-tags'),
    delete: remove,
  })
  out.result(result, () => printTransfer(out, result, dryRun ? 'would go to' : 'to'))
  return 0
}
