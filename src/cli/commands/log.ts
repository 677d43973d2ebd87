import { lineOptions } from '../format/diff-options.ts'
import { nameNames, nameOptions } from '../format/names.ts'
import { usage } from '../arguments.ts'
import { Graph } from '../format/graph.ts'
import type { Command, Context } from '../interface.ts'
import { choice, choiceOptions, filterNames } from '../log/choice.ts'
import { printLog } from '../log/commits.ts'
import { formOptions } from '../log/form.ts'
import { logReceipts } from '../log/receipts.ts'
import { logRow } from '../log/rows.ts'
import { requirePaths, revisionsAndPaths, toRepositoryPath } from '../paths.ts'

export const command: Command = {
  usage: [
    'log [--oneline | --format FORMAT] [--date STYLE] [-n N] [--reverse] [--stat | --name-only | --name-status] [-p] [--all | --branches | --tags | --remotes] [--no-follow] [FILTER...] [REV | A..B | ^A]... [[--] PATH]',
    'log --graph [--oneline] [-n N] [--stat] [--all] [REV | A..B | ^A]...',
    'log --links [NAME] [--oneline] [-n N]',
    'log --key KEY... [--column NAME] [--oneline] [-n N] [--all] [--no-follow] [FILTER...] [REV | A..B | ^A]... [--] TABLE',
  ],
  description:
    "Lists commits, newest first: those that REVs reach (default: HEAD), without what ^A reaches (A..B is\n^A B), or only those that changed PATH, a file or table\nalso under the names it had before. With --key only those that added, changed or removed that row of TABLE, or with\n--column that cell of it, each with what it did. FILTERs are --author, --grep, -S, -G, --since, --until, --merges and\n--no-merges; a commit has to pass all of them; all of history is looked\nat, for nothing proves that what came before an old commit is older. PATTERNs are written in\nRE2's syntax ((?i) at the beginning: in whatever case), and match within a line. With --graph how lines of history part and meet\nis drawn beside them. With --links the receipts of the rounds of the link NAME, or of all: what each\nread, wrote and held back, and the checksums of both sides after it. FORMAT has Git's placeholders: %H %h the commit,\n%T %t its tree, %P %p its parents, %an %ae %al %ad %aD %ai %aI %as %ar %at its author with name, address and date, %cn and\nso on its committer, %s %b %B the message, %D %d what points at it, %n %% %x00, and %Cred %Cgreen %Cyellow %Ccyan %C(bold)\n%C(dim) %Creset.",
  options: {
    ...formOptions,
    ...choiceOptions,
    stat: { type: 'flag', about: 'with the changed paths and how much of them; of PATH, alone' },
    ...nameOptions,
    ...lineOptions,
    patch: {
      type: 'flag',
      short: 'p',
      about: 'with the changes, as `varve diff` shows them; of PATH, alone',
    },
    graph: { type: 'flag', about: 'draw how branches part and meet' },
    key: { type: 'list', short: 'k', value: 'KEY', about: "the row's key; once for each of its columns" },
    column: { type: 'text', short: 'c', value: 'NAME', about: 'only this cell of the row' },
    links: { type: 'flag', about: 'receipts of links with live systems, also of those that were fetched' },
    follow: { type: 'flag', about: 'go on under the names that PATH had before; so it is anyway' },
    'no-follow': { type: 'flag', about: 'only what happened under the name PATH' },
  },
  examples: [
    ['varve log --oneline -5', 'the last five commits'],
    ['varve log --graph --oneline --all', 'all branches, and how they part and meet'],
    ['varve log --name-status -3', 'which paths the last three commits changed'],
    ["varve log -S 'New York' people.csv", 'commits that brought a value into a table, or took it out'],
    ["varve log -G 'colou?r' notes.txt", 'commits that added or removed a line like this'],
    ['varve log --stat people.csv', 'the commits that changed a file, and how'],
    ['varve log -p -1 people.csv', 'the last change of a file, by row and cell'],
    ["varve log --author ada --since '2 weeks ago'", 'what one person did lately'],
    ['varve log people.csv --key 17', 'what became of one row, and who did it'],
    ['varve log people.csv --key 17 --column city --oneline', 'what became of one cell'],
    ["varve log --reverse --date short --format '%h %ad %an: %s'", 'a form of your own, oldest first'],
    ['varve log --links shop -3', 'what the last three rounds of a link did'],
    ['varve log main..cleanup', 'what cleanup has and main has not'],
    ['varve log --branches ^main', 'what any branch has and main has not'],
  ],
  json: '{ items: CommitInfo[] }, with --stat each with `stat: DiffStat[]`, with --name-only with `changed: string[]`, with --name-status with `changed: PathChange[]`, with -p with `changes: { items: FileDiff[] }`, with --key { items: (CommitInfo & { path: string; keyColumns: string[]; change: RowChange })[] }, with --links { items: LoggedReceipt[] }; LoggedReceipt = { id: string; link: string; mode: string; startedMs: number; finishedMs: number; tables: TableReceipt[]; heldBack: { table: string; key: string; reason: string }[]; heldBackCount: number; commit: string | null; notes: string[] }',
  numberOption: 'limit',
  pages: () => true,
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, repository, operation } = context
  given.exclusive('follow', 'no-follow')
  given.exclusive('stat', ...nameNames)
  const repo = await repository()
  if (given.flag('links')) return logReceipts(context, repo)
  const { revisions, paths } = await revisionsAndPaths(repo, given, Infinity)
  if (paths.length > 1) {
    await requirePaths(repo, given, paths)
    throw usage('log takes one path')
  }
  if (given.list('key').length > 0) return logRow(context, repo, revisions, paths[0])
  if (given.text('column') !== undefined) throw usage('--column needs the row: --key KEY')
  await requirePaths(repo, given, paths)
  for (const other of ['patch', 'reverse', ...filterNames]) given.exclusive('graph', other)
  const graph = given.flag('graph') ? new Graph() : null
  if (graph !== null && paths.length > 0) throw usage('--graph draws all commits, not those of a path')
  const commits = repo.log({
    ...operation,
    ...choice(given, revisions),
    ...(paths[0] === undefined ? {} : { path: toRepositoryPath(repo.root, paths[0]) }),
  })
  await printLog(context, repo, commits, graph)
  return 0
}
