import type { Blame } from '../../api/row-history.ts'
import { namesSet } from '../../history/revision-set.ts'
import type { Mailmap } from '../../history/mailmap.ts'
import { mailmapOf } from '../log/mailmap.ts'
import type { Repository } from '../../index.ts'
import { type Arguments, usage } from '../arguments.ts'
import { BlamePrinter } from '../format/blame.ts'
import type { Command, Context } from '../interface.ts'
import { toJson } from '../../table/json.ts'
import type { Output } from '../output.ts'
import { isRevision, toRepositoryPath } from '../paths.ts'

export const command: Command = {
  usage: [
    'blame [--column NAME...] TABLE [REV]',
    'blame --key KEY... [--column NAME...] TABLE [REV]',
    'blame [-L START,END]... [-w] FILE [REV]',
  ],
  description:
    'Shows which commit last changed each row of TABLE, when, and who made it; with --column each cell of\nthese columns, with --key each cell of one row. For a text FILE it shows this line by line. Earlier\nnames are followed. A row that a merge took from one side is attributed to that side. Blame starts\nat REV (default: HEAD); uncommitted changes are not shown. Given A..B it does not look behind A, and\nmarks commits at which it stopped with ^.',
  options: {
    key: { type: 'list', short: 'k', value: 'KEY', about: 'only this row; once for each column of its key' },
    column: {
      type: 'list',
      short: 'c',
      value: 'NAME',
      about: 'cells of this column; may be given several times',
    },
    'line-range': {
      type: 'list',
      short: 'L',
      value: 'START,END',
      about: "only these lines of a text: '10,20', '10,+5', '/PATTERN/,+3'; may be given several times",
    },
    'ignore-all-space': {
      type: 'flag',
      short: 'w',
      about: 'a change of white space alone does not count',
    },
  },
  examples: [
    ['varve blame people.csv', 'who changed each row last'],
    ['varve blame people.csv --key 17', 'who brought in each cell of one row'],
    ['varve blame people.csv --column city v1', 'who last changed each city, as of v1'],
    ['varve blame README.md', 'a text, by line'],
    ['varve blame -L 40,60 README.md', 'some of its lines'],
    ['varve blame v1..HEAD -- README.md', 'what is new since v1, and what is older'],
  ],
  json: "{ kind: 'table' | 'text'; path: string; commit: string; keyColumns: string[]; count: number; commits: BlamedCommit[]; items: RowBlame[] | LineBlame[] }",
  pages: () => true,
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, out, repository, operation } = context
  given.expectWords(1, 2, 'PATH')
  const repo = await repository()
  const { path, revision } = await pathAndRevision(repo, given)
  const key = given.list('key')
  const columns = given.list('column')
  const lines = given.list('line-range')
  const blame = await repo.blame(toRepositoryPath(repo.root, path), {
    ...operation,
    ...(revision === undefined ? {} : { revision }),
    ...(key.length === 0 ? {} : { key: { text: key } }),
    ...(columns.length === 0 ? {} : { columns }),
    ...(lines.length === 0 ? {} : { lines }),
    ignoreSpace: given.flag('ignore-all-space'),
  })
  if (out.json) await printJson(out, blame)
  else await print(out, blame, await mailmapOf(context, repo))
  return 0
}

/** The words are PATH REV, or as in Git REV PATH, or REV -- PATH. */
async function pathAndRevision(
  repo: Repository,
  { words, wordsBeforeDashes }: Arguments,
): Promise<{ path: string; revision: string | undefined }> {
  const [first, second] = words as [string, string | undefined]
  if (second === undefined) return { path: first, revision: undefined }
  if (wordsBeforeDashes === 0) throw usage('blame takes one path')
  if (wordsBeforeDashes === 1) return { path: second, revision: first }
  const isSwapped = !(await isRevision(repo, second)) && (namesSet(first) || (await isRevision(repo, first)))
  return isSwapped ? { path: second, revision: first } : { path: first, revision: second }
}

async function print(out: Output, blame: Blame, mailmap: Mailmap): Promise<void> {
  const printer = new BlamePrinter(out, blame, mailmap)
  for await (const rows of blame.rows()) {
    printer.rows(rows)
    await out.drain()
  }
  for await (const lines of blame.lines()) {
    printer.lines(lines, blame.count)
    await out.drain()
  }
}

async function printJson(out: Output, blame: Blame): Promise<void> {
  // Functions are left out of JSON.
  out.raw(`${toJson({ ...blame }).slice(0, -1)},"items":[`)
  let separator = '\n'
  for (const items of [blame.rows(), blame.lines()]) {
    for await (const batch of items) {
      for (const item of batch) {
        out.raw(separator + toJson(item))
        separator = ',\n'
      }
      await out.drain()
    }
  }
  out.raw(separator === '\n' ? ']}\n' : '\n]}\n')
}
