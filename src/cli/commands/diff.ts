import * as fs from 'node:fs'
import type { DiffFilesOptions } from '../../api/diff-files.ts'
import { diffStatOf } from '../../api/diff-stat.ts'
import type { DiffOptions, DiffStat, FileDiff, PathChange } from '../../api/interface.ts'
import { isVarveError } from '../../base/errors.ts'
import { collect, mapAsync } from '../../base/iterables.ts'
import { splitParents } from '../../history/revision-set.ts'
import { splitRange, splitRevisionPath } from '../../history/revision.ts'
import type { Repository } from '../../index.ts'
import type { PathDiff } from '../../repo/diff/diff.ts'
import { type Arguments, usage } from '../arguments.ts'
import { printDiffs, statLines } from '../format/diff.ts'
import { diffFormat, diffLineOptions, lineOptions } from '../format/diff-options.ts'
import { printFaults } from '../format/patch/check.ts'
import { nameItem, nameLine, nameNames, nameOptions, wantsNames } from '../format/names.ts'
import { printDiffsMarkdown, printStatMarkdown } from '../format/diff-markdown.ts'
import { markdownAsked, textFormats } from '../output-format.ts'
import type { Command, Context } from '../interface.ts'
import { pathInRevision, requirePaths, revisionsAndPaths } from '../paths.ts'
import { toPathspecs } from '../pathspecs/pathspecs.ts'

export const command: Command = {
  usage: [
    'diff [--staged] [--stat | --name-only | --name-status | --check] [-U N] [-w] [--format FORMAT] [REV] [[--] PATH...]',
    'diff A..B [[--] PATH...]',
    'diff A B [[--] PATH...]',
    'diff A:PATH B:PATH',
    'diff --no-index [--stat | --name-only | --name-status] [-U N] [-w] FILE FILE',
  ],
  description:
    'Shows changes: of tables by row and cell (of Parquet and SQLite files too, if a key is known), of\nJSON and YAML by value, of text by line, as a patch that `git apply` takes, and of other files\nby size.\n\n  no revision  what is not staged yet\n  --staged     what the next commit will change\n  REV          the files against REV\n  A..B         from A to B\n  A...B        what B changed since its merge base with A\n  REV^!        what the commit REV changed\n  A:P B:P      one file against another, as they were\n  --no-index   from one file or folder to another; needs no repository, looks for key columns by\n               itself, and exits with 1 if they differ\n\nWith --check it names added lines of texts that end with white space, begin with a space before a tab\nor are left of a conflict, and exits with 2 if there are any.\n\nAs Markdown the output is limited to the size of a comment; -v shows everything.',
  options: {
    staged: { type: 'flag', aliases: ['cached'], about: 'what is staged, against HEAD or REV' },
    stat: { type: 'flag', about: 'only how much has changed in each path' },
    ...nameOptions,
    ...lineOptions,
    format: {
      type: 'text',
      value: 'FORMAT',
      choices: textFormats,
      about: 'text (the default), or markdown for a pull request',
    },
    'no-index': { type: 'flag', about: 'compare two files or folders, in a repository or not' },
    check: { type: 'flag', about: 'only added lines of texts with faulty white space or conflict markers' },
    'exit-code': { type: 'flag', about: 'exit with 1 if there are differences; implied by --quiet' },
  },
  examples: [
    ['varve diff', 'changes that are not staged'],
    ['varve diff --staged people.csv', 'what the next commit will change in one file'],
    ["varve diff '*.csv' ':!drafts'", 'all CSV files, without those in one folder'],
    ['varve diff -w -U1', 'text without changes in white space, with one line of context'],
    ['varve diff --binary v1 > changes.patch', 'a patch for `git apply`, of binary files too'],
    ['varve diff --no-renames --name-status v1', 'renamed files as removed and added'],
    ['varve diff --check --staged', 'in a script: no white space that nobody wants'],
    ['varve diff --name-status v1', 'which paths have changed since v1, and how'],
    ['varve diff v1..main --stat', 'how much main has changed since v1'],
    [
      'varve diff origin/main...HEAD --format markdown',
      'what this branch changes, as a comment on a pull request',
    ],
    ['varve diff --no-index old.csv new.csv', 'what differs between two files, by row and cell'],
    ['varve diff --exit-code origin/main', 'in a script: fail if the files differ from the remote branch'],
  ],
  json: '{ items: FileDiff[] }, with --stat { items: DiffStat[] }, with --name-only { items: string[] }, with --name-status { items: PathChange[] }, with --check { items: { path: string; line: number; faults: string[]; text: string | null }[] }',
  pages: () => true,
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, out, repository, operation } = context
  given.exclusive('stat', 'check', ...nameNames)
  const isMarkdown = markdownAsked(given)
  if (isMarkdown) for (const name of nameNames) given.exclusive(name, 'format')
  const isCheck = given.flag('check')
  if (isCheck) given.exclusive('check', 'unified')
  const lines = diffLineOptions(given)
  const files = await filesNamed(context)
  let found: Differences
  if (files !== null) found = await betweenFiles(...files, { ...operation, ...lines })
  else {
    const repo = await repository()
    const options = { ...operation, ...lines, ...(await ends(repo, given)) }
    found = {
      whole: () => repo.diff(options),
      stats: () => repo.diffStat(options),
      names: () => repo.diffPaths(options),
    }
  }
  if (isCheck) return (await printFaults(out, found.whole())) > 0 ? 2 : 0
  const failing = given.flag('exit-code') || out.quiet || files !== null
  let count = 0
  if (out.quiet && !out.json)
    count = await countUpToOne(lines.ignoreSpace !== undefined ? found.whole() : found.names())
  else if (given.flag('stat')) {
    const stats = await collect(found.stats())
    count = stats.length
    out.result({ items: stats }, () => {
      if (isMarkdown) printStatMarkdown(out, stats)
      else for (const line of statLines(stats, out)) out.line(line)
    })
  } else if (wantsNames(given)) count = await printNames(context, found.names())
  else if (isMarkdown && !out.json) count = await printDiffsMarkdown(out, found.whole(), diffFormat(given))
  else count = await printDiffs(out, found.whole(), diffFormat(given))
  return failing && count > 0 ? 1 : 0
}

/** What is asked for of it is made, and no more. */
interface Differences {
  readonly whole: () => AsyncIterable<FileDiff>
  readonly stats: () => AsyncIterable<DiffStat>
  readonly names: () => AsyncIterable<PathChange>
}

/** Two files instead of revisions: where that is said or, as in Git, where there is no repository. */
async function filesNamed({ arguments: given, repository }: Context): Promise<[string, string] | null> {
  const { words } = given
  const two = (): [string, string] => [words[0]!, words[1]!]
  if (given.flag('no-index')) {
    given.exclusive('no-index', 'staged')
    given.expectWords(2, 2, 'two files or folders')
    return two()
  }
  if (words.length !== 2 || given.flag('staged')) return null
  try {
    await repository()
    return null
  } catch (error) {
    // Otherwise they were meant as revisions.
    if (isVarveError(error, 'VARVE_NO_REPOSITORY') && words.every((word) => fs.existsSync(word))) return two()
    throw error
  }
}

async function betweenFiles(a: string, b: string, options: DiffFilesOptions): Promise<Differences> {
  const { diffFiles } = await import('../../api/diff-files.ts')
  const whole = (): AsyncGenerator<PathDiff> => diffFiles(a, b, options)
  return {
    whole,
    async *stats() {
      for await (const diff of whole()) yield await diffStatOf(diff)
    },
    async *names() {
      let last: string | null = null
      // A file with several tables is several differences.
      for await (const { path, state, from, kind } of whole()) {
        if (path === last) continue
        last = path
        const moved = from === undefined ? {} : { from }
        yield { path, state, ...moved, kind: kind === 'symlink' ? kind : 'file' }
      }
    },
  }
}

async function ends(repo: Repository, given: Arguments): Promise<DiffOptions> {
  const staged = given.flag('staged')
  const files = filesInHistory(repo, given)
  if (files !== null) return files
  const { revisions, paths: typed } = await revisionsAndPaths(repo, given, 2)
  await requirePaths(repo, given, typed)
  const [from, to] = revisions
  if (staged && to !== undefined) throw usage('--staged compares with one revision')
  if (to !== undefined && (isRange(from!) || isRange(to))) throw usage('give A..B, or A B, not both')
  return {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    staged,
    ...(typed.length === 0 ? {} : { paths: toPathspecs(given, repo.root, typed) }),
  }
}

/** 'REV:PATH' twice, where no pathspec can be meant. */
function filesInHistory(repo: Repository, { words, wordsBeforeDashes }: Arguments): DiffOptions | null {
  if (words.length !== 2 || wordsBeforeDashes !== 2) return null
  const named = words.flatMap((word) => {
    const { revision, path } = splitRevisionPath(word)
    const isFile = path !== null && !/^:[/!^(]/.test(word)
    return isFile ? [`${revision}:${pathInRevision(repo.root, path)}`] : []
  })
  return named.length === 2 ? { from: named[0]!, to: named[1]! } : null
}

function isRange(revision: string): boolean {
  return splitRange(revision) !== null || splitParents(revision) !== null
}

async function printNames(
  { arguments: given, out }: Context,
  changes: AsyncIterable<PathChange>,
): Promise<number> {
  if (!out.json) return out.items(changes, (change) => out.line(nameLine(change, given)))
  return out.asJson(mapAsync(changes, (change) => nameItem(change, given)))
}

/** Comparing names is enough, unless changes in white space are ignored. */
async function countUpToOne(all: AsyncIterable<unknown>): Promise<number> {
  for await (const one of all) {
    void one
    return 1
  }
  return 0
}
