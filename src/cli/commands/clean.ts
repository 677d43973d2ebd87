import { usage } from '../arguments.ts'
import type { Command, Context } from '../interface.ts'
import { fromRepositoryPath } from '../paths.ts'
import { cleanChosen } from '../cleaning/choose.ts'
import { toPathspecs } from '../pathspecs/pathspecs.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: ['clean -n | -f | -i [-d] [-x | -X] [-e PATTERN] [PATH...]'],
  description:
    'Removes files that are not versioned, for good: those below PATHs, or below the current folder in\nall folders that hold versioned files. It requires -f, or -n to show only what would be removed, or -i to be asked.\nFiles that match the ignore rules stay unless you give -x. Other repositories, what Git keeps in\nthe same folder, and varve.yaml always stay.',
  options: {
    'dry-run': { type: 'flag', short: 'n', about: 'only show what would be removed' },
    force: { type: 'flag', short: 'f', about: 'remove it' },
    interactive: { type: 'flag', short: 'i', about: 'show what would be removed, and ask; on a terminal' },
    folders: { type: 'flag', short: 'd', about: 'also folders without versioned files' },
    ignored: { type: 'flag', short: 'x', about: 'also ignored files' },
    'only-ignored': { type: 'flag', short: 'X', about: 'only ignored files' },
    exclude: {
      type: 'list',
      short: 'e',
      value: 'PATTERN',
      about: "also keep what PATTERN matches, as a line of .varveignore would: '*.log', 'out/'",
    },
  },
  examples: [
    ['varve clean -nd', 'see what would be removed'],
    ['varve clean -i', 'choose what is removed'],
    ['varve clean -f exports/', 'remove it below one folder'],
    ['varve clean -fdX', 'remove ignored files, such as build results, and nothing else'],
    ['varve clean -fdx', 'remove everything that is not versioned'],
  ],
  json: '{ removed: string[]; kept: { path: string; reason: string }[] }',
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, out, repository, operation, interactive } = context
  given.exclusive('ignored', 'only-ignored')
  given.exclusive('only-ignored', 'exclude')
  const dryRun = given.flag('dry-run')
  const asks = given.flag('interactive')
  given.exclusive('interactive', 'dry-run')
  if (asks && (!interactive || out.json))
    throw usage("'-i' asks on a terminal, and there is none", "'-n' shows what would go, '-f' removes it")
  if (!dryRun && !asks && !given.flag('force'))
    throw usage(
      "what is removed is gone: '-f' is needed",
      "see first what would go with 'varve clean -n', or put it aside with 'varve stash -u'",
    )
  const repo = await repository()
  const { words } = given
  const options = {
    ...operation,
    paths: toPathspecs(given, repo.root, words.length === 0 ? ['.'] : words, { alone: 'here' }),
    dryRun,
    folders: words.length > 0 || given.flag('folders'),
    ignored: given.flag('only-ignored') ? 'only' : given.flag('ignored'),
    exclude: given.list('exclude'),
  } as const
  const result = asks ? await cleanChosen(context, repo, options) : await repo.clean(options)
  out.result(result, () => {
    const shown = (path: string): string => visible(fromRepositoryPath(repo.root, path))
    for (const path of result.removed)
      if (dryRun) out.line(`would remove ${shown(path)}`)
      else out.say(`removed ${shown(path)}`)
    if (result.removed.length === 0) out.say('nothing to remove')
    for (const { path, reason } of result.kept) out.say(`kept ${shown(path)}: it ${visible(reason)}`)
  })
  return 0
}
