import type { CommitInfo } from '../../api/interface.ts'
import { usage } from '../arguments.ts'
import { commitLine, commitLines } from '../format/commit.ts'
import { statLines } from '../format/diff.ts'
import { emptyRevision } from '../../api/diff-ends.ts'
import type { Command, Context } from '../interface.ts'
import { requirePaths, revisionsAndPaths, toRepositoryPath } from '../paths.ts'
import { collect } from '../../base/iterables.ts'
import type { Repository } from '../../index.ts'

export const command: Command = {
  usage: ['log [--oneline] [-n N] [--stat] [--all] [REV | A..B] [[--] PATH]'],
  description:
    'Lists commits, newest first: those of REV (default: HEAD), of A..B, or only those that changed PATH.',
  options: {
    oneline: { type: 'flag', about: 'one line a commit' },
    limit: {
      type: 'text',
      short: 'n',
      aliases: ['max-count'],
      value: 'N',
      about: 'at most N commits; -5 is short for -n 5',
    },
    stat: { type: 'flag', about: 'with the changed paths and how much of them' },
    all: { type: 'flag', about: 'commits of all branches and tags' },
    'first-parent': { type: 'flag', about: 'leave out what merges brought in' },
  },
  examples: [
    ['varve log --oneline -5', 'the last five commits'],
    ['varve log --stat people.csv', 'the commits that changed a file, and how'],
    ['varve log main..cleanup', 'what cleanup has and main has not'],
  ],
  json: '{ items: CommitInfo[] }',
  numberOption: 'limit',
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  const repo = await repository()
  const { revisions, paths } = await revisionsAndPaths(repo, given, 1)
  if (paths.length > 1) throw usage('log takes one path')
  requirePaths(repo.root, given, paths)
  const limit = given.number('limit')
  const commits = repo.log({
    ...operation,
    ...(revisions[0] === undefined ? {} : { revision: revisions[0] }),
    ...(paths[0] === undefined ? {} : { path: toRepositoryPath(repo.root, paths[0]) }),
    ...(limit === undefined ? {} : { limit }),
    all: given.flag('all'),
    firstParent: given.flag('first-parent'),
  })
  const oneline = given.flag('oneline')
  await out.items(commits, async (commit, index) => {
    if (oneline) out.line(commitLine(commit, out.paint))
    else {
      if (index > 0) out.line()
      for (const line of commitLines(commit, out.paint)) out.line(line)
    }
    if (given.flag('stat')) await printStat(repo, commit)
  })
  return 0

  async function printStat(from: Repository, commit: CommitInfo): Promise<void> {
    const stats = from.diffStat({ ...operation, from: commit.parents[0] ?? emptyRevision, to: commit.id })
    if (!oneline) out.line()
    for (const line of statLines(await collect(stats), out)) out.line(line)
  }
}
