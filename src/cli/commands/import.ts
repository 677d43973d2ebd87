import { statSync } from 'node:fs'
import { VarveError } from '../../base/errors.ts'
import { type Arguments, usage } from '../arguments.ts'
import { counted } from '../../base/size.ts'
import { shortId } from '../format/commit.ts'
import { warnOfLeftOut } from '../format/left-out.ts'
import {
  type ExchangeFormat,
  exchangeFormatNamed,
  exchangeFormatOfFile,
  splitTable,
} from '../table-format.ts'
import type { Command, Context } from '../interface.ts'
import { namesGiven } from '../name-list.ts'
import { toRepositoryPath } from '../paths.ts'
import { fileBytes, requireFile } from '../read-file.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: [
    'import FILE[:TABLE] --as PATH [--key COLUMN...] [--replace] [--branch NAME] [-m MESSAGE]',
    'import git URL-OR-FOLDER [--branch NAME] [--lfs] [--dvc] [--allow-missing] [PATH...]',
  ],
  description:
    "Loads rows of a CSV, TSV, JSON Lines, Parquet or SQLite file, or of standard input ('-'), into the\ntable PATH (text may be compressed by gzip: may.csv.gz): rows with a known key are replaced, others are added; columns that FILE does not have\nkeep their values. With --replace, all is as in FILE: rows and cells that it does not have are removed. A table that is made this way has no file in the folder: `varve cat` and\n`varve export` read it. If a SQLite file has several tables, name one: shop.db:orders.\n\n'import git' brings in the history of a Git repository, commit by commit, and the notes on its\ncommits (not from a URL). With --lfs and --dvc it\nbrings in the files themselves where Git only has pointers of Git LFS, .dvc files or dvc.lock. It\ntakes them from the folder, and from DVC remotes that are folders, so run `git lfs fetch --all` or\n`dvc fetch --all-commits` there first.",
  options: {
    as: { type: 'text', value: 'PATH', about: 'the table to load into; made if it is new' },
    key: {
      type: 'list',
      short: 'k',
      value: 'COLUMN',
      about:
        'the key column; several times, or with commas, for several (default: the primary key of a SQLite table, else the key of PATH)',
    },
    format: {
      type: 'text',
      value: 'FORMAT',
      choices: ['csv', 'tsv', 'jsonl', 'parquet', 'sqlite'],
      about: "csv, tsv, jsonl, parquet or sqlite (default: from FILE's name)",
    },
    replace: { type: 'flag', about: 'remove rows and cells that FILE does not have' },
    rev: { type: 'text', value: 'REV', about: 'git: the revision to import (default: its HEAD)' },
    branch: {
      type: 'text',
      value: 'NAME',
      about: 'commit to this branch; a new one starts at HEAD (default: stage the rows; git: main)',
    },
    lfs: { type: 'flag', about: 'git: import the files that pointers of Git LFS stand for, in their place' },
    dvc: {
      type: 'flag',
      about: 'git: import the files that .dvc files and dvc.lock stand for, in their place',
    },
    'allow-missing': {
      type: 'flag',
      about: 'git: keep a pointer as it is if its content is missing',
    },
    message: {
      type: 'text',
      short: 'm',
      value: 'MESSAGE',
      about: 'with --branch: the message of the commit',
    },
  },
  examples: [
    ['varve import may.csv --as prices.csv --key date,symbol', 'load a month into a table'],
    ['curl -s $URL | varve import - --as live.jsonl --format jsonl --key id', 'from a pipe'],
    ['varve import shop.db:orders --as orders', 'a table of a SQLite file, by its primary key'],
    ['varve import trips.parquet --as trips --key trip_id', 'a Parquet file'],
    ['varve import git ../old-repository --branch old', "a Git repository's history"],
    ['varve import git ../experiments --dvc', 'the history of a DVC repository, with its data'],
  ],
  json: '{ path: string; rows: number; added: number; changed: number; removed: number }; git: { commits: number; files: number; tags: number; skipped: number; skippedPaths: { path: string; reason: string }[]; pointers: number; notes: number; notesLeft: number; branch: string; head: string | null }',
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, out, repository, operation } = context
  if (given.words[0] === 'git' && given.text('as') === undefined) return importGit(context)
  given.expectWords(1, 1, 'FILE')
  const { file, table } = splitTable(given.words[0]!)
  const as = given.text('as')
  if (as === undefined) throw usage('name the table: --as PATH')
  refusePacked(file, as)
  const format = importFormat(given, file, as)
  const branch = given.text('branch')
  const message = given.text('message')
  if (file !== '-') requireFile(file)
  if (format === 'sqlite' && file !== '-') checkWhole(file)
  const repo = await repository({ commits: true })
  const isStaged = branch === undefined && repo.root !== null
  if (isStaged && message !== undefined)
    throw usage(
      "'-m' needs '--branch': rows are staged without it",
      "commit them with 'varve commit -m MESSAGE'",
    )
  const result = await repo.importTable(file === '-' ? process.stdin : fileBytes(file), {
    ...operation,
    path: toRepositoryPath(repo.root, as),
    format,
    key: namesGiven(given, 'key'),
    ...(file === '-' ? {} : { name: file }),
    ...(table === undefined ? {} : { table }),
    replace: given.flag('replace'),
    ...(branch === undefined ? {} : { branch }),
    ...(message === undefined ? {} : { message }),
  })
  out.result(result, () => {
    const { path, rows, added, changed, removed } = result
    out.say(
      `${visible(path)}: ${added} added, ${changed} changed, ${removed} removed; ${counted(rows, 'row')} now`,
    )
    if (isStaged && added + changed + removed > 0) out.hint("it is staged: 'varve commit' records it")
  })
  return 0
}

async function importGit({ arguments: given, out, repository, operation }: Context): Promise<number> {
  given.expectWords(2, Infinity, 'URL-OR-FOLDER')
  const revision = given.text('rev')
  const branch = given.text('branch')
  const repo = await repository({ commits: true })
  const result = await repo.importGit(given.words[1]!, {
    ...operation,
    ...(revision === undefined ? {} : { revision }),
    ...(branch === undefined ? {} : { branch }),
    ...(given.words.length > 2 ? { paths: given.words.slice(2) } : {}),
    follow: (['lfs', 'dvc'] as const).filter((kind) => given.flag(kind)),
    allowMissing: given.flag('allow-missing'),
  })
  if (!out.json) warnOfLeftOut(out, result.skippedPaths)
  out.result(result, () => {
    const { commits, files, skipped, pointers, notes, notesLeft, head } = result
    const left = skipped === 0 ? '' : `, ${counted(skipped, 'entry', 'entries')} left out`
    out.say(`${counted(commits, 'commit')}, ${counted(files, 'file')}${left}`)
    if (pointers > 0) {
      out.say(
        `${counted(pointers, 'file is a pointer', 'files are pointers')} to contents that were not imported`,
      )
      if (!given.flag('lfs') && !given.flag('dvc'))
        out.hint('--lfs and --dvc bring in what pointers of Git LFS and .dvc files stand for')
    }
    if (notes + notesLeft > 0) {
      const rest = notesLeft === 0 ? '' : `, ${notesLeft} left out: on commits that are not here, or too long`
      out.say(`${counted(notes, 'note')}${rest}`)
    }
    out.say(`branch ${visible(result.branch)} at ${head === null ? 'no commit' : shortId(head)}`)
  })
  return 0
}

function importFormat(given: Arguments, file: string, as: string): ExchangeFormat {
  const format = given.text('format')
  if (format !== undefined) return exchangeFormatNamed(format)
  return exchangeFormatOfFile(file.replace(/\.gz$/i, '')) ?? exchangeFormatOfFile(as) ?? unknownFormat()
}

const unpacking: Readonly<Record<string, string>> = {
  gz: 'gzip -dc',
  zst: 'zstd -dc',
  bz2: 'bzip2 -dc',
  xz: 'xz -dc',
}

function refusePacked(file: string, as: string): void {
  const [, plain = '', ending = ''] = /^(.*)\.([^.]+)$/.exec(file) ?? []
  const command = unpacking[ending.toLowerCase()]
  if (command === undefined) return
  const format = exchangeFormatOfFile(plain) ?? exchangeFormatOfFile(as) ?? 'FORMAT'
  // Of text, what gzip has compressed is unpacked on the way; of the others a whole file is needed.
  if (ending.toLowerCase() === 'gz' && format !== 'parquet' && format !== 'sqlite') return
  throw usage(
    `'${file}' is compressed`,
    `unpack it on the way: ${command} ${file} | varve import - --as ${as} --format ${format}`,
  )
}

function unknownFormat(): never {
  throw usage('the name does not show the format', 'say it: --format csv, tsv, jsonl, parquet or sqlite')
}

/** What a program has written to a log beside the file is part of the database and not of the file. */
function checkWhole(file: string): void {
  const log = [`${file}-wal`, `${file}-journal`].find(
    (name) => (statSync(name, { throwIfNoEntry: false })?.size ?? 0) > 0,
  )
  if (log === undefined) return
  throw new VarveError('VARVE_NOT_POSSIBLE', `'${file}' has changes that are still in '${log}'`, {
    data: { file, log },
    hint: `end the program that uses it, or run: sqlite3 ${file} 'PRAGMA wal_checkpoint(TRUNCATE)'`,
  })
}
