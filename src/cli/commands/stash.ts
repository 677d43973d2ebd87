import { actionOf } from '../action-of.ts'
import { collect } from '../../base/iterables.ts'
import type { Repository } from '../../index.ts'
import { usage } from '../arguments.ts'
import { alignedRows } from '../format/columns.ts'
import { commitLines, shortId, subjectOf } from '../format/commit.ts'
import { printDiffs, statLines } from '../format/diff.ts'
import { diffFormat, diffLineOptions, lineOptions } from '../format/diff-options.ts'
import { isoText } from '../../base/time.ts'
import { patchOptions } from '../choosing/options.ts'
import type { Command, Context } from '../interface.ts'
import type { StashInfo } from '../../api/stash.ts'
import type { Output } from '../output.ts'
import { pathspecFileOptions, pathWords } from '../pathspecs/from-file.ts'
import { toPathspecs } from '../pathspecs/pathspecs.ts'
import { visible } from '../visible.ts'
import { toJson } from '../../table/json.ts'

export const command: Command = {
  usage: [
    'stash [push] [-u] [-k] [-m MESSAGE] [[--] PATH...]',
    'stash [push] -p [-m MESSAGE] [[--] PATH...]',
    'stash list',
    'stash show [--stat] [STASH]',
    'stash pop | apply [--index] [STASH]',
    'stash branch NAME [STASH]',
    'stash drop [STASH]',
  ],
  description:
    "Puts all changes of versioned files aside, staged or not, and makes the files as HEAD has them. With\nPATHs (after 'push' or '--') it does this for them alone, with -u also for files that are not\nversioned, and with -k staged changes stay. With -p each changed row and each change of a text is\nshown, and put aside if you say so.\n\n  pop     applies the newest entry, or STASH, to the files, stages it and removes it from the list\n  apply   does the same and keeps it; with --index only what had been staged is staged again\n  branch  makes the branch NAME where the changes were put aside, and applies them as with --index\n  drop    removes an entry\n\nOn a conflict nothing is changed: commit what is here, then `varve cherry-pick stash/1` stores the\nconflicts. STASH is a number, stash/1, or stash@{0} counted from the newest; other commands take it\nas a revision. `varve undo` takes each step back.",
  options: {
    message: { type: 'text', short: 'm', value: 'MESSAGE', about: 'a description' },
    untracked: {
      type: 'flag',
      short: 'u',
      aliases: ['include-untracked'],
      about: 'also files that are not versioned',
    },
    'keep-index': { type: 'flag', short: 'k', about: 'staged changes stay, in the files and staged' },
    ...patchOptions,
    index: {
      type: 'flag',
      about: 'pop and apply: stage only what had been staged',
    },
    stat: { type: 'flag', about: 'show: the changed paths, and how much has changed in each' },
    ...lineOptions,
    ...pathspecFileOptions,
  },
  examples: [
    ['varve stash', 'put changes aside to pull or to switch'],
    ['varve stash pop', 'go on with them'],
    ['varve stash push prices.csv', 'only the changes of one file'],
    ['varve stash -k', 'keep only staged changes in the files, to test them'],
    ['varve stash -p', 'choose row by row what to put aside'],
    ['varve stash list', 'what was put aside'],
    ['varve diff stash/2 HEAD', 'compare one as any revision'],
  ],
  json: '{ name: string; commit: CommitInfo } | null (nothing to put aside), of list { items: { name: string; commit: CommitInfo }[] }, of show { name: string; commit: CommitInfo; changes: { items: FileDiff[] } | { items: DiffStat[] } }',
  pages: ({ words }) => words[0] === 'list' || words[0] === 'show',
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, repository } = context
  // As in Git, with '-p' paths need no 'push' before them.
  const isPatch = given.flag('patch') && actions[given.words[0] ?? ''] === undefined
  const words = given.wordsBeforeDashes === 0 || isPatch ? ['push', ...given.words] : given.words
  const [verb = 'push', ...names] = words
  const action = actionOf('stash', actions, verb)
  const namesMax = verb === 'push' ? Infinity : verb === 'list' ? 0 : verb === 'branch' ? 2 : 1
  if (names.length > namesMax) throw usage(`unexpected argument '${names[namesMax]!}'`)
  const isPush =
    given.has('pathspec-from-file') ||
    given.flag('untracked') ||
    given.flag('keep-index') ||
    (given.flag('patch') && verb !== 'show') ||
    given.text('message') !== undefined
  if (verb !== 'push' && isPush)
    throw usage("'-u', '-k', '-p', '-m' and '--pathspec-from-file' are for 'stash push'")
  if (verb !== 'pop' && verb !== 'apply' && given.flag('index'))
    throw usage("'--index' is for 'stash pop' and 'stash apply'")
  await action(context, await repository({ commits: verb === 'push' }), names)
  return 0
}

type Action = (context: Context, repo: Repository, names: readonly string[]) => Promise<void>

const actions: Readonly<Record<string, Action>> = {
  push: async (context, repo, typed) => {
    const { arguments: given, out, operation } = context
    const paths = await pathWords(given, typed)
    const message = given.text('message')
    if (given.flag('patch')) {
      given.exclusive('patch', 'untracked', 'keep-index')
      const { stashChosen } = await import('../choosing/stash-chosen.ts')
      return stashChosen(context, repo, { message, words: paths })
    }
    const made = await repo.stashes.push({
      ...operation,
      untracked: given.flag('untracked'),
      keepIndex: given.flag('keep-index'),
      ...(paths.length === 0 ? {} : { paths: toPathspecs(given, repo.root, paths) }),
      ...(message === undefined ? {} : { message }),
    })
    out.result(made, () => {
      if (made === null) return out.say('nothing to put aside: all files as committed')
      out.say(`${made.name}: ${subjectOf(made.commit.message)}`)
      const isPart = paths.length > 0 || given.flag('keep-index')
      if (!isPart) out.say(`the files are as in ${shortId(made.commit.parents[0]!)}`)
      out.hint("'varve stash pop' brings the changes back")
    })
  },
  list: async ({ out }, repo) => {
    const items = await repo.stashes.list()
    out.result({ items }, () => {
      const rows = items.map(({ name, commit }) => [name, subjectOf(commit.message), isoText(commit.author)])
      for (const line of alignedRows(rows)) out.line(line)
    })
  },
  show: async ({ arguments: given, out, operation }, repo, [name]) => {
    const { commit, name: found } = await repo.stashes.get(name)
    const ends = { ...operation, from: commit.parents[0]!, to: commit.id }
    if (out.json) out.raw(`{"name":${toJson(found)},"commit":${toJson(commit)},"changes":`)
    else for (const line of [...commitLines(commit, out.paint), '']) out.line(line)
    if (given.flag('stat')) {
      const items = await collect(repo.diffStat({ ...ends, ...diffLineOptions(given) }))
      out.result({ items }, () => statLines(items, out).forEach((line) => out.line(line)))
    } else await printDiffs(out, repo.diff({ ...ends, ...diffLineOptions(given) }), diffFormat(given))
    if (out.json) out.raw('}\n')
  },
  pop: (context, repo, [name]) => apply(context, repo, name, { drop: true }),
  apply: (context, repo, [name]) => apply(context, repo, name, { drop: false }),
  branch: async ({ out, operation }, repo, [branch, name]) => {
    if (branch === undefined) throw usage('missing argument: NAME')
    const applied = await repo.stashes.branch(branch, name, operation)
    out.result(applied, () => {
      out.say(`on the new branch ${visible(branch)}`)
      sayBrought(out, applied, { drop: true })
    })
  },
  drop: async ({ out }, repo, [name]) => {
    const dropped = await repo.stashes.drop(name)
    out.result(dropped, () => out.say(`dropped ${dropped.name}: ${subjectOf(dropped.commit.message)}`))
  },
}

async function apply(
  { arguments: given, out, operation }: Context,
  repo: Repository,
  name: string | undefined,
  { drop }: { readonly drop: boolean },
): Promise<void> {
  const applied = await repo.stashes.apply(name, { ...operation, drop, index: given.flag('index') })
  out.result(applied, () => sayBrought(out, applied, { drop }))
}

function sayBrought(out: Output, { name, commit }: StashInfo, { drop }: { readonly drop: boolean }): void {
  out.say(`${drop ? 'brought back and dropped' : 'brought back'} ${name}: ${subjectOf(commit.message)}`)
}
