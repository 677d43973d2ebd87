import { usage } from '../arguments.ts'
import type { Command, Context } from '../interface.ts'

export const command: Command = {
  usage: ['merge-base [-a] A B', 'merge-base --is-ancestor A B'],
  description:
    'Prints the commit that a merge of A and B would start from: their best common ancestor; exit code 1 where there is none.\nWith --is-ancestor it prints nothing: exit code 0 where B has all that A has, 1 where it has not.',
  options: {
    all: { type: 'flag', short: 'a', about: 'all of them, where merges went crosswise' },
    'is-ancestor': { type: 'flag', about: 'whether A is B or an ancestor of it' },
  },
  examples: [
    ['varve merge-base main origin/main', 'where both were one'],
    ['varve merge-base --is-ancestor v1 HEAD && echo yes', 'whether this has all of v1'],
  ],
  json: '{ items: { commit: string }[] }; --is-ancestor: { ancestor: boolean }',
  run,
}

async function run({ arguments: given, out, repository }: Context): Promise<number> {
  given.exclusive('all', 'is-ancestor')
  given.expectWords(2, 2, 'A and B')
  const [a, b] = given.words
  if ([a, b].some((word) => word!.includes('..'))) throw usage('A and B are commits, no ranges')
  const repo = await repository()
  if (given.flag('is-ancestor')) {
    const ancestor = await repo.isAncestor(a!, b!)
    out.result({ ancestor }, () => {})
    return ancestor ? 0 : 1
  }
  const bases = await repo.mergeBases(a!, b!)
  const shown = given.flag('all') ? bases : bases.slice(0, 1)
  out.result({ items: shown.map((commit) => ({ commit })) }, () => {
    for (const commit of shown) out.line(commit)
  })
  return bases.length > 0 ? 0 : 1
}
