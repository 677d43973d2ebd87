import { lineOptions } from '../format/diff-options.ts'
import { nameNames, nameOptions } from '../format/names.ts'
import { usage } from '../arguments.ts'
import { Graph } from '../format/graph.ts'
import type { Command, Context } from '../interface.ts'
import { chosenPaths } from '../log/chosen-paths.ts'
import { choice, choiceOptions, filterNames } from '../log/choice.ts'
import { printLog } from '../log/commits.ts'
import { formOptions, wantsNotes } from '../log/form.ts'
import { logLines } from '../log/lines.ts'
import { logReceipts } from '../log/receipts.ts'
import { logRow } from '../log/rows.ts'
import { showSignatureOption, wantsSignatures } from '../signing/shown.ts'
import { authorsLookedFor, shownPeople } from '../log/shown-people.ts'
import { requirePaths, revisionsAndPaths } from '../paths.ts'

export const command: Command = {
  usage: [
    'log [--oneline | --format FORMAT] [--date STYLE] [-n N] [--reverse] [--stat | --name-only | --name-status] [-p] [--all | --branches | --tags | --remotes] [--no-follow] [FILTER...] [REV | A..B | ^A]... [[--] PATH...]',
    'log --graph [--oneline] [-n N] [--stat] [--all] [REV | A..B | ^A]...',
    'log --links [NAME] [--oneline] [-n N]',
    'log -L START,END:FILE... [--oneline] [-n N] [--no-follow] [FILTER...] [REV | A..B]',
    'log --key KEY... [--column NAME] [--oneline] [-n N] [--all] [--no-follow] [FILTER...] [REV | A..B | ^A]... [--] TABLE',
  ],
  description:
    "Lists commits, newest first: those that REVs reach (default: HEAD), without those that ^A reaches\n(A..B is ^A B). With PATHs, only commits that changed one of them; a single file or table is\nfollowed under its earlier names. With --key, only commits that added, changed or removed that row\nof TABLE, or with --column that cell, each with the change. With --graph a drawing beside the\ncommits shows how branches part and meet.\n\nThe FILTERs are --author, --committer, --grep, -S, -G, --since, --until, --merges and --no-merges. A\ncommit has to pass all of them. All of history is searched, since an older commit need not have an\nolder date. The PATTERNs of the first three are grep's (see -E, -P, -F and -i), those of -G and\n--pickaxe-regex have RE2's syntax; all match within a line.\n\nWith --links it lists the receipts of the rounds of the link NAME, or of all links: what each round\nread, wrote and held back, and the checksums of both sides after it.\n\nFORMAT has Git's placeholders: %H %h the commit, %T %t its tree, %P %p its parents, %an %ae %al %ad\n%aD %ai %aI %as %ar %at its author with name, address and date, %cn and so on its committer, %s %b\n%B the message, %N the note, %D %d the names that point at it, %n %% %x00, %<(N) %>(N) %><(N)\nbefore one of them pad it to N columns (%<(N,trunc) also cuts it), and %Cred %Cgreen %Cyellow %Ccyan\n%C(bold) %C(dim) %Creset. Of signatures: %G? one letter, %GS the signer, %GK the key, %GF %GP its\nfingerprints, %GT the trust, %GG what was said; `--show-signature` shows that too (docs/SIGNING.md).\nA program runs for each commit.",
  options: {
    ...formOptions,
    ...choiceOptions,
    stat: {
      type: 'flag',
      about: 'also show the changed paths, and how much has changed in each; with PATH, only of PATH',
    },
    ...nameOptions,
    ...lineOptions,
    patch: {
      type: 'flag',
      short: 'p',
      about: 'also show the changes, as `varve diff` does; with PATH, only of PATH',
    },
    ...showSignatureOption,
    graph: { type: 'flag', about: 'draw how branches part and meet' },
    'line-range': {
      type: 'list',
      short: 'L',
      value: 'START,END:FILE',
      about: "what became of these lines of a text: '10,20:notes.txt', '10,+5:…', '/PATTERN/,/PATTERN/:…'",
    },
    key: { type: 'list', short: 'k', value: 'KEY', about: "the row's key; once for each of its columns" },
    column: { type: 'text', short: 'c', value: 'NAME', about: 'only this cell of the row' },
    links: { type: 'flag', about: 'receipts of links with live systems, fetched ones included' },
    follow: {
      type: 'flag',
      about: 'follow PATH under its earlier names (the default, with one PATH that is no pattern)',
    },
    'no-follow': { type: 'flag', about: 'only commits that changed something under the name PATH' },
  },
  examples: [
    ['varve log --oneline -5', 'the last five commits'],
    ['varve log --graph --oneline --all', 'all branches, and how they part and meet'],
    ['varve log --name-status -3', 'which paths the last three commits changed'],
    ['varve log --no-notes -3', 'the last three commits without what `varve notes` added'],
    ["varve log -S 'New York' people.csv", 'commits that added or removed a value in a table'],
    ["varve log -G 'colou?r' notes.txt", 'commits that added or removed a line like this'],
    ['varve log --stat people.csv', 'the commits that changed a file, and how'],
    ["varve log --oneline 'reports/*.csv'", 'the commits that changed one of these files'],
    ['varve log -p -1 people.csv', 'the last change of a file, by row and cell'],
    ["varve log -E --grep '^(fix|mend)' --invert-grep", 'commits whose messages do not begin so'],
    ["varve log --author ada -i --since '2 weeks ago'", 'what one person did lately'],
    ['varve log -L 10,20:notes.txt', 'what became of some lines, and who changed them'],
    ['varve log people.csv --key 17', 'the history of one row'],
    ['varve log people.csv --key 17 --column city --oneline', 'the history of one cell'],
    ["varve log --reverse --date short --format '%h %ad %an: %s'", 'in your own format, oldest first'],
    ["varve log --date 'format:%d.%m.%Y' --format '%ad %s'", 'with dates as strftime writes them'],
    ["varve log --format '%<(12,trunc)%an %>(14)%ar  %s'", 'in columns'],
    ["varve log --format '%h %G? %GS  %s'", 'whose signatures commits have, and if they are good'],
    ['varve log --links shop -3', 'what the last three rounds of a link did'],
    ['varve log main..cleanup', 'commits that cleanup has and main does not'],
    ['varve log --branches ^main', 'commits that any branch has and main does not'],
    ['varve log --branches --not --remotes', 'commits that were never pushed'],
  ],
  json: '{ items: CommitInfo[] }, with --stat each with `stat: DiffStat[]`, with --name-only with `changed: string[]`, with --name-status with `changed: PathChange[]`, with -p with `changes: { items: FileDiff[] }`, with -L { items: (CommitInfo & { path: string; from?: string; isNew?: true; hunks: LineHunk[] })[] }, with --key { items: (CommitInfo & { path: string; keyColumns: string[]; change: RowChange })[] }, with --links { items: LoggedReceipt[] }',
  numberOption: 'limit',
  pages: () => true,
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, repository, operation } = context
  given.exclusive('follow', 'no-follow')
  given.exclusive('stat', ...nameNames)
  const signatures = wantsSignatures(given)
  const repo = await repository({ signatures })
  if (given.list('line-range').length > 0) {
    const { revisions, paths } = await revisionsAndPaths(repo, given, Infinity)
    return logLines(context, repo, revisions, paths)
  }
  if (given.flag('links')) return logReceipts(context, repo)
  const { revisions, paths } = await revisionsAndPaths(repo, given, Infinity)
  if (given.list('key').length > 0) {
    if (paths.length > 1) throw usage('--key is of one table')
    return logRow(context, repo, revisions, paths[0])
  }
  if (given.text('column') !== undefined) throw usage('--column needs the row: --key KEY')
  await requirePaths(repo, given, paths)
  for (const other of ['patch', 'reverse', ...filterNames]) given.exclusive('graph', other)
  const graph = given.flag('graph') ? new Graph() : null
  if (graph !== null && paths.length > 0) throw usage('--graph draws all commits, not those of a path')
  const chosen = chosenPaths(repo.root, given, paths)
  const people = await shownPeople(context)
  const commits = repo.log({
    ...operation,
    ...choice(given, revisions),
    ...authorsLookedFor(people),
    ...chosen,
    notes: !given.flag('oneline') && wantsNotes(given),
    signatures,
  })
  await printLog(context, repo, commits, { graph, people, ...chosen })
  return 0
}
