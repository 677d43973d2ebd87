import { type Arguments, usage } from '../arguments.ts'
import { orPrevious } from '../paths.ts'
import { autostashOption } from '../format/autostash.ts'
import { goBack, requireUnderWay } from '../finish-merge.ts'
import { printMerge } from '../format/merge.ts'
import type { Command, Context } from '../interface.ts'
import { continuedMessage } from '../message/continued.ts'
import { MessageEditor } from '../message/draft.ts'
import { signChoice, signOptions } from '../signing/options.ts'
import { stepMessages, stepsEditor } from '../message/rebase-todo.ts'

export const command: Command = {
  usage: [
    'rebase [-i] [--autosquash] [--autostash] [--onto REV] [UPSTREAM]',
    'rebase --continue [-m MESSAGE] [-e] | --skip [-f] | --abort [-f]',
  ],
  description:
    "Takes the commits of the current branch that UPSTREAM (default: the branch's upstream) does not\nhave, and applies them on top of UPSTREAM, oldest first. Authors and dates are kept, and merge\ncommits are left out. If a commit has conflicts, the rebase stops with exit code 21, with HEAD\ndetached at the last commit that was done: resolve as in a merge, then --continue. The branch moves\nwhen all is done.\n\nWith -i an editor opens with the list of the commits, a line for each: lines can be moved and\nremoved, and their first word says what is done (pick, reword, edit, squash, fixup or drop). At a\ncommit to edit it stops with exit code 0 and that commit as HEAD: change it, stage that with 'varve\nadd', and --continue. With --autosquash commits of 'varve commit --fixup' and '--squash' go into\nthose that they name.",
  options: {
    interactive: { type: 'flag', short: 'i', about: 'edit the list of commits first' },
    autosquash: {
      type: 'flag',
      about: "take commits that begin with 'fixup! ' or 'squash! ' into those that they name",
    },
    onto: { type: 'text', value: 'REV', about: 'put them on top of REV instead' },
    ...autostashOption,
    ...signOptions,
    message: {
      type: 'text',
      short: 'm',
      value: 'MESSAGE',
      about: 'with --continue: a new message for the commit',
    },
    edit: { type: 'flag', short: 'e', about: 'with --continue: edit the message' },
    continue: { type: 'flag', about: 'go on, when all conflicts are resolved' },
    skip: { type: 'flag', about: 'skip the commit with conflicts, and go on' },
    abort: { type: 'flag', about: 'go back to the state before the rebase' },
    force: { type: 'flag', short: 'f', about: 'with --skip, --abort: drop edits of files that would change' },
  },
  examples: [
    ['varve rebase main', "move this branch's commits on top of main"],
    ['varve rebase -i HEAD~3', 'put the last three commits in order: join, reword, drop'],
    ['varve rebase --autosquash main', 'take corrections into the commits that they correct'],
    ['varve rebase --continue', 'after the last conflict is resolved'],
    ['varve rebase --onto v2 main', 'put only the commits that main does not have on top of v2'],
  ],
  json: 'MergeResult; --abort: { aborted: true }',
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, out, repository, operation } = context
  given.exclusive('continue', 'skip', 'abort', 'onto')
  for (const other of ['autostash', 'interactive', 'autosquash'])
    given.exclusive('continue', 'skip', 'abort', other)
  const message = given.text('message')
  if (message !== undefined && !given.flag('continue')) throw usage("'--message' needs '--continue'")
  if (given.flag('edit') && !given.flag('continue')) throw usage("'--edit' needs '--continue'")
  if (given.flag('abort')) return goBack(context, 'rebase')
  if (given.flag('force') && !given.flag('skip')) throw usage("'--force' needs '--skip' or '--abort'")
  const repo = await repository({ commits: true })
  if (given.flag('continue') || given.flag('skip')) {
    await requireUnderWay(context, repo, 'rebase')
    const editor = new MessageEditor(context, repo.dotDir)
    const named = given.flag('edit') ? await continuedMessage(context, repo, { message, editor }) : message
    const result = await editor.use(() =>
      repo.rebaseContinue({
        ...operation,
        editStep: stepMessages(context, repo),
        ...signChoice(given),
        skip: given.flag('skip'),
        discard: given.flag('force'),
        ...(named === undefined ? {} : { message: named }),
      }),
    )
    if (out.json) out.result(result, () => {})
    return printMerge(out, result, 'rebase')
  }
  const onto = given.text('onto')
  const upstream = upstreamOf(given)
  const isInteractive = given.flag('interactive')
  const result = await repo.rebase(upstream, {
    ...operation,
    autosquash: given.flag('autosquash'),
    ...(isInteractive ? { editSteps: stepsEditor(context, repo, onto ?? upstream) } : {}),
    // As in Git, nobody is asked for messages where nobody was asked for the list.
    ...(isInteractive ? { editStep: stepMessages(context, repo) } : {}),
    ...signChoice(given),
    autostash: given.flag('autostash'),
    ...(onto === undefined ? {} : { onto }),
  })
  if (out.json) out.result(result, () => {})
  return printMerge(out, result, 'rebase')
}

function upstreamOf(given: Arguments): string {
  const [upstream, branch] = given.words
  if (branch !== undefined) {
    throw usage(
      `unexpected argument '${branch}'`,
      `the current branch is rebased: 'varve switch ${branch}', then 'varve rebase ${upstream!}'`,
    )
  }
  return orPrevious(upstream ?? '@{upstream}')
}
