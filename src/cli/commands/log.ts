import type { CommitInfo, RowChange } from '../../api/interface.ts'
import type { RowCommit } from '../../api/row-history.ts'
import { type Arguments, usage } from '../arguments.ts'
import { commitLine, commitLines, shallowHint } from '../format/commit.ts'
import { statLines } from '../format/diff.ts'
import { Graph, graphLines } from '../format/graph.ts'
import { rowLine } from '../format/row-changes.ts'
import { keyText } from '../format/value.ts'
import { emptyRevision } from '../../api/diff-ends.ts'
import type { Command, Context } from '../interface.ts'
import type { Output } from '../output.ts'
import { requirePaths, revisionsAndPaths, toRepositoryPath } from '../paths.ts'
import { collect } from '../../base/iterables.ts'
import { loggedLines, receiptLine } from '../format/receipt.ts'
import type { Repository } from '../../index.ts'

export const command: Command = {
  usage: [
    'log [--oneline] [-n N] [--stat] [--all] [--no-follow] [REV | A..B] [[--] PATH]',
    'log --graph [--oneline] [-n N] [--stat] [--all] [REV | A..B]',
    'log --links [NAME] [--oneline] [-n N]',
    'log --key KEY... [--column NAME] [--oneline] [-n N] [--all] [--no-follow] [REV | A..B] [--] TABLE',
  ],
  description:
    'Lists commits, newest first: those of REV (default: HEAD), of A..B, or only those that changed PATH, a file or table\nalso under the names it had before. With --key only those that added, changed or removed that row of TABLE, or with\n--column that cell of it, each with what it did. With --graph how lines of history part and meet\nis drawn beside them. With --links the receipts of the rounds of the link NAME, or of all: what each\nread, wrote and held back, and the checksums of both sides after it.',
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
    graph: { type: 'flag', about: 'draw how branches part and meet' },
    all: { type: 'flag', about: 'commits of all branches and tags' },
    'first-parent': { type: 'flag', about: 'leave out what merges brought in' },
    key: { type: 'list', short: 'k', value: 'KEY', about: "the row's key; once for each of its columns" },
    column: { type: 'text', short: 'c', value: 'NAME', about: 'only this cell of the row' },
    links: { type: 'flag', about: 'receipts of links with live systems, also of those that were fetched' },
    follow: { type: 'flag', about: 'go on under the names that PATH had before; so it is anyway' },
    'no-follow': { type: 'flag', about: 'only what happened under the name PATH' },
  },
  examples: [
    ['varve log --oneline -5', 'the last five commits'],
    ['varve log --graph --oneline --all', 'all branches, and how they part and meet'],
    ['varve log --stat people.csv', 'the commits that changed a file, and how'],
    ['varve log people.csv --key 17', 'what became of one row, and who did it'],
    ['varve log people.csv --key 17 --column city --oneline', 'what became of one cell'],
    ['varve log --links shop -3', 'what the last three rounds of a link did'],
    ['varve log main..cleanup', 'what cleanup has and main has not'],
  ],
  json: '{ items: CommitInfo[] }, with --key { items: (CommitInfo & { path: string; keyColumns: string[]; change: RowChange })[] }, with --links { items: LoggedReceipt[] }; LoggedReceipt = { id: string; link: string; mode: string; startedMs: number; finishedMs: number; tables: TableReceipt[]; heldBack: { table: string; key: string; reason: string }[]; heldBackCount: number; commit: string | null; notes: string[] }',
  numberOption: 'limit',
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, out, repository, operation } = context
  given.exclusive('follow', 'no-follow')
  const repo = await repository()
  if (given.flag('links')) return logLinks(context, repo)
  const { revisions, paths } = await revisionsAndPaths(repo, given, 1)
  if (paths.length > 1) throw usage('log takes one path')
  if (given.list('key').length > 0) return logRow(context, repo, revisions[0], paths[0])
  if (given.text('column') !== undefined) throw usage('--column needs the row: --key KEY')
  requirePaths(repo.root, given, paths)
  const graph = given.flag('graph') ? new Graph() : null
  if (graph !== null && paths.length > 0) throw usage('--graph draws all commits, not those of a path')
  const commits = repo.log({
    ...operation,
    ...choice(given, revisions[0]),
    ...(paths[0] === undefined ? {} : { path: toRepositoryPath(repo.root, paths[0]) }),
  })
  const oneline = given.flag('oneline')
  let end: CommitInfo | null = null
  await out.items(commits, async (commit, index) => {
    if (commit.shallow === true) end = commit
    const lines = oneline ? [commitLine(commit, out.paint)] : commitLines(commit, out.paint)
    if (given.flag('stat') && commit.shallow !== true) lines.push(...(await statOf(repo, commit)))
    if (graph === null && !oneline && index > 0) out.line()
    const drawn = graph === null ? lines : graphLines(graph, commit, lines, { spaced: !oneline })
    for (const line of drawn) out.line(line)
  })
  if (end !== null) out.hint(shallowHint(end))
  return 0

  async function statOf(from: Repository, commit: CommitInfo): Promise<string[]> {
    const stats = from.diffStat({ ...operation, from: commit.parents[0] ?? emptyRevision, to: commit.id })
    return [...(oneline ? [] : ['']), ...statLines(await collect(stats), out)]
  }
}

async function logLinks({ arguments: given, out }: Context, repo: Repository): Promise<number> {
  given.expectWords(0, 1, 'NAME')
  for (const other of ['stat', 'all', 'key', 'graph'] as const) given.exclusive('links', other)
  const [link, limit] = [given.words[0], given.number('limit')]
  const receipts = repo.receipts({
    ...(link === undefined ? {} : { link }),
    ...(limit === undefined ? {} : { limit }),
  })
  const isShort = given.flag('oneline')
  await out.items(receipts, (receipt, index) => {
    if (isShort) return out.line(receiptLine(receipt, out.paint))
    if (index > 0) out.line()
    for (const line of loggedLines(receipt, out.paint)) out.line(line)
  })
  return 0
}

function choice(
  given: Arguments,
  revision: string | undefined,
): { revision?: string; limit?: number; all: boolean; firstParent: boolean; follow: boolean } {
  const limit = given.number('limit')
  return {
    ...(revision === undefined ? {} : { revision }),
    ...(limit === undefined ? {} : { limit }),
    all: given.flag('all'),
    firstParent: given.flag('first-parent'),
    follow: !given.flag('no-follow'),
  }
}

async function logRow(
  { arguments: given, out, operation }: Context,
  repo: Repository,
  revision: string | undefined,
  path: string | undefined,
): Promise<number> {
  for (const other of ['stat', 'graph'] as const) given.exclusive('key', other)
  if (path === undefined) throw usage('--key needs a table: varve log TABLE --key KEY')
  const column = given.text('column')
  const commits = repo.rowLog(toRepositoryPath(repo.root, path), {
    ...operation,
    ...choice(given, revision),
    key: { text: given.list('key') },
    ...(column === undefined ? {} : { column }),
  })
  const oneline = given.flag('oneline')
  await out.items(commits, (commit, index) => {
    if (!oneline && index > 0) out.line()
    for (const line of oneline ? [commitLine(commit, out.paint)] : commitLines(commit, out.paint))
      out.line(line)
    if (!oneline) out.line()
    out.line(`  ${changeLine(commit, column !== undefined, out)}`)
  })
  return 0
}

function changeLine({ change, keyColumns }: RowCommit, cellOnly: boolean, out: Output): string {
  // Of a row that came or went, the cell asked about says enough.
  const cells = (side: 'before' | 'after'): RowChange['before'] =>
    Object.fromEntries(change.cells.map((cell) => [cell.column, cell[side]]))
  const shown: RowChange =
    cellOnly && change.kind !== 'changed'
      ? { ...change, before: cells('before'), after: cells('after') }
      : change
  return rowLine(shown, keyText(change.key, keyColumns), keyColumns, out.verbose, out.paint)
}
