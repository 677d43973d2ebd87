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
    'Prints the commit that a merge of A and B would start from: their best common ancestor; exit code 1 where there is none.\nSeveral B count as a merge of them. With --octopus all have the ancestor, with --independent those of the commits are\nprinted that no other reaches. With --is-ancestor it prints nothing: exit code 0 where B has all that A has, 1 where it\nhas not.',
  options: {
    all: { type: 'flag', short: 'a', about: 'all of them, where merges went crosswise' },
    octopus: { type: 'flag', about: 'the best common ancestor of all, for a merge of more than two' },
    independent: { type: 'flag', about: 'the commits that none of the others has among its ancestors' },
    'is-ancestor': { type: 'flag', about: 'whether A is B or an ancestor of it' },
  },
  examples: [
    ['varve merge-base main origin/main', 'where both were one'],
    ['varve merge-base --octopus main fix cleanup', 'the last commit that all three have'],
    ['varve merge-base --is-ancestor v1 HEAD && echo yes', 'whether this has all of v1'],
  ],
  json: '{ items: { commit: string }[] }; --is-ancestor: { ancestor: boolean }',
  run,
}

const forms = ['octopus', 'independent', 'is-ancestor'] as const

async function run({ arguments: given, out, repository }: Context): Promise<number> {
  given.exclusive(...forms)
  for (const form of ['independent', 'is-ancestor']) given.exclusive('all', form)
  const isAncestor = given.flag('is-ancestor')
  const isOfAny = given.flag('octopus') || given.flag('independent')
  given.expectWords(isOfAny ? 1 : 2, isAncestor ? 2 : Infinity, isOfAny ? 'A' : 'A and B')
  const ranged = given.words.find((word) => word.includes('..') || word.startsWith('^'))
  if (ranged !== undefined) throw usage(`'${ranged}' is no single commit`)
  const [a, ...others] = given.words
  const repo = await repository()
  if (isAncestor) {
    const ancestor = await repo.isAncestor(a!, others[0]!)
    out.result({ ancestor }, () => {})
    return ancestor ? 0 : 1
  }
  const found = given.flag('independent')
    ? await repo.independent(given.words)
    : await repo.mergeBases(a!, others, { octopus: given.flag('octopus') })
  const shown = given.flag('all') || given.flag('independent') ? found : found.slice(0, 1)
  out.result({ items: shown.map((commit) => ({ commit })) }, () => {
    for (const commit of shown) out.line(commit)
  })
  return found.length > 0 ? 0 : 1
}
