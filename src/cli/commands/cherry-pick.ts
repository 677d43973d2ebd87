import { printMerge } from '../format/merge.ts'
import type { Command, Context } from '../interface.ts'
import { MessageEditor } from '../message/draft.ts'
import { editOptions, wantsEditor } from '../message/edit-options.ts'
import { mergeMessage } from '../message/merge-message.ts'

export const command: Command = {
  usage: ['cherry-pick [--no-commit] [-e | --no-edit] REV'],
  description:
    'Does again on the current branch what REV did to its parent, keeping its author. What clashes is a conflict, as in a\nmerge.',
  options: {
    'no-commit': { type: 'flag', short: 'n', about: 'stage the result, do not commit it' },
    ...editOptions,
  },
  examples: [
    ['varve cherry-pick cleanup', 'the last commit of another branch'],
    ['varve cherry-pick --no-commit v1~2', 'stage it without a commit'],
  ],
  json: "{ outcome: 'up-to-date' | 'merged' | 'conflict' | 'staged'; commit: string; paths: MergedPath[]; conflictCount: number; reused: { id: string; kind: string; path: string; key?: Value[]; column?: string }[] }",
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, out, repository, operation } = context
  given.expectWords(1, 1, 'REV')
  given.exclusive('no-commit', 'edit')
  const isEdited = wantsEditor(context, false)
  const repo = await repository({ commits: true })
  const editor = new MessageEditor(context, repo.dotDir)
  const result = await editor.use(() =>
    repo.cherryPick(given.words[0]!, {
      ...operation,
      ...(isEdited ? { editMessage: mergeMessage(editor, 'cherry-pick') } : {}),
      noCommit: given.flag('no-commit'),
    }),
  )
  if (out.json) out.result(result, () => {})
  return printMerge(out, result, 'cherry-pick')
}
