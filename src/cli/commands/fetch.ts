import type { Command, Context } from '../interface.ts'
import { printTransfer } from '../format/transfer.ts'

export const command: Command = {
  usage: ['fetch [--prune] [REMOTE]'],
  description:
    "Gets what is new in REMOTE (default: the branch's remote, or origin) and moves its remote branches, such as\norigin/main. Your branches and files stay as they are; every byte received is checked.",
  options: {
    prune: { type: 'flag', short: 'p', about: 'remove remote branches that are gone there' },
  },
  examples: [
    ['varve fetch', 'see what others have done'],
    ['varve log main..origin/main', 'then look at it'],
  ],
  json: '{ remote: string; url: string; updates: { ref: string; before: string | null; after: string | null; forced: boolean }[]; objects: number; bytes: number }',
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  given.expectWords(0, 1, 'REMOTE')
  const repo = await repository()
  const result = await repo.fetch(given.words[0], { ...operation, prune: given.flag('prune') })
  out.result(result, () => printTransfer(out, result, 'from'))
  return 0
}
