import { splitRevisionPath } from '../../history/revision.ts'
import { sizeText } from '../../base/size.ts'
import { exchangeFormatOf, splitTable } from '../table-format.ts'
import type { Command, Context } from '../interface.ts'
import { pathInRevision, toRepositoryPath } from '../paths.ts'
import { visible } from '../visible.ts'
import { writeFile } from '../write-file.ts'

export const command: Command = {
  usage: ['export [--format FORMAT] [-o FILE] [REV:]PATH'],
  description:
    "Writes a table's rows in key order as CSV, TSV, JSON Lines, Parquet or SQLite, whatever the table's own file is.\nParquet and SQLite get typed columns; what a type cannot hold in full is written as text, and said. For the file as it\nwas added, use `varve cat`.",
  options: {
    format: {
      type: 'text',
      value: 'FORMAT',
      about: 'csv, tsv, jsonl, parquet or sqlite (default: by the name of FILE, else of PATH, else csv)',
    },
    output: {
      type: 'text',
      short: 'o',
      value: 'FILE',
      about: 'write to FILE, at once when all is there; of SQLite, FILE:TABLE names the table',
    },
  },
  examples: [
    ['varve export people.csv --format jsonl', 'as JSON Lines'],
    ['varve export v1:prices -o prices.csv', 'a table of an older version into a file'],
    ['varve export people.csv -o people.parquet', 'with typed columns'],
    ['varve export orders -o shop.db:orders', 'as a SQLite file'],
  ],
  json: '{ file: string; bytes: number; notes: string[] } with -o; else it prints the rows',
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  given.expectWords(1, 1, 'PATH')
  const repo = await repository()
  const { revision, path } = splitRevisionPath(given.words[0]!)
  const table = path === null ? toRepositoryPath(repo.root, revision) : pathInRevision(repo.root, path)
  const named = given.text('format')
  const output = given.text('output')
  const { file, table: name } = output === undefined ? { file: undefined } : splitTable(output)
  const format =
    named === undefined
      ? (exchangeFormatOf(file ?? '', false) ?? exchangeFormatOf(table, false) ?? 'csv')
      : exchangeFormatOf(named, true)!
  const notes: string[] = []
  const rows = repo.exportTable(path === null ? 'HEAD' : revision || 'HEAD', table, {
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
