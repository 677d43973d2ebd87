// One version of a table: its records, its header where it has one, and its columns by name.
import type { RecordFile, Records, TableRecord } from './record.ts'

export interface Version {
  readonly file: RecordFile
  readonly header: TableRecord | null
  readonly rows: Records
  /** Names are unique: a name that comes again carries its count. Empty without a header. */
  readonly names: readonly string[]
  /** Cells of the widest record. */
  readonly width: number
  /** null: not looked for. */
  readonly twins: Twins | null
}

/** Rows that the base has as they stand, line end included; both rise together. */
export interface Twins {
  /** By row, that of the base; below 0 where none was found. */
  readonly rows: Int32Array
  /** The other way round. */
  readonly of: Int32Array
  readonly count: number
}

const sampleRows = 200
const sharedPrefixMin = 5

export function versionOf(file: RecordFile, hasHeader: boolean, base: RecordFile | null = null): Version {
  const header = hasHeader ? (file.records.get(0) ?? null) : null
  const rows = header === null ? file.records : file.records.slice(1)
  const names = header === null ? [] : uniqueNames(header.cells)
  return {
    file,
    header,
    rows,
    names,
    width: file.widest,
    twins: base === null ? null : rowTwins(file, base, hasHeader),
  }
}

/** The twins of the rows; null when none were looked for. */
export function rowTwins({ twins }: RecordFile, base: RecordFile, hasHeader: boolean): Twins | null {
  if (twins === null) return null
  const heads = hasHeader ? 1 : 0
  const rows = twins.subarray(heads).map((record) => record - heads)
  const of = new Int32Array(Math.max(0, base.records.length - heads)).fill(-1)
  let count = 0
  for (let row = 0; row < rows.length; row++) {
    if (rows[row]! < 0) continue
    of[rows[row]!] = row
    count++
  }
  return { rows, of, count }
}

function uniqueNames(cells: readonly string[]): string[] {
  const counts = new Map<string, number>()
  return cells.map((cell) => {
    const count = (counts.get(cell) ?? 0) + 1
    counts.set(cell, count)
    return count === 1 ? cell : `${cell} (${count})`
  })
}

/** Whether the first record names the columns: it looks like words, and unlike what stands below it. */
export function looksLikeHeader({ records }: RecordFile): boolean {
  const [first, ...others] = records.slice(0, sampleRows + 1).all()
  if (first === undefined) return false
  const { cells } = first
  if (cells.some((cell) => isData(cell))) return false
  if (cells.filter((cell) => cell.trim() === '').length > cells.length / 3) return false
  if (new Set(cells).size < cells.length * 0.9) return false
  return !cells.some((cell, i) => resembles(cell, others, i))
}

function isData(cell: string): boolean {
  return /^\s*[-+]?[\d.,]+([eE%]|\s*$)/.test(cell) || /^\d{4}-\d\d-\d\d|^https?:\/\//.test(cell)
}

/** Most cells of the column begin as the first one does: it is one of them. */
function resembles(cell: string, rows: readonly TableRecord[], column: number): boolean {
  const length = Math.max(sharedPrefixMin, Math.ceil(cell.length / 3))
  if (cell.length < length || rows.length === 0) return false
  const start = cell.slice(0, length)
  const alike = rows.filter(({ cells }) => cells[column]?.startsWith(start) === true).length
  return alike > rows.length / 2
}
