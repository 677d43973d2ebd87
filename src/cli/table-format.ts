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
