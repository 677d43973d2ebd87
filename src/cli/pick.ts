// What cherry-pick and revert share: one commit's change, done again or taken back on the current branch.
import type { Repository } from '../index.ts'
import { usage } from './arguments.ts'
import { goBack, goOn, requireUnderWay } from './finish-merge.ts'
import { printMerge } from './format/merge.ts'
import type { Context, OptionSpecs } from './interface.ts'
import { MessageEditor } from './message/draft.ts'
import { editOptions, wantsEditor } from './message/edit-options.ts'
import { mergeMessage } from './message/merge-message.ts'

type Options = NonNullable<Parameters<Repository['cherryPick']>[1]>
type Pick = (
  repo: Repository,
  revision: string,
  options: Options,
) => ReturnType<Repository['cherryPick' | 'revert']>

export const pickOptions: OptionSpecs = {
  'no-commit': { type: 'flag', short: 'n', about: 'stage the result, do not commit it' },
  ...editOptions,
  continue: { type: 'flag', about: 'commit it, all conflicts being resolved' },
  abort: { type: 'flag', about: 'go back to before it' },
  force: { type: 'flag', short: 'f', about: 'with --abort: drop edits of files that it has changed' },
}

export const pickJson =
  "{ outcome: 'up-to-date' | 'merged' | 'conflict' | 'staged'; commit: string; paths: MergedPath[]; conflictCount: number; reused: { id: string; kind: string; path: string; key?: Value[]; column?: string }[] }; --continue: CommitInfo; --abort: { aborted: true }"

export async function runPick(context: Context, kind: 'cherry-pick' | 'revert', pick: Pick): Promise<number> {
  const { arguments: given, out, repository, operation } = context
  given.exclusive('continue', 'abort', 'no-commit')
  if (given.flag('abort')) return goBack(context, kind)
  if (given.flag('force')) throw usage("'--force' needs '--abort'")
  if (!given.flag('continue')) given.expectWords(1, 1, 'REV')
  given.exclusive('no-commit', 'edit')
  // For a revert, nobody has written a message yet.
  const isEdited = wantsEditor(context, kind === 'revert')
  const repo = await repository({ commits: true })
  const editor = new MessageEditor(context, repo.dotDir)
  if (given.flag('continue')) {
    await requireUnderWay(context, repo, kind)
    return goOn(context, repo, { message: undefined, editor: isEdited ? editor : null })
  }
  const result = await editor.use(() =>
    pick(repo, given.words[0]!, {
      ...operation,
      ...(isEdited ? { editMessage: mergeMessage(editor, kind) } : {}),
      noCommit: given.flag('no-commit'),
    }),
  )
  if (out.json) out.result(result, () => {})
  return printMerge(out, result, kind)
}
