// Formats of tables by name, and by the names of files.
import { usage } from './arguments.ts'

export type TableFormat = 'csv' | 'tsv' | 'jsonl'

const byName: Readonly<Record<string, TableFormat>> = {
  csv: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
}

/** The format called `text`, or that a file of this name has; null when the name does not tell. */
export function formatOf(text: string, named: boolean): TableFormat | null {
  const name = named ? text : /\.([^./\\]+)$/.exec(text)?.[1]
  const format = name === undefined ? undefined : byName[name.toLowerCase()]
  if (format === undefined && named) throw usage(`unknown format '${text}'`, 'known are csv, tsv and jsonl')
  return format ?? null
}

export type ExchangeFormat = TableFormat | 'parquet' | 'sqlite'

const columnarByName: Readonly<Record<string, ExchangeFormat>> = {
  parquet: 'parquet',
  sqlite: 'sqlite',
  sqlite3: 'sqlite',
  db: 'sqlite',
  db3: 'sqlite',
}

/** As `formatOf`, for what rows are imported from and exported to. */
export function exchangeFormatOf(text: string, named: boolean): ExchangeFormat | null {
  const name = named ? text : /\.([^./\\]+)$/.exec(text)?.[1]
  const found =
    name === undefined ? undefined : (columnarByName[name.toLowerCase()] ?? byName[name.toLowerCase()])
  if (found === undefined && named)
    throw usage(`unknown format '${text}'`, 'known are csv, tsv, jsonl, parquet and sqlite')
  return found ?? null
}

/** 'shop.db:orders' as file and table; a name without a table as it is. */
export function splitTable(text: string): { file: string; table: string | undefined } {
  const match = /^(.*\.(?:sqlite3?|db3?)):([^/\\]+)$/i.exec(text)
  return match === null ? { file: text, table: undefined } : { file: match[1]!, table: match[2]! }
}
