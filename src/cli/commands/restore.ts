import { usage } from '../arguments.ts'
import type { Command, Context } from '../interface.ts'
import { chosenRow, patchOptions, rowOptions } from '../choosing/options.ts'
import { pathspecFileOptions, pathWords } from '../pathspecs/from-file.ts'
import { toPathspecs } from '../pathspecs/pathspecs.ts'
import { counted } from '../../base/size.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: [
    'restore [--source REV] [--staged] [--worktree] PATH...',
    'restore [--source REV] [--staged] [--worktree] --key KEY... [--column NAME] TABLE',
    'restore [--source REV] [--staged] -p [PATH...]',
  ],
  description:
    'Writes files as they are staged, or as they were in REV. Uncommitted changes of these files are\nlost. With --staged it changes what is staged instead, and the files stay. With --staged --worktree\nit does both.\n\nWith --key, only that row of TABLE is brought back, or with --column only that cell; the other rows\nstay as they are, with their changes. With -p, each changed row and each change of a text is shown,\nand taken back if you say so.',
  options: {
    source: {
      type: 'text',
      short: 's',
      value: 'REV',
      about: 'as of REV (default: what is staged; HEAD with --staged)',
    },
    staged: { type: 'flag', short: 'S', about: 'take changes out of the next commit' },
    worktree: { type: 'flag', short: 'W', about: 'write the files (the default without --staged)' },
    ...rowOptions,
    ...patchOptions,
    ...pathspecFileOptions,
  },
  examples: [
    ['varve restore people.csv', 'throw away changes that are not staged'],
    ['varve restore --staged people.csv', 'take it out of the next commit, keep the file'],
    ['varve restore --source HEAD~2 people.csv', 'bring back an older state'],
    ['varve restore --source v1 people.csv --key 17', 'bring back one row as it was in v1'],
    ['varve restore people.csv --key 17 --column city', 'throw away the change of one cell'],
    ['varve restore -p', 'choose row by row what to throw away'],
  ],
  json: '{ items: string[] }',
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, out, repository, operation } = context
  const words = await pathWords(given, given.words)
  if (given.flag('patch')) return restoreChosen(context, words)
  if (words.length === 0) throw usage('missing argument: PATH')
  const chosen = chosenRow(given)
  const repo = await repository()
  const source = given.text('source')
  const staged = given.flag('staged')
  const restored = await repo.restore(toPathspecs(given, repo.root, words), {
    ...operation,
    ...(source === undefined ? {} : { source }),
    ...chosen,
    staged,
    worktree: given.flag('worktree') || !staged,
  })
  out.result({ items: restored }, () => {
    const [first] = restored
    if (chosen === null) out.say(`restored ${counted(restored.length, 'path')}`)
    else if (first === undefined) out.say('the row is so already: nothing restored')
    else out.say(`restored ${chosen.column === undefined ? 'a row' : 'a cell'} of ${visible(first)}`)
  })
  return 0
}

async function restoreChosen(context: Context, words: readonly string[]): Promise<number> {
  const { arguments: given, operation, repository } = context
  given.exclusive('patch', 'key')
  const staged = given.flag('staged')
  if (staged) given.exclusive('patch', 'worktree')
  const { runPatch, unstageChosen } = await import('../choosing/run-patch.ts')
  const repo = await repository()
  const named = given.text('source')
  if (staged) return unstageChosen(context, repo, { source: named, words })
  const paths = words.length === 0 ? ['.'] : toPathspecs(given, repo.root, words)
  const source = named === undefined ? {} : { source: named }
  return runPatch(context, repo, {
    diff: { ...operation, paths, ...(named === undefined ? {} : { from: named }) },
    words: ['Take back', 'taken back:'],
    apply: (path, chosen) => repo.restore([path], { ...operation, ...chosen, ...source, worktree: true }),
  })
}
