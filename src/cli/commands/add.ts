import type { Repository } from '../../index.ts'
import { usage } from '../arguments.ts'
import { warnOfLeftOut } from '../format/left-out.ts'
import { hintAtContinuing } from '../message/going-on.ts'
import type { Command, Context } from '../interface.ts'
import { chosenRow, patchOptions, rowOptions } from '../choosing/options.ts'
import { pathspecFileOptions, pathWords } from '../pathspecs/from-file.ts'
import { toPathspecs } from '../pathspecs/pathspecs.ts'
import { counted } from '../../base/size.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: [
    'add [--dry-run] [--as-file] [--chmod (+|-)x] PATH...',
    'add --all [PATH...]',
    'add --update [PATH...]',
    'add [--dry-run] --key KEY... [--column NAME] TABLE',
    'add -p [PATH...]',
  ],
  description:
    'Stages files as they are now for the next commit. A folder stands for everything below it, removed\nfiles included. Tracked tables are stored by row, and a checkout later writes them back byte for\nbyte. A table with a broken row, such as a key that is used twice, is refused. A table that could\nnot be written back byte for byte is stored as a plain file, and add says so. It also says what it\nleaves out: other repositories, pipes, and what a partial clone did not take.\n\nWith --key, only that row of TABLE is staged as its file has it now, or with --column only that\ncell. All other changes of the file stay out of the next commit.\nWith -p, each changed row and each change of a text is shown, and staged if you say so.',
  options: {
    all: {
      type: 'flag',
      short: 'A',
      about: 'everything in the repository, or below PATH: new, changed and removed files',
    },
    update: {
      type: 'flag',
      short: 'u',
      about: 'only versioned files that were changed or removed, everywhere or below PATH',
    },
    'as-file': {
      type: 'flag',
      about: "store tables as plain files this time; 'varve untrack' does this permanently",
    },
    chmod: {
      type: 'text',
      value: '(+|-)x',
      choices: ['+x', '-x'],
      about: 'also stage the files as executable, or as not; the files here stay as they are',
    },
    ...rowOptions,
    ...patchOptions,
    'dry-run': { type: 'flag', short: 'n', about: 'only show what would be staged' },
    ...pathspecFileOptions,
  },
  examples: [
    ['varve add people.csv', 'stage one file'],
    ['varve add .', 'stage everything below the folder you are in'],
    ["varve add '*.csv' ':!drafts'", 'stage all such files, but none of one folder'],
    ['varve add -u', 'stage what has changed, and no new files'],
    ['varve add people.csv --key 17', 'stage one row, and leave out what else has changed'],
    ['varve add -p', 'choose row by row what the next commit will hold'],
    ['varve add --chmod=+x run.sh', 'stage a file as executable, where the file system has no such bit'],
    ['varve add --all --dry-run', 'see what would be staged'],
  ],
  json: "{ staged: { path: string; state: 'added' | 'modified' | 'deleted' | 'renamed' | 'typechange'; from?: string; kind: 'file' | 'table' | 'symlink' }[]; notTables: { path: string; reason: string }[]; skipped: { path: string; reason: string }[]; settled?: { resolved: number; left: number }; rows?: number }",
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, out, repository, operation } = context
  const update = given.flag('update')
  given.exclusive('all', 'update')
  for (const other of ['all', 'update']) given.exclusive('chmod', other)
  const chmod = given.text('chmod')
  if (chmod !== undefined && chmod !== '+x' && chmod !== '-x')
    throw usage(`'${chmod}' is no mode of '--chmod'`, "'+x' or '-x'")
  const chosen = chosenRow(given)
  if (chosen !== null)
    for (const other of ['all', 'update', 'as-file', 'chmod']) given.exclusive('key', other)
  const words = await pathWords(given, given.words)
  if (given.flag('patch')) {
    for (const other of ['all', 'update', 'as-file', 'chmod', 'key', 'dry-run'])
      given.exclusive('patch', other)
    const { stageChosen } = await import('../choosing/run-patch.ts')
    return stageChosen(context, await repository(), words)
  }
  // With paths it is of these, and a path stands for removed files anyway.
  const all = words.length === 0 && (given.flag('all') || update)
  if (words.length === 0 && !all)
    throw usage('nothing named to add', "name paths, or 'varve add .' for all here")
  const dryRun = given.flag('dry-run')
  const repo = await repository()
  const paths = toPathspecs(given, repo.root, words)
  const result = await repo.add(paths, {
    ...operation,
    all,
    update,
    asFile: given.flag('as-file'),
    dryRun,
    ...chosen,
    ...(chmod === undefined ? {} : { executable: chmod === '+x' }),
  })
  const { settled } = result
  out.result(result, () => {
    if (chosen !== null) sayRows(out, result, dryRun)
    else if (dryRun)
      for (const { state, path } of result.staged) out.line(`${state.padEnd(10)} ${visible(path)}`)
    else if (result.staged.length > 0) out.say(`staged ${counted(result.staged.length, 'path')}`)
    else if (settled === undefined) out.say('nothing new to stage')
    if (settled !== undefined)
      out.say(`resolved ${counted(settled.resolved, 'conflict')}, ${settled.left} left`)
  })
  if (settled?.left === 0) await hintAtContinuing(out, repo)
  if (!out.json) {
    hintAtRenames(out, result.staged, dryRun)
    for (const { path, reason } of result.notTables)
      out.warn(`'${visible(path)}' is stored as a file: ${visible(reason)}`)
    warnOfLeftOut(out, result.skipped)
  }
  return 0
}

function sayRows(
  out: Context['out'],
  { rows = 0, staged }: Awaited<ReturnType<Repository['add']>>,
  dryRun: boolean,
): void {
  const [first] = staged
  if (first === undefined) out.say('staged as it is already: nothing new')
  else if (dryRun) out.line(`${counted(rows, 'row')} of ${visible(first.path)}`)
  else out.say(`staged ${counted(rows, 'row')} of ${visible(first.path)}`)
}

type Staged = Awaited<ReturnType<Repository['add']>>['staged']

/** A table that was renamed by other means than `varve mv` comes as a plain file that nobody declared. */
function hintAtRenames(out: Context['out'], staged: Staged, dryRun: boolean): void {
  const ending = (path: string): string => /\.[^./]+$/.exec(path)?.[0] ?? ''
  for (const { path, state, kind } of staged) {
    if (state !== 'deleted' || kind !== 'table') continue
    const fresh = staged.filter((one) => one.state === 'added' && one.kind === 'file')
    const alike = fresh.filter((one) => ending(one.path) === ending(path)).map((one) => one.path)
    if (alike.length === 0) continue
    const [was, is] = [visible(path), alike.length === 1 ? visible(alike[0]!) : 'NEW']
    const unstage = dryRun ? '' : `'varve restore --staged ${was} ${is}' and `
    out.hint(
      `the table '${was}' is gone: if it is '${is}' now, ${unstage}'varve mv ${was} ${is}' ${dryRun ? 'keeps' : 'keep'} it a table`,
    )
    return
  }
}
