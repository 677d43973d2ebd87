// What is under way after conflicts, a merge, revert, cherry-pick or rebase: going on with it, and going back.
import { VarveError } from '../base/errors.ts'
import type { EditMessage } from '../api/interface.ts'
import type { Repository } from '../index.ts'
import { shortId, subjectOf } from './format/commit.ts'
import { printAutostash } from './format/autostash.ts'
import { printMerge } from './format/merge.ts'
import type { Context } from './interface.ts'
import { continuedMessage } from './message/continued.ts'
import { MessageEditor } from './message/draft.ts'
import { signChoice } from './signing/options.ts'
import { stepMessages } from './message/rebase-todo.ts'

type Kind = 'merge' | 'cherry-pick' | 'revert' | 'rebase'

/** Commits it. `editor`: null, nobody is asked for its message; `editMessage`: for those of the picks after it. */
export async function goOn(
  context: Context,
  repo: Repository,
  {
    message,
    editor,
    editMessage,
  }: { message: string | undefined; editor: MessageEditor | null; editMessage?: EditMessage },
): Promise<number> {
  const { out, operation } = context
  const written = editor === null ? message : await continuedMessage(context, repo, { message, editor })
  const named = written === undefined ? {} : { message: written }
  const options = { ...operation, ...named, ...signChoice(context.arguments) }
  const using = editor ?? new MessageEditor(context, repo.dotDir)
  const merging = await repo.merging()
  if (merging?.kind === 'rebase' || merging?.sequence !== undefined) {
    const asked = editMessage === undefined ? options : { ...options, editMessage }
    const rebasing = { ...options, editStep: stepMessages(context, repo) }
    const result = await using.use(() =>
      merging.kind === 'rebase' ? repo.rebaseContinue(rebasing) : repo.pickContinue(asked),
    )
    if (out.json) out.result(result, () => {})
    return printMerge(out, result, merging.kind)
  }
  const commit = await using.use(() => repo.mergeContinue(options))
  out.result(commit, () => {
    out.say(`committed as ${shortId(commit.id)}: ${subjectOf(commit.message)}`)
    printAutostash(out, commit.autostash)
  })
  return 0
}

/** To before it; with `--force` edits of the files that it has changed go as well. */
export async function goBack(context: Context, kind: Kind): Promise<number> {
  const { arguments: given, out, repository, operation } = context
  const repo = await repository()
  await requireUnderWay(context, repo, kind)
  const { autostash } = await repo.mergeAbort({ ...operation, discard: given.flag('force') })
  out.result({ aborted: true, ...(autostash === undefined ? {} : { autostash }) }, () => {
    out.say(`as before the ${kind}`)
    printAutostash(out, autostash)
  })
  return 0
}

/** Refuses if something other than `kind` is under way; 'merge' stands for all kinds. No words may be given. */
export async function requireUnderWay(
  { arguments: given }: Context,
  repo: Repository,
  kind: Kind,
): Promise<void> {
  given.expectWords(0, 0, '')
  const is = (await repo.merging())?.kind
  if (is === undefined || kind === 'merge' || is === kind) return
  throw new VarveError('VARVE_NOT_POSSIBLE', `what is under way is a ${is}, no ${kind}`, {
    hint: `'varve ${is} --continue' and 'varve ${is} --abort' end it`,
  })
}
