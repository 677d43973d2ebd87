// What cherry-pick and revert share: commits' changes, done again or taken back on the current branch.
import type { Repository } from '../index.ts'
import { type Arguments, usage } from './arguments.ts'
import { goBack, goOn, requireUnderWay } from './finish-merge.ts'
import { printMerge } from './format/merge.ts'
import type { Context, OptionSpecs } from './interface.ts'
import { MessageEditor } from './message/draft.ts'
import { editOptions, wantsEditor } from './message/edit-options.ts'
import { mergeMessage } from './message/merge-message.ts'
import { signChoice, signOptions } from './signing/options.ts'
import { orPrevious } from './paths.ts'

type Kind = 'cherry-pick' | 'revert'
type Options = NonNullable<Parameters<Repository['cherryPick']>[1]>
type Pick = (
  repo: Repository,
  revisions: readonly string[],
  options: Options,
) => ReturnType<Repository['cherryPick' | 'revert']>

export const pickOptions: OptionSpecs = {
  'no-commit': { type: 'flag', short: 'n', about: 'stage the result, do not commit it' },
  mainline: {
    type: 'text',
    short: 'm',
    value: 'PARENT',
    about:
      "for merge commits: take the change against this parent; '-m 1' is the branch that was merged into",
  },
  ...editOptions,
  ...signOptions,
  continue: { type: 'flag', about: 'commit what it stopped at, when all conflicts are resolved, and go on' },
  skip: { type: 'flag', about: 'skip the commit at which it stopped, and go on' },
  abort: { type: 'flag', about: 'go back to the state before it' },
  quit: {
    type: 'flag',
    about: 'stop, and keep branch, staged changes and files as they are',
  },
  force: { type: 'flag', short: 'f', about: 'with --skip, --abort: drop edits of files that would change' },
}

export const pickJson =
  "{ outcome: 'up-to-date' | 'merged' | 'conflict' | 'staged'; commit: string; paths: MergedPath[]; conflictCount: number; policies?: PolicyDecisions; reused: { id: string; kind: string; path: string; key?: Value[]; column?: string }[]; sequence?: { done: number; total: number; stoppedAt: string | null; leftOut: string[] } (of several commits) }; --skip, and --continue of several: the same; --continue of one: CommitInfo; --abort: { aborted: true }; --quit: { quit: true }"

const ways = ['continue', 'skip', 'abort', 'quit']

export async function runPick(context: Context, kind: Kind, pick: Pick): Promise<number> {
  const { arguments: given, out, repository, operation } = context
  given.exclusive(...ways, 'no-commit')
  given.exclusive(...ways, 'mainline')
  if (given.flag('abort')) return goBack(context, kind)
  if (given.flag('force') && !given.flag('skip')) throw usage("'--force' needs '--skip' or '--abort'")
  if (given.flag('quit')) return quit(context, kind)
  const isGoingOn = given.flag('continue') || given.flag('skip')
  if (!isGoingOn) given.expectWords(1, Infinity, 'REV')
  given.exclusive('no-commit', 'edit')
  const mainline = parentOf(given)
  // For a revert, nobody has written a message yet.
  const isEdited = wantsEditor(context, kind === 'revert')
  const repo = await repository({ commits: true })
  const editor = new MessageEditor(context, repo.dotDir)
  const editing = isEdited ? { editMessage: mergeMessage(editor, kind) } : {}
  if (isGoingOn) await requireUnderWay(context, repo, kind)
  if (given.flag('continue'))
    return goOn(context, repo, { message: undefined, editor: isEdited ? editor : null, ...editing })
  const result = await editor.use(() =>
    given.flag('skip')
      ? repo.pickContinue({
          ...operation,
          ...editing,
          ...signChoice(given),
          skip: true,
          discard: given.flag('force'),
        })
      : pick(repo, given.words.map(orPrevious), {
          ...operation,
          ...editing,
          ...signChoice(given),
          ...(mainline === undefined ? {} : { mainline }),
          noCommit: given.flag('no-commit'),
        }),
  )
  if (out.json) out.result(result, () => {})
  return printMerge(out, result, kind)
}

function parentOf(given: Arguments): number | undefined {
  const mainline = given.number('mainline')
  if (mainline === 0) throw usage("'--mainline' counts parents from 1")
  return mainline
}

async function quit(context: Context, kind: Kind): Promise<number> {
  const { out, repository } = context
  const repo = await repository()
  await requireUnderWay(context, repo, kind)
  await repo.pickQuit()
  out.result({ quit: true }, () => out.say(`the ${kind} is over, and all stays as it is`))
  return 0
}
