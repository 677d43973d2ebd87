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

/** The format of a file by its name; null when the name does not tell. */
export function formatOfFile(file: string): TableFormat | null {
  return byName[extensionOf(file)] ?? null
}

/** @throws VarveError VARVE_USAGE for an unknown name */
export function formatNamed(name: string): TableFormat {
  return byName[name.toLowerCase()] ?? unknown(name, 'known are csv, tsv and jsonl')
}

export type ExchangeFormat = TableFormat | 'parquet' | 'sqlite'

const columnarByName: Readonly<Record<string, ExchangeFormat>> = {
  parquet: 'parquet',
  sqlite: 'sqlite',
  sqlite3: 'sqlite',
  db: 'sqlite',
  db3: 'sqlite',
}

/** As `formatOfFile`, for files that rows are imported from or exported to. */
export function exchangeFormatOfFile(file: string): ExchangeFormat | null {
  const extension = extensionOf(file)
  return columnarByName[extension] ?? byName[extension] ?? null
}

/** As `formatNamed`, for import and export. */
export function exchangeFormatNamed(name: string): ExchangeFormat {
  const known = name.toLowerCase()
  return (
    columnarByName[known] ?? byName[known] ?? unknown(name, 'known are csv, tsv, jsonl, parquet and sqlite')
  )
}

function extensionOf(file: string): string {
  return /\.([^./\\]+)$/.exec(file)?.[1]?.toLowerCase() ?? ''
}

function unknown(name: string, hint: string): never {
  throw usage(`unknown format '${name}'`, hint)
}

/** 'shop.db:orders' as file and table; a name without a table as it is. */
export function splitTable(text: string): { file: string; table: string | undefined } {
  const match = /^(.*\.(?:sqlite3?|db3?)):([^/\\]+)$/i.exec(text)
  return match === null ? { file: text, table: undefined } : { file: match[1]!, table: match[2]! }
}
