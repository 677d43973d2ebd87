import { usage } from '../arguments.ts'
import { tellPaths } from '../format/told.ts'
import type { Command, Context } from '../interface.ts'
import { pathspecFileOptions, pathWords } from '../pathspecs/from-file.ts'
import { toPathspecs } from '../pathspecs/pathspecs.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: ['rm [--cached] [-f] [-n] PATH...'],
  description:
    'Removes files from the working folder and from the next commit. What was committed stays in history.\nFiles with uncommitted changes are kept unless you give --force.',
  options: {
    cached: { type: 'flag', about: 'keep the file, leave it out of the next commit' },
    force: { type: 'flag', short: 'f', about: 'even with uncommitted changes' },
    'dry-run': { type: 'flag', short: 'n', about: 'only show what would be removed' },
    ...pathspecFileOptions,
    recursive: { type: 'flag', short: 'r', about: 'accepted as in Git; folders need no option here' },
  },
  examples: [
    ['varve rm old.csv', 'remove a file'],
    ['varve rm -n old/', 'see what would be removed'],
    [
      'varve ls-files -dz | varve rm --pathspec-from-file=- --pathspec-file-nul',
      'remove from the next commit what is gone already',
    ],
    ['varve rm --cached secrets.json', 'stop versioning a file, but keep it'],
  ],
  json: '{ items: string[] }',
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  const words = await pathWords(given, given.words)
  if (words.length === 0) throw usage('missing argument: PATH')
  const dryRun = given.flag('dry-run')
  const repo = await repository()
  const paths = toPathspecs(given, repo.root, words, { alone: 'here' })
  const removed = await repo.remove(paths, {
    ...operation,
    cached: given.flag('cached'),
    force: given.flag('force'),
    dryRun,
  })
  out.result({ items: removed }, () => {
    if (dryRun) for (const path of removed) out.line(`would remove ${visible(path)}`)
    else tellPaths(out, removed, (path) => `removed ${visible(path)}`)
  })
  return 0
}
