import type { OperationOptions } from '../../api/interface.ts'
import type { Repository } from '../../api/repository.ts'
import { type Arguments, usage } from '../arguments.ts'
import { columnarFormatOf } from '../../dataset/columnar-name.ts'
import { counted } from '../../base/size.ts'
import type { Command, Context } from '../interface.ts'
import { toRepositoryPath } from '../paths.ts'
import { type TableFormat, formatNamed } from '../table-format.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: ['track PATH --key COLUMN... [--format FORMAT]'],
  description:
    "Keeps the CSV, TSV or JSON Lines file as a table whose rows are known by KEY: it is compared and merged by row and\ncell, and stored so that a small change costs little. Its key is written to varve.yaml, which belongs to the dataset\nand is staged with the table. The key's values must be unique; several columns make a composite key. Without --key nothing is\nkept, but of a CSV or TSV file it is said which columns would do. A Parquet file stays a file, and is compared by its\nkey.",
  options: {
    key: {
      type: 'list',
      short: 'k',
      value: 'COLUMN',
      about: 'the key column; several times, or with commas, for several',
    },
    format: {
      type: 'text',
      value: 'FORMAT',
      choices: ['csv', 'tsv', 'jsonl'],
      about: "csv, tsv or jsonl (default: by PATH's name)",
    },
  },
  examples: [
    ['varve track people.csv --key id', 'rows are known by their id'],
    ['varve track trips.parquet --key trip_id', 'diff compares the file by its trips'],
    ['varve track prices.csv --key date,symbol', 'rows are known by date and symbol together'],
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
    out.say(`${visible(result.path)} ${what}, key ${result.key.map(visible).join(', ')}`)
    if (out.verbose) for (const { name, type } of result.columns) out.say(`  ${visible(name)}  ${type}`)
  })
  return 0
}

/** Says what the key may be, but does not choose it: it is what rows are known by from then on. */
async function noKey(repo: Repository, path: string, operation: OperationOptions): Promise<Error> {
  const guess = await repo.guessKey(path, operation)
  const columns = guess?.map(visible).join(',')
  const hint =
    columns === undefined
      ? "name the columns that make a row unique: '--key id'"
      : `name the columns that make a row unique: here no two rows have the same ${columns}, so '--key ${columns}' would do`
  return usage('no key given', hint)
}

function formatOption(given: Arguments): TableFormat | undefined {
  const named = given.text('format')
  return named === undefined ? undefined : formatNamed(named)
}

/** Columns may be given one by one, or several with commas between them. */
export function keyColumns(given: readonly string[]): string[] {
  return given.flatMap((text) => text.split(',')).filter((column) => column !== '')
}
