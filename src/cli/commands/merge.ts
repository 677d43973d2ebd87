import { usage } from '../arguments.ts'
import { shortId, subjectOf } from '../format/commit.ts'
import { printMerge } from '../format/merge.ts'
import type { Command, Context } from '../interface.ts'

export const command: Command = {
  usage: [
    'merge [--no-commit] [--ff-only | --no-ff] [-m MESSAGE] REV',
    'merge --continue [-m MESSAGE]',
    'merge --abort',
  ],
  description:
    'Brings what REV has into the current branch. Tables are merged by row and cell, text by line; what cannot be\ndecided is a conflict, kept with its three sides until it is resolved, and the exit code is 21. The files\nhold ours wherever there is a conflict. --continue and --abort also serve revert, cherry-pick and pull.',
  options: {
    message: { type: 'text', short: 'm', value: 'MESSAGE', about: "the merge commit's message" },
    'no-commit': { type: 'flag', about: 'stage the merge, do not commit it' },
    'ff-only': { type: 'flag', about: 'refuse unless the branch can simply move forward' },
    'no-ff': { type: 'flag', about: 'make a merge commit even then' },
    'allow-unrelated-histories': { type: 'flag', about: 'even if the histories share no commit' },
    continue: { type: 'flag', about: 'commit the merge, all conflicts being resolved' },
    abort: { type: 'flag', about: 'go back to before the merge' },
  },
  examples: [
    ['varve merge cleanup', 'bring in the branch cleanup'],
    ['varve merge --continue', 'after the last conflict is resolved'],
    ['varve merge --abort', 'as if it had never begun'],
  ],
  json: "{ outcome: 'up-to-date' | 'fast-forward' | 'merged' | 'conflict' | 'staged'; commit: string; paths: MergedPath[]; conflictCount: number }; --continue: CommitInfo; --abort: { aborted: true }",
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, out, repository, operation } = context
  given.exclusive('continue', 'abort', 'no-commit')
  given.exclusive('ff-only', 'no-ff')
  const message = given.text('message')
  const named = message === undefined ? {} : { message }
  if (given.flag('abort')) {
    given.expectWords(0, 0, '')
    await (await repository()).mergeAbort(operation)
    out.result({ aborted: true }, () => out.say('as before the merge'))
    return 0
  }
  const repo = await repository({ commits: true })
  if (given.flag('continue')) {
    given.expectWords(0, 0, '')
    const commit = await repo.mergeContinue({ ...operation, ...named })
    out.result(commit, () => out.say(`committed as ${shortId(commit.id)}: ${subjectOf(commit.message)}`))
    return 0
  }
  if (given.words.length !== 1) throw usage('name one revision to merge')
  const result = await repo.merge(given.words[0]!, {
    ...operation,
    ...named,
    noCommit: given.flag('no-commit'),
    fastForward: given.flag('ff-only') ? 'only' : given.flag('no-ff') ? 'never' : 'allow',
    allowUnrelated: given.flag('allow-unrelated-histories'),
  })
  if (out.json) out.result(result, () => {})
  return printMerge(out, result, 'merge')
}
