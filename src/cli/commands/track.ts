import type { OperationOptions } from '../../api/interface.ts'
import type { Repository } from '../../api/repository.ts'
import { type Arguments, usage } from '../arguments.ts'
import { columnarFormatOf } from '../../dataset/columnar-name.ts'
import { commandWord } from '../../base/command-word.ts'
import { counted } from '../../base/size.ts'
import type { Command, Context } from '../interface.ts'
import { toRepositoryPath } from '../paths.ts'
import { type TableFormat, formatNamed } from '../table-format.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: ['track PATH --key COLUMN... [--format FORMAT]'],
  description:
    'Keeps the CSV, TSV or JSON Lines file PATH as a table whose rows have a key. It is then compared and\nmerged by row and cell, and stored so that a small change takes little space. The key is written to\nvarve.yaml, which belongs to the dataset and is staged with the table. Its values must be unique;\nseveral columns make a composite key.\n\nWithout --key nothing changes, but for a CSV or TSV file the command says which columns could be the\nkey. A Parquet file stays a file, and is compared by its key.',
  options: {
    key: {
      type: 'list',
      short: 'k',
      value: 'COLUMN',
      about: 'a key column; several times, or with commas, for several columns',
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
    ['varve track trips.parquet --key trip_id', "diff compares the file's rows by trip_id"],
    ['varve track prices.csv --key date,symbol', 'a composite key of date and symbol'],
  ],
  json: '{ path: string; key: string[]; columns: { name: string; type: string }[]; rows: number }',
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  given.expectWords(1, 1, 'PATH')
  const key = keyColumns(given.list('key'))
  const repo = await repository()
  const path = toRepositoryPath(repo.root, given.words[0]!)
  if (key.length === 0) throw await noKey(repo, path, operation)
  const format = formatOption(given)
  const result = await repo.track(path, { ...operation, key, ...(format === undefined ? {} : { format }) })
  out.result(result, () => {
    const rows = counted(result.rows, 'row')
    const what = columnarFormatOf(path) === null ? `is a table of ${rows}` : `stays a file of ${rows}`
    out.say(`${visible(result.path)} ${what}, key ${result.key.map(shownColumn).join(', ')}`)
    if (out.verbose) for (const { name, type } of result.columns) out.say(`  ${visible(name)}  ${type}`)
  })
  return 0
}

/** Says what the key may be, but does not choose it: it is what rows are known by from then on. */
async function noKey(repo: Repository, path: string, operation: OperationOptions): Promise<Error> {
  const guess = await repo.guessKey(path, operation)
  const ask = 'name the columns that make a row unique'
  if (guess === null) return usage('no key given', `${ask}: '--key id'`)
  const columns = guess.map(shownColumn).join(',')
  const keys = guess.includes('') ? guess : [guess.join(',')]
  const given = keys.map((key) => `--key ${commandWord(key)}`).join(' ')
  return usage('no key given', `${ask}: here no two rows have the same ${columns}, so '${given}' would do`)
}

/** The first column that pandas writes has no name. */
function shownColumn(name: string): string {
  return name === '' ? "''" : visible(name)
}

function formatOption(given: Arguments): TableFormat | undefined {
  const named = given.text('format')
  return named === undefined ? undefined : formatNamed(named)
}

/** Columns may be given one by one, or several with commas between them; '' is a column without a name. */
export function keyColumns(given: readonly string[]): string[] {
  return given.flatMap((text) => (text === '' ? [''] : text.split(',').filter((column) => column !== '')))
}
