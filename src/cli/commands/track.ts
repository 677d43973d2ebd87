import type { OperationOptions, TrackResult } from '../../api/interface.ts'
import type { Repository } from '../../api/repository.ts'
import { type Arguments, usage } from '../arguments.ts'
import { columnarFormatOf } from '../../dataset/columnar-name.ts'
import { commandWord } from '../../base/command-word.ts'
import { counted } from '../../base/size.ts'
import type { Command, Context } from '../interface.ts'
import { joinNames, namesGiven } from '../name-list.ts'
import type { Output } from '../output.ts'
import { chosenBy } from '../pathspecs/pathspecs.ts'
import { type TableFormat, formatNamed } from '../table-format.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: ['track PATH... --key COLUMN... [--format FORMAT]'],
  description:
    'Keeps the CSV, TSV or JSON Lines file PATH as a table whose rows have a key. It is then compared and\nmerged by row and cell, and stored so that a small change takes little space. The key is written to\nvarve.yaml, which belongs to the dataset and is staged with the table. Its values must be unique;\nseveral columns make a composite key. Of several PATHs, which may be patterns of names, all become\ntables with this key or none does.\n\nWithout --key nothing changes, but for a CSV or TSV file the command says which columns could be the\nkey. A Parquet file stays a file, and is compared by its key.',
  options: {
    key: {
      type: 'list',
      short: 'k',
      value: 'COLUMN',
      about:
        'a key column; several times, or with commas, for several columns (\'"a,b",c\': a name with a comma in double quotes)',
    },
    format: {
      type: 'text',
      value: 'FORMAT',
      choices: ['csv', 'tsv', 'jsonl'],
      about: "csv, tsv or jsonl (default: from PATH's name)",
    },
  },
  examples: [
    ['varve track people.csv --key id', "the rows' key is id"],
    ["varve track scores.csv --key ''", 'the key is the column without a name, as pandas writes its index'],
    ["varve track 'data/*.csv' --key id", 'all files that the pattern stands for'],
    ['varve track trips.parquet --key trip_id', "diff compares the file's rows by trip_id"],
    ['varve track prices.csv --key date,symbol', 'a composite key of date and symbol'],
  ],
  json: '{ path: string; key: string[]; columns: { name: string; type: string }[]; rows: number }; of several or a pattern: { items: { path; key; columns; rows }[] }',
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  given.expectWords(1, Number.POSITIVE_INFINITY, 'PATH')
  const key = namesGiven(given, 'key')
  const repo = await repository()
  const { path, paths = [path!] } = chosenBy(given, repo.root, given.words)
  if (key.length === 0)
    throw path === undefined ? usage('no key given', keyHint) : await noKey(repo, path, operation)
  const format = formatOption(given)
  const results = await repo.trackAll(paths, {
    ...operation,
    key,
    ...(format === undefined ? {} : { format }),
  })
  out.result(path === undefined ? { items: results } : results[0], () => {
    for (const result of results) print(out, result)
  })
  return 0
}

function print(out: Output, { path, key, columns, rows }: TrackResult): void {
  const count = counted(rows, 'row')
  const what = columnarFormatOf(path) === null ? `is a table of ${count}` : `stays a file of ${count}`
  out.say(`${visible(path)} ${what}, key ${key.map(shownColumn).join(', ')}`)
  if (out.verbose) for (const { name, type } of columns) out.say(`  ${visible(name)}  ${type}`)
}

const keyAsk = 'name the columns that make a row unique'
const keyHint = `${keyAsk}: '--key id'`

/** Says what the key may be, but does not choose it: it is what rows are known by from then on. */
async function noKey(repo: Repository, path: string, operation: OperationOptions): Promise<Error> {
  const guess = await repo.guessKey(path, operation)
  if (guess === null) return usage('no key given', keyHint)
  const columns = guess.map(shownColumn).join(',')
  const keys = guess.includes('') ? guess : [joinNames(guess)]
  const given = keys.map((key) => `--key ${commandWord(key)}`).join(' ')
  return usage('no key given', `${keyAsk}: here no two rows have the same ${columns}, so '${given}' would do`)
}

/** The first column that pandas writes has no name. */
function shownColumn(name: string): string {
  return name === '' ? "''" : visible(name)
}

function formatOption(given: Arguments): TableFormat | undefined {
  const named = given.text('format')
  return named === undefined ? undefined : formatNamed(named)
}
