import { usage } from '../arguments.ts'
import type { ConflictInfo, MergeResult } from '../../api/interface.ts'
import type { Repository } from '../../index.ts'
import type { Arguments } from '../arguments.ts'
import { goBack, goOn, requireUnderWay } from '../finish-merge.ts'
import { printMerge } from '../format/merge.ts'
import { printPreview } from '../format/merge-preview.ts'
import { linesMax } from '../format/markdown.ts'
import { printMergeMarkdown, printPreviewMarkdown } from '../format/merge-markdown.ts'
import { autostashOption } from '../format/autostash.ts'
import { markdownAsked, textFormats } from '../output-format.ts'
import type { Command, Context } from '../interface.ts'
import { MessageEditor } from '../message/draft.ts'
import { editOptions, wantsEditor } from '../message/edit-options.ts'
import { mergeMessage } from '../message/merge-message.ts'

export const command: Command = {
  usage: [
    'merge [--no-commit] [--ff-only | --no-ff] [--autostash] [-m MESSAGE] [-e | --no-edit] [REV]',
    'merge --squash [-m MESSAGE] [REV]',
    'merge --dry-run [--into BRANCH] [--format FORMAT] [REV]',
    'merge --continue [-m MESSAGE] [-e | --no-edit]',
    'merge --abort [-f]',
  ],
  description:
    'Brings what REV (default: the branch that the current one follows) has into the current branch. Tables are merged by\nrow and cell, text by line; what cannot be decided is a conflict, kept with its three sides until it is resolved, and\nthe exit code is 21. The files hold ours wherever there is a conflict. A merge that\nwould change a file with edits that are not committed, or leave it in conflict, is refused. With --squash nothing is committed: the changes are staged, and the\nnext commit is one like any. --continue and --abort also serve revert,\ncherry-pick, rebase and pull; --abort keeps edits made since, and refuses where they are of a file that the merge has changed. On a terminal an editor opens for the\nmessage of the commit, unless -m or --no-edit is given. With --dry-run nothing is written: it tells what the merge would do, conflicts included,\nin a bare repository too.',
  options: {
    message: { type: 'text', short: 'm', value: 'MESSAGE', about: "the merge commit's message" },
    ...editOptions,
    'no-commit': { type: 'flag', about: 'stage the merge, do not commit it' },
    squash: {
      type: 'flag',
      about: 'stage what it comes to, for a commit that is no merge: its message names the commits',
    },
    'ff-only': { type: 'flag', about: 'refuse unless the branch can simply move forward' },
    'no-ff': { type: 'flag', about: 'make a merge commit even then' },
    ...autostashOption,
    'allow-unrelated-histories': { type: 'flag', about: 'even if the histories share no commit' },
    format: {
      type: 'text',
      value: 'FORMAT',
      choices: textFormats,
      about: 'text (the default), or markdown for a pull request',
    },
    'dry-run': {
      type: 'flag',
      about: 'tell what would happen, and change nothing; exit code 21 on conflict',
    },
    into: { type: 'text', value: 'BRANCH', about: 'with --dry-run: what to merge into, instead of HEAD' },
    continue: { type: 'flag', about: 'commit the merge, all conflicts being resolved' },
    abort: { type: 'flag', about: 'go back to before the merge' },
    force: {
      type: 'flag',
      short: 'f',
      about: 'with --abort: drop edits of files that the merge has changed',
    },
  },
  examples: [
    ['varve merge cleanup', 'bring in the branch cleanup'],
    ['varve merge --squash cleanup', 'all that the branch did as one change; then varve commit'],
    ['varve merge --dry-run cleanup', 'would it merge? exit code 0 if it would, 21 on conflict'],
    ['varve merge --dry-run --into main --format markdown HEAD', 'for CI: a comment on a pull request'],
    ['varve merge --continue', 'after the last conflict is resolved'],
    ['varve merge --abort', 'as if it had never begun'],
  ],
  json: "{ outcome: 'up-to-date' | 'fast-forward' | 'merged' | 'conflict' | 'staged'; commit: string; paths: MergedPath[]; conflictCount: number; policies: PolicyDecisions; conflicts?: ConflictInfo[]; reused: { id: string; kind: string; path: string; key?: Value[]; column?: string }[] }; --dry-run: MergePreview; --continue: CommitInfo (of a rebase: MergeResult); --abort: { aborted: true }",
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, out, repository, operation } = context
  given.exclusive('continue', 'abort', 'no-commit', 'dry-run', 'squash')
  given.exclusive('squash', 'no-ff')
  given.exclusive('squash', 'edit')
  given.exclusive('ff-only', 'no-ff')
  for (const other of ['continue', 'abort', 'dry-run']) given.exclusive('autostash', other)
  const message = given.text('message')
  const isEdited = wantsEditor(context, message === undefined) && !given.flag('squash')
  const named = message === undefined ? {} : { message }
  if (given.flag('abort')) return goBack(context, 'merge')
  if (given.flag('force')) throw usage("'--force' needs '--abort'")
  if (given.flag('dry-run')) return preview(context)
  if (given.text('into') !== undefined) throw usage('--into needs --dry-run', intoHint(given))
  const repo = await repository({ commits: true })
  const editor = new MessageEditor(context, repo.dotDir)
  if (given.flag('continue')) {
    await requireUnderWay(context, repo, 'merge')
    return goOn(context, repo, { message, editor: isEdited ? editor : null })
  }
  const isMarkdown = markdownAsked(given)
  const revision = oneRevision(given)
  const result = await editor.use(() =>
    repo.merge(revision, {
      ...operation,
      ...named,
      ...(isEdited ? { editMessage: mergeMessage(editor, 'merge') } : {}),
      ...waysOf(given),
      noCommit: given.flag('no-commit'),
      squash: given.flag('squash'),
      autostash: given.flag('autostash'),
    }),
  )
  if (out.json) out.result(result, () => {})
  else if (isMarkdown) return reportMarkdown(context, result)
  return printMerge(out, result, given.flag('squash') ? 'squash' : 'merge')
}

async function reportMarkdown(
  { arguments: given, out, repository }: Context,
  result: MergeResult,
): Promise<number> {
  const conflicts: ConflictInfo[] = [...(result.conflicts ?? [])]
  if (result.outcome === 'conflict' && result.conflicts === undefined) {
    for await (const conflict of (await repository()).conflicts()) {
      conflicts.push(conflict)
      if (conflicts.length >= linesMax) break
    }
  }
  printMergeMarkdown(out, result, given.words[0] ?? '@{upstream}', conflicts)
  return result.outcome === 'conflict' ? 21 : 0
}

type MergeWays = Pick<NonNullable<Parameters<Repository['merge']>[1]>, 'fastForward' | 'allowUnrelated'>

function waysOf(given: Arguments): MergeWays {
  return {
    fastForward: given.flag('ff-only') ? 'only' : given.flag('no-ff') ? 'never' : 'allow',
    allowUnrelated: given.flag('allow-unrelated-histories'),
  }
}

async function preview({ arguments: given, out, repository, operation }: Context): Promise<number> {
  const into = given.text('into')
  const revision = oneRevision(given)
  const isMarkdown = markdownAsked(given)
  const repo = await repository()
  const result = await repo.mergePreview(revision, {
    ...operation,
    ...waysOf(given),
    ...(into === undefined ? {} : { into }),
  })
  out.result(result, () => (isMarkdown ? printPreviewMarkdown : printPreview)(out, result, revision))
  return result.outcome === 'conflict' ? 21 : 0
}

/** Default: what the branch follows. One, for a merge has two sides: what git calls an octopus could not say whose cell clashes with whose. */
function oneRevision(given: Arguments): string {
  const [first, second] = given.words
  if (first === undefined) return '@{upstream}'
  if (second === undefined) return first
  if (given.flag('dry-run')) {
    throw usage(
      'one revision can be merged at a time',
      `to merge one into another: 'varve merge --dry-run --into ${first} ${second}'`,
    )
  }
  throw usage(
    `one revision can be merged at a time, not ${given.words.length}`,
    `merge them one after the other: ${given.words.map((word) => `'varve merge ${word}'`).join(', then ')}`,
  )
}

function intoHint(given: Arguments): string {
  return `go there and merge: 'varve switch ${given.text('into')!}', then 'varve merge ${given.words[0] ?? 'REV'}'`
}
