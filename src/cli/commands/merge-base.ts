import { usage } from '../arguments.ts'
import type { Command, Context } from '../interface.ts'

export const command: Command = {
  usage: [
    'merge-base [-a] A B...',
    'merge-base [-a] --octopus A...',
    'merge-base --independent A...',
    'merge-base --is-ancestor A B',
  ],
  description:
    'Prints the commit from which a merge of A and B would start: their best common ancestor. The exit\ncode is 1 if there is none. Several Bs count as a merge of them. --octopus prints the best common\nancestor of all, and --independent the commits that no other one reaches. --is-ancestor prints\nnothing: the exit code is 0 if B has everything that A has, otherwise 1.',
  options: {
    all: { type: 'flag', short: 'a', about: 'all of them, if there are several (criss-cross merges)' },
    octopus: { type: 'flag', about: 'the best common ancestor of all, for a merge of more than two commits' },
    independent: { type: 'flag', about: 'the commits that are not ancestors of any other' },
    'is-ancestor': { type: 'flag', about: 'whether A is B or an ancestor of it' },
  },
  examples: [
    ['varve merge-base main origin/main', 'where both branched off'],
    ['varve merge-base --octopus main fix cleanup', 'the last commit that all three have'],
    ['varve merge-base --is-ancestor v1 HEAD && echo yes', 'whether HEAD contains v1'],
  ],
  json: '{ items: { commit: string }[] }; --is-ancestor: { ancestor: boolean }',
  run,
}

const forms = ['octopus', 'independent', 'is-ancestor'] as const

async function run({ arguments: given, operation, out, repository }: Context): Promise<number> {
  given.exclusive(...forms)
  for (const form of ['independent', 'is-ancestor']) given.exclusive('all', form)
  const isAncestor = given.flag('is-ancestor')
  const isOfAny = given.flag('octopus') || given.flag('independent')
  given.expectWords(isOfAny ? 1 : 2, isAncestor ? 2 : Infinity, isOfAny ? 'A' : 'A and B')
  const ranged = given.words.find((word) => word.includes('..') || word.startsWith('^'))
  if (ranged !== undefined) throw usage(`'${ranged}' is not a single commit`)
  const [a, ...others] = given.words
  const repo = await repository()
  if (isAncestor) {
    const ancestor = await repo.isAncestor(a!, others[0]!, operation)
    out.result({ ancestor }, () => {})
    return ancestor ? 0 : 1
  }
  const found = given.flag('independent')
    ? await repo.independent(given.words, operation)
    : await repo.mergeBases(a!, others, { ...operation, octopus: given.flag('octopus') })
  const shown = given.flag('all') || given.flag('independent') ? found : found.slice(0, 1)
  out.result({ items: shown.map((commit) => ({ commit })) }, () => {
    for (const commit of shown) out.line(commit)
  })
  return found.length > 0 ? 0 : 1
}
