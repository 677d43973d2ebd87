import { collect } from '../../base/iterables.ts'
import type { Repository } from '../../index.ts'
import { usage } from '../arguments.ts'
import { alignedRows } from '../format/columns.ts'
import { commitLines, shortId, subjectOf } from '../format/commit.ts'
import { printDiffs, statLines } from '../format/diff.ts'
import { isoText } from '../../base/time.ts'
import type { Command, Context } from '../interface.ts'
import { toJson } from '../../table/json.ts'

export const command: Command = {
  usage: [
    'stash [push] [-u] [-m MESSAGE]',
    'stash list',
    'stash show [--stat] [STASH]',
    'stash pop | apply [STASH]',
    'stash drop [STASH]',
  ],
  description:
    "Puts all changes of versioned files aside, staged or not, and makes the files as HEAD has them; with -u also files that\nare not versioned. 'pop' lays the newest, or STASH, over what is there, stages it and forgets it, 'apply' keeps it. Where\nboth clash nothing is changed: commit what is here, then `varve cherry-pick stash/1` keeps the conflicts. STASH is a\nnumber, stash/1, or stash@{0} counted from the newest, and a revision for other commands. `varve undo` takes each step back.",
  options: {
    message: { type: 'text', short: 'm', value: 'MESSAGE', about: 'what it is' },
    untracked: {
      type: 'flag',
      short: 'u',
      aliases: ['include-untracked'],
      about: 'also files that are not versioned',
    },
    stat: { type: 'flag', about: 'of show: the changed paths and how much of them' },
  },
  examples: [
    ['varve stash', 'put changes aside to pull or to switch'],
    ['varve stash pop', 'go on with them'],
    ['varve stash list', 'what was put aside'],
    ['varve diff stash/2 HEAD', 'compare one as any revision'],
  ],
  json: '{ name: string; commit: CommitInfo } | null (nothing to put aside), of list { items: { name: string; commit: CommitInfo }[] }, of show { name: string; commit: CommitInfo; changes: { items: FileDiff[] } | { items: DiffStat[] } }',
  pages: ({ words }) => words[0] === 'list' || words[0] === 'show',
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, repository } = context
  const [verb = 'push', ...names] = given.words
  const action = actions[verb]
  if (action === undefined) throw usage(`'stash ${verb}' is none of push, list, show, pop, apply and drop`)
  given.expectWords(0, verb === 'push' || verb === 'list' ? 1 : 2, 'STASH')
  if (verb !== 'push' && (given.flag('untracked') || given.text('message') !== undefined))
    throw usage("'-u' and '-m' are for 'stash push'")
  await action(context, await repository({ commits: verb === 'push' }), names[0])
  return 0
}

type Action = (context: Context, repo: Repository, name: string | undefined) => Promise<void>

const actions: Readonly<Record<string, Action>> = {
  push: async ({ arguments: given, out, operation }, repo) => {
    const message = given.text('message')
    const made = await repo.stashes.push({
      ...operation,
      untracked: given.flag('untracked'),
      ...(message === undefined ? {} : { message }),
    })
    out.result(made, () => {
      if (made === null) return out.say('nothing to put aside: all files as committed')
      out.say(`${made.name}: ${subjectOf(made.commit.message)}`)
      out.say(`the files are as in ${shortId(made.commit.parents[0]!)}`)
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
  show: async ({ arguments: given, out, operation }, repo, name) => {
    const { commit, name: found } = await repo.stashes.get(name)
    const ends = { ...operation, from: commit.parents[0]!, to: commit.id }
    if (out.json) out.raw(`{"name":${toJson(found)},"commit":${toJson(commit)},"changes":`)
    else for (const line of [...commitLines(commit, out.paint), '']) out.line(line)
    if (given.flag('stat')) {
      const items = await collect(repo.diffStat(ends))
      out.result({ items }, () => statLines(items, out).forEach((line) => out.line(line)))
    } else await printDiffs(out, repo.diff(ends))
    if (out.json) out.raw('}\n')
  },
  pop: (context, repo, name) => apply(context, repo, name, true),
  apply: (context, repo, name) => apply(context, repo, name, false),
  drop: async ({ out }, repo, name) => {
    const dropped = await repo.stashes.drop(name)
    out.result(dropped, () => out.say(`dropped ${dropped.name}: ${subjectOf(dropped.commit.message)}`))
  },
}

async function apply(
  { out, operation }: Context,
  repo: Repository,
  name: string | undefined,
  drop: boolean,
): Promise<void> {
  const applied = await repo.stashes.apply(name, { ...operation, drop })
  out.result(applied, () => {
    out.say(
      `${drop ? 'brought back and dropped' : 'brought back'} ${applied.name}: ${subjectOf(applied.commit.message)}`,
    )
  })
}
