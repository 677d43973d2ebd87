// The formats there are. Others are added here and nowhere else.
import { csvFormat, tsvFormat } from './csv/format.ts'
import type { FormatName, TableFormat } from './interface.ts'
import { jsonlFormat } from './jsonl/format.ts'

const formats: readonly TableFormat[] = [csvFormat, tsvFormat, jsonlFormat]

export function formatNamed(name: FormatName): TableFormat {
  const format = formats.find((candidate) => candidate.name === name)
  if (format === undefined) throw new TypeError(`no format is called '${name}'`)
  return format
}

/** The format that the file's name stands for; null for other files. */
export function formatOfPath(path: string): FormatName | null {
  const lower = path.toLowerCase()
  return formats.find(({ extensions }) => extensions.some((end) => lower.endsWith(end)))?.name ?? null
}
