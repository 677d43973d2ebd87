import { printMerge } from '../format/merge.ts'
import type { Command, Context } from '../interface.ts'

export const command: Command = {
  usage: ['revert [--no-commit] REV'],
  description:
    'Makes a commit that takes back what REV did to its parent; what came after stays. Rows and cells are taken back one by\none, and what has changed since is a conflict, as in a merge.',
  options: {
    'no-commit': { type: 'flag', short: 'n', about: 'stage the result, do not commit it' },
  },
  examples: [
    ['varve revert HEAD', 'take back the last commit, visibly'],
    ['varve revert --no-commit HEAD~3', 'stage the reversal of an older one'],
  ],
  json: "{ outcome: 'up-to-date' | 'merged' | 'conflict' | 'staged'; commit: string; paths: MergedPath[]; conflictCount: number; reused: { id: string; kind: string; path: string; key?: Value[]; column?: string }[] }",
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  given.expectWords(1, 1, 'REV')
  const repo = await repository({ commits: true })
  const result = await repo.revert(given.words[0]!, { ...operation, noCommit: given.flag('no-commit') })
  if (out.json) out.result(result, () => {})
  return printMerge(out, result, 'revert')
}
