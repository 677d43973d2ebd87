import type { Command, Context } from '../interface.ts'
import { printTransfer } from '../format/transfer.ts'

export const command: Command = {
  usage: ['fetch [--prune] [--depth N | --deepen N | --unshallow] [REMOTE]'],
  description:
    "Gets what is new in REMOTE (default: the branch's remote, or origin) and moves its remote branches, such as\norigin/main. Your branches and files stay as they are; every byte received is checked.\nA shallow clone gets more of its history with --depth, --deepen and --unshallow.",
  options: {
    prune: { type: 'flag', short: 'p', about: 'remove remote branches that are gone there' },
    depth: { type: 'text', value: 'N', about: 'the newest N commits of each branch' },
    deepen: { type: 'text', value: 'N', about: 'N commits further back than what is here' },
    unshallow: { type: 'flag', about: 'all history that was left out' },
  },
  examples: [
    ['varve fetch', 'see what others have done'],
    ['varve log main..origin/main', 'then look at it'],
    ['varve fetch --unshallow', 'make a shallow clone a whole one'],
  ],
  json: '{ remote: string; url: string; updates: { ref: string; before: string | null; after: string | null; forced: boolean }[]; objects: number; bytes: number }',
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  given.expectWords(0, 1, 'REMOTE')
  const repo = await repository()
  given.exclusive('depth', 'deepen')
  given.exclusive('depth', 'unshallow')
  given.exclusive('deepen', 'unshallow')
  const [depth, deepen] = [given.number('depth'), given.number('deepen')]
  const result = await repo.fetch(given.words[0], {
    ...operation,
    prune: given.flag('prune'),
    unshallow: given.flag('unshallow'),
    ...(depth === undefined ? {} : { depth }),
    ...(deepen === undefined ? {} : { deepen }),
  })
  out.result(result, () => printTransfer(out, result, 'from'))
  return 0
}
