// Files that stay files and yet hold rows: Parquet and SQLite. varve.yaml may name their key, by which diff tells rows
// apart; the file's extension says which of them it is.

export type ColumnarName = 'parquet' | 'sqlite'

const extensions: readonly (readonly [string, ColumnarName])[] = [
  ['.parquet', 'parquet'],
  ['.sqlite', 'sqlite'],
  ['.sqlite3', 'sqlite'],
  ['.db', 'sqlite'],
  ['.db3', 'sqlite'],
]

/** The columnar format that the file's name stands for; null for other files. */
export function columnarFormatOf(path: string): ColumnarName | null {
  const lower = path.toLowerCase()
  return extensions.find(([end]) => lower.endsWith(end))?.[1] ?? null
}

export function isColumnar(format: string): format is ColumnarName {
  return format === 'parquet' || format === 'sqlite'
}
