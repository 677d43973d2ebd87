import type { QueryResult } from '../../query/interface.ts'
import { toJson } from '../../table/json.ts'
import { type Arguments, usage } from '../arguments.ts'
import { printResult, printResultMarkdown } from '../format/query-result.ts'
import { sizeText } from '../../base/size.ts'
import type { Command, Context } from '../interface.ts'
import type { Output } from '../output.ts'
import { readText } from '../read-text.ts'
import { formatOfFile } from '../table-format.ts'
import { visible } from '../visible.ts'
import { writeFile } from '../write-file.ts'

export const command: Command = {
  usage: [
    'sql [--at REV | --worktree] [--format FORMAT] [-o FILE] QUERY',
    'sql [--at REV | --worktree] [--format FORMAT] [-o FILE] -F FILE',
  ],
  description:
    "Answers one SELECT in SQLite's dialect over tables as they are committed: joins, aggregates,\nwindows, common table expressions. A table is named by its path, in double quotes if that has\nspecial characters, or by the path's last part without extension. NAME@REV is the table as it was in\nREV, so that one query can compare versions. For tables that were queried before, only what has\nchanged since is read. A query changes nothing.",
  options: {
    at: {
      type: 'text',
      value: 'REV',
      about: 'tables as of REV, unless their names say otherwise (default: HEAD)',
    },
    worktree: {
      type: 'flag',
      about: 'these tables as their files are now, committed or not',
    },
    format: {
      type: 'text',
      value: 'FORMAT',
      choices: ['text', 'markdown', 'csv', 'tsv', 'jsonl'],
      about: "text (the default), markdown, csv, tsv or jsonl; with -o the default follows from FILE's name",
    },
    output: {
      type: 'text',
      short: 'o',
      value: 'FILE',
      about: 'write to FILE, which appears when it is complete',
    },
    file: {
      type: 'text',
      short: 'F',
      value: 'FILE',
      about: "take the query from FILE, '-' for standard input",
    },
  },
  examples: [
    ['varve sql "SELECT city, count(*) AS people FROM people GROUP BY city"', 'query the current commit'],
    ['varve sql --at v1 "SELECT * FROM prices WHERE price > 100"', 'query an older version'],
    [
      `varve sql --worktree 'SELECT id, price FROM prices EXCEPT SELECT id, price FROM "prices@HEAD"'`,
      'query the files: rows that are not committed',
    ],
    [
      `varve sql 'SELECT id, old.price, new.price FROM "prices@v1" old JOIN prices new USING (id) WHERE old.price <> new.price'`,
      'compare two versions',
    ],
    [`varve sql 'SELECT * FROM "data/2024/prices.csv"' --format csv`, 'a table by its path, rows as CSV'],
    ['varve sql -F report.sql -o report.jsonl', 'a query from a file, its rows into another'],
  ],
  json: '{ columns: { name: string; type: ColumnType }[]; tables: { name: string; path: string; commit: string | null }[]; rowCount: number; rowsRead: number; items: Row[] }; with -o { file: string; bytes: number; rowCount: number }',
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  const [file, revision] = [given.text('output'), given.text('at')]
  const format = formatAsked(given, file)
  const sql = await queryText(given)
  const repo = await repository()
  await using result = await repo.query(sql, {
    ...operation,
    ...(revision === undefined ? {} : { revision }),
    worktree: given.flag('worktree'),
  })
  if (file !== undefined && file !== '-') {
    if (format === 'text' || format === 'markdown') throw usage('a file is written as csv, tsv or jsonl')
    const bytes = await writeFile(file, result.export(format))
    const { rowCount } = result
    out.result({ file, bytes, rowCount }, () => out.say(`${visible(file)}: ${sizeText(bytes)}`))
  } else if (out.json) await printJson(out, result)
  else if (format === 'text') await printResult(out, result)
  else if (format === 'markdown') await printResultMarkdown(out, result)
  else await out.bytes(result.export(format))
  return 0
}

type Format = 'text' | 'markdown' | 'csv' | 'tsv' | 'jsonl'

function formatAsked(given: Arguments, file: string | undefined): Format {
  const name = given.text('format')
  if (name === undefined) return file === undefined || file === '-' ? 'text' : (formatOfFile(file) ?? 'csv')
  if (name === 'text' || name === 'markdown') return name
  const format = formatOfFile(name) ?? formatOfFile(`.${name}`)
  if (format !== null) return format
  throw usage(`unknown format '${name}'`, "known: text, markdown, csv, tsv, jsonl; for a program: '--json'")
}

async function queryText(given: Arguments): Promise<string> {
  const file = given.text('file')
  given.expectWords(file === undefined ? 1 : 0, file === undefined ? 1 : 0, 'QUERY')
  const text = file === undefined ? given.words[0]! : await readText(file, 'the query')
  return text.trim().replace(/;$/, '')
}

async function printJson(out: Output, result: QueryResult): Promise<void> {
  const { columns, tables, rowCount, rowsRead } = result
  out.raw(`${toJson({ columns, tables, rowCount, rowsRead }).slice(0, -1)},"items":[`)
  let separator = '\n'
  for await (const rows of result.rows()) {
    for (const row of rows) {
      out.raw(separator + toJson(row))
      separator = ',\n'
    }
    await out.drain()
  }
  out.raw(`${rowCount === 0 ? '' : '\n'}]}\n`)
}
