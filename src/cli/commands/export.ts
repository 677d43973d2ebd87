import { splitRevisionPath } from '../../history/revision.ts'
import { counted, sizeText } from '../../base/size.ts'
import { usage } from '../arguments.ts'
import { alignedRows } from '../format/columns.ts'
import { exchangeFormatNamed, exchangeFormatOfFile, splitTable } from '../table-format.ts'
import type { Command, Context } from '../interface.ts'
import { pathInRevision, toRepositoryPath } from '../paths.ts'
import { visible } from '../visible.ts'
import { writeFile } from '../write-file.ts'

export const command: Command = {
  usage: [
    'export [--format FORMAT] [-o FILE] [REV:]PATH',
    'export git DIR [--all] [--bare] [--force] [--no-notes] [REV...]',
  ],
  description:
    "Writes a table's rows in key order as CSV, TSV, JSON Lines, Parquet or SQLite, whatever format the\ntable's own file has. Parquet and SQLite get typed columns; a column whose type cannot hold all its\nvalues exactly is written as text, and the command says so. For the file as it was added, use `varve\ncat`.\n\n'export git' writes history into a Git repository: an existing one, or a new one in DIR. Commits\nkeep authors, dates (to the second) and messages, and tables become the bytes of their files.\nWithout REVs (branches and tags), the current branch is exported, with the tags on exported commits.\nRun it again to add what is new. Commits that 'import git' brought in, and that nobody changed, get\ntheir old ids. Branches there only move forward, and files that are checked out follow.\nNotes of exported commits come along; if notes were changed there, import them first.",
  options: {
    format: {
      type: 'text',
      value: 'FORMAT',
      choices: ['csv', 'tsv', 'jsonl', 'parquet', 'sqlite'],
      about: 'csv, tsv, jsonl, parquet or sqlite (default: from the name of FILE or else of PATH, else csv)',
    },
    output: {
      type: 'text',
      short: 'o',
      value: 'FILE',
      about: 'write to FILE, which appears when it is complete; for SQLite, FILE:TABLE names the table',
    },
    all: { type: 'flag', about: 'git: all branches and tags' },
    bare: { type: 'flag', about: 'git: make a bare repository if there is none yet' },
    'no-notes': { type: 'flag', about: 'git: leave out the notes of what is exported' },
    force: {
      type: 'flag',
      about: 'git: move branches and tags even if commits there are lost, and replace notes there',
    },
  },
  examples: [
    ['varve export people.csv --format jsonl', 'as JSON Lines'],
    ['varve export v1:prices -o prices.csv', 'a table of an older version into a file'],
    ['varve export people.csv -o people.parquet', 'with typed columns'],
    ['varve export orders -o shop.db:orders', 'as a SQLite file'],
    ['varve export git ../for-github --all', 'all history as a Git repository'],
  ],
  json: "{ file: string; bytes: number; notes: string[] } with -o; else { items: Row[] }; git: { commits: number; objects: number; skipped: string[]; refs: { ref: string; id: string; state: 'new' | 'moved' | 'same' | 'ahead' | 'kept' }[] }",
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, out, repository, operation } = context
  if (given.words[0] === 'git' && given.words.length > 1) return exportGit(context)
  for (const name of ['all', 'bare', 'force', 'no-notes'])
    if (given.flag(name)) throw usage(`'--${name}' is for 'varve export git DIR'`)
  given.expectWords(1, 1, 'PATH')
  const repo = await repository()
  const { revision, path } = splitRevisionPath(given.words[0]!)
  const table = path === null ? toRepositoryPath(repo.root, revision) : pathInRevision(repo.root, path)
  const named = given.text('format')
  const output = given.text('output')
  const { file, table: name } = output === undefined ? { file: undefined } : splitTable(output)
  const format =
    named === undefined
      ? (exchangeFormatOfFile(file ?? '') ?? exchangeFormatOfFile(table) ?? 'csv')
      : exchangeFormatNamed(named)
  const from = path === null ? 'HEAD' : revision || 'HEAD'
  if (out.json && (output === undefined || output === '-')) {
    if (named !== undefined)
      throw usage("'--json' is a format of its own", "leave out '--format', or name a file: '-o FILE'")
    if (from.startsWith(':'))
      throw usage("'--json' prints tables of commits", "name a file for what is staged: '-o FILE'")
    const view = await (await repo.at(from)).table(table).open()
    await out.asJson(view.scan(operation))
    return 0
  }
  const notes: string[] = []
  const rows = repo.exportTable(from, table, {
    ...operation,
    format,
    table: name,
    onNote: (note) => {
      notes.push(note)
      if (!out.json) out.warn(visible(note))
    },
  })
  if (file === undefined || file === '-') {
    await out.bytes(rows)
    return 0
  }
  const bytes = await writeFile(file, rows)
  out.result({ file, bytes, notes }, () => out.say(`${visible(file)}: ${sizeText(bytes)}`))
  return 0
}

const stateWords = {
  new: 'new',
  moved: 'moved',
  same: 'as it was',
  ahead: 'ahead of here, left as it is',
  kept: 'something else there, left as it is',
} as const

async function exportGit({ arguments: given, out, repository, operation }: Context): Promise<number> {
  for (const name of ['format', 'output'])
    if (given.text(name) !== undefined) throw usage(`'--${name}' is for tables`)
  const [, dir, ...revisions] = given.words
  if (given.flag('all') && revisions.length > 0) throw usage("'--all' and revisions exclude each other")
  const result = await (
    await repository()
  ).exportGit(dir!, {
    ...operation,
    revisions,
    all: given.flag('all'),
    bare: given.flag('bare'),
    force: given.flag('force'),
    notes: !given.flag('no-notes'),
  })
  for (const path of result.skipped) out.warn(`'${visible(path)}' is not a file: left out`)
  out.result(result, () => {
    out.say(`${counted(result.commits, 'new commit')}, ${counted(result.objects, 'new object')}`)
    const rows = result.refs.map(({ ref, id, state }) => [
      `  ${visible(ref.replace(/^refs\/(heads|tags)\//, ''))}`,
      id.slice(0, 10),
      stateWords[state],
    ])
    for (const line of alignedRows(rows)) out.say(line)
  })
  return 0
}
