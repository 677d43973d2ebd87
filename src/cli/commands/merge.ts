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
import { orPrevious } from '../paths.ts'
import { markdownAsked, textFormats } from '../output-format.ts'
import type { Command, Context } from '../interface.ts'
import { MessageEditor } from '../message/draft.ts'
import { editOptions, wantsEditor } from '../message/edit-options.ts'
import { signChoice, signOptions, verifyChoice, verifyOptions } from '../signing/options.ts'
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
    'Merges REV (default: the upstream of the current branch) into the current branch. Tables are merged\nby row and cell, text by line. Conflicts are stored with their three sides until they are resolved,\nand the exit code is 21. Where there is a conflict, the files hold our side. A merge is refused if\nit would change a file with uncommitted edits, or leave it in conflict.\n\nWith --squash nothing is committed: the changes are staged for an ordinary commit. With --dry-run\nnothing is written: the command shows what the merge would do, conflicts included; this works in a\nbare repository too. On a terminal an editor opens for the message of the commit, unless you give -m\nor --no-edit.\n\n--continue and --abort also work for revert, cherry-pick, rebase and pull. --abort keeps edits that\nwere made since the merge began, and refuses if they are in a file that the merge has changed.',
  options: {
    message: { type: 'text', short: 'm', value: 'MESSAGE', about: "the merge commit's message" },
    ...editOptions,
    ...signOptions,
    ...verifyOptions,
    'no-commit': { type: 'flag', about: 'stage the merge, do not commit it' },
    squash: {
      type: 'flag',
      about: 'stage the result for an ordinary commit, whose message names the merged commits',
    },
    'ff-only': { type: 'flag', about: 'refuse unless the branch can be fast-forwarded' },
    'no-ff': { type: 'flag', about: 'make a merge commit even if the branch could be fast-forwarded' },
    ...autostashOption,
    'allow-unrelated-histories': { type: 'flag', about: 'allow histories that share no commit' },
    format: {
      type: 'text',
      value: 'FORMAT',
      choices: textFormats,
      about: 'text (the default), or markdown for a pull request',
    },
    'dry-run': {
      type: 'flag',
      about: 'show what would happen, and change nothing; exit code 21 on conflict',
    },
    into: { type: 'text', value: 'BRANCH', about: 'with --dry-run: what to merge into, instead of HEAD' },
    continue: { type: 'flag', about: 'commit the merge when all conflicts are resolved' },
    abort: { type: 'flag', about: 'go back to the state before the merge' },
    force: {
      type: 'flag',
      short: 'f',
      about: 'with --abort: drop edits of files that the merge has changed',
    },
  },
  examples: [
    ['varve merge cleanup', 'bring in the branch cleanup'],
    ['varve merge --squash cleanup', 'everything that the branch did as one change; then run varve commit'],
    ['varve merge --dry-run cleanup', 'would it merge? exit code 0 if so, 21 on conflict'],
    ['varve merge --dry-run --into main --format markdown HEAD', 'for CI: a comment on a pull request'],
    ['varve merge --verify-signatures cleanup', 'only if its last commit has a good signature'],
    ['varve merge --continue', 'after the last conflict is resolved'],
    ['varve merge --abort', 'cancel the merge'],
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
      ...signChoice(given),
      ...verifyChoice(given),
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
  if (second === undefined) return orPrevious(first)
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
