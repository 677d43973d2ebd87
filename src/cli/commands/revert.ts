import { printMerge } from '../format/merge.ts'
import type { Command, Context } from '../interface.ts'
import { MessageEditor } from '../message/draft.ts'
import { editOptions, wantsEditor } from '../message/edit-options.ts'
import { mergeMessage } from '../message/merge-message.ts'

export const command: Command = {
  usage: ['revert [--no-commit] [-e | --no-edit] REV'],
  description:
    'Makes a commit that takes back what REV did to its parent; what came after stays. Rows and cells are taken back one by\none, and what has changed since is a conflict, as in a merge.\nOn a terminal an editor opens for the message.',
  options: {
    'no-commit': { type: 'flag', short: 'n', about: 'stage the result, do not commit it' },
    ...editOptions,
  },
  examples: [
    ['varve revert HEAD', 'take back the last commit, visibly'],
    ['varve revert --no-commit HEAD~3', 'stage the reversal of an older one'],
  ],
  json: "{ outcome: 'up-to-date' | 'merged' | 'conflict' | 'staged'; commit: string; paths: MergedPath[]; conflictCount: number; reused: { id: string; kind: string; path: string; key?: Value[]; column?: string }[] }",
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, out, repository, operation } = context
  given.expectWords(1, 1, 'REV')
  given.exclusive('no-commit', 'edit')
  const isEdited = wantsEditor(context, true)
  const repo = await repository({ commits: true })
  const editor = new MessageEditor(context, repo.dotDir)
  const result = await editor.use(() =>
    repo.revert(given.words[0]!, {
      ...operation,
      ...(isEdited ? { editMessage: mergeMessage(editor, 'revert') } : {}),
      noCommit: given.flag('no-commit'),
    }),
  )
  if (out.json) out.result(result, () => {})
  return printMerge(out, result, 'revert')
}
