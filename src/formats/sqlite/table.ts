// One table of a SQLite file as a source of cells, of the types that fit all that is stored. Text is read as bytes: a cell
// with a zero byte, or that is no Unicode, would else be cut or changed silently.
import type { SqliteFile, SqliteValue } from '../../base/platform-sqlite.ts'
import { utf8, utf8Text } from '../../base/bytes.ts'
import { throwIfAborted } from '../../base/errors.ts'
import { isUtf8 } from '../../base/platform.ts'
import { cellOf, falseCell, nullCell, textCell, trueCell } from '../../table/cell.ts'
import type { Cell } from '../../table/interface.ts'
import { columnsMax } from '../../table/schema.ts'
import { toDamageError, cellFault, unsupported } from '../columnar/faults.ts'
import type { CellScanOptions, CellSource, SourceColumn } from '../columnar/interface.ts'
import { floatCell, intCell } from '../columnar/value-cells.ts'
import { quoted } from './names.ts'
import { type StoredColumn, onlyKind, storedColumns, typeOfStored } from './stored-columns.ts'

const batchRows = 1024
const batchBytes = 4 << 20

export interface TableOfFile {
  readonly name: string
  readonly where: string
}

type ColumnCells = SourceColumn & { readonly isReal: boolean; readonly isJson: boolean }

/** A column as it is read, with what SQLite's typeof says of each value in it; null: not the same of all. */
type ReadColumn = ColumnCells & { readonly kind: string | null }

/** `kinds`: by what all values of the columns are, where there are more of them than in this table. */
export function sqliteTable(
  database: SqliteFile,
  table: TableOfFile,
  kinds?: readonly StoredColumn[],
): CellSource & { readonly stored: readonly StoredColumn[] } {
  try {
    const declared = database
      .all(`PRAGMA table_xinfo(${quoted(table.name)})`)
      .filter(({ hidden }) => hidden !== 1)
    if (declared.length > columnsMax) throw unsupported(table.where, `'${table.name}' has too many columns`)
    const named = declared.map(({ name, type }) => ({ name: String(name), type: String(type ?? '') }))
    const { rowCount, columns: stored } = storedColumns(database, table.name, named)
    const columns = (kinds ?? stored).map((column, i) => ({
      ...columnOf(column),
      kind: onlyKind(stored[i]!),
    }))
    const key = declared
      .filter(({ pk }) => Number(pk) > 0)
      .sort((a, b) => Number(a['pk']) - Number(b['pk']))
      .map(({ name }) => String(name))
    return {
      columns: columns.map(({ name, type }) => ({ name, type })),
      stored,
      key: key.length === 0 ? null : key,
      rowCount,
      cells: (options) => cellsOf(database, table, columns, options),
    }
  } catch (error) {
    throw toDamageError(table.where, error)
  }
}

function columnOf(stored: StoredColumn): ColumnCells {
  const type = typeOfStored(stored)
  return { name: stored.name, type, isReal: type === 'float', isJson: type === 'json' }
}

function* cellRows(
  database: SqliteFile,
  { name, where }: TableOfFile,
  columns: readonly ReadColumn[],
): Generator<Cell[]> {
  const parts = columns.map(({ name: column, kind }, i) => {
    const value = quoted(column)
    if (kind === 'text') return `CAST(${value} AS BLOB) v${i}`
    if (kind !== null) return `${value} v${i}`
    return `typeof(${value}) t${i}, CASE typeof(${value}) WHEN 'text' THEN CAST(${value} AS BLOB) ELSE ${value} END v${i}`
  })
  const statement = database.prepare(`SELECT ${parts.join(', ')} FROM ${quoted(name)} NOT INDEXED`)
  let rowNumber = 0
  try {
    for (const row of statement.iterate()) {
      rowNumber++
      yield columns.map((column, i) => {
        try {
          return cellOfValue(column.kind ?? String(row[`t${i}`]), row[`v${i}`] ?? null, column)
        } catch (error) {
          throw cellFault('not-representable', String((error as Error).message), {
            where,
            row: rowNumber,
            column: column.name,
          })
        }
      })
    }
  } finally {
    statement.finalize()
  }
}

// Statements of the library hold a place in the file; one is stepped through between awaits, and closed when the
// caller leaves the loop.
async function* cellsOf(
  database: SqliteFile,
  table: TableOfFile,
  columns: readonly ReadColumn[],
  { places, signal }: CellScanOptions = {},
): AsyncGenerator<Cell[][]> {
  const wanted = places === undefined ? columns : places.map((place) => columns[place]!)
  try {
    let batch: Cell[][] = []
    let bytes = 0
    for (const row of cellRows(database, table, wanted)) {
      batch.push(row)
      for (const cell of row) bytes += cell.bytes.length
      if (batch.length < batchRows && bytes < batchBytes) continue
      throwIfAborted(signal)
      yield batch
      batch = []
      bytes = 0
    }
    if (batch.length > 0) yield batch
  } catch (error) {
    throw toDamageError(table.where, error)
  }
}

function cellOfValue(kind: string, value: SqliteValue, column: ColumnCells): Cell {
  if (kind === 'null' || value === null) return nullCell
  if (kind === 'integer') return integerCell(value as number | bigint, column)
  if (kind === 'real') return realCell(value as number, column)
  if (kind === 'blob') return cellOf('bytes', value as Uint8Array)
  if (!isUtf8(value as Uint8Array)) throw new Error('text is not UTF-8')
  return column.isJson ? jsonTextCell(utf8Text(value as Uint8Array)) : cellOf('text', value as Uint8Array)
}

function integerCell(value: number | bigint, { type }: ColumnCells): Cell {
  if (type === 'bool') return value === 1 ? trueCell : falseCell
  return intCell(value)
}

// A real that is a whole number keeps its point where the column does not say that it is a real.
function realCell(value: number, { isReal: saysReal }: ColumnCells): Cell {
  const isWhole = Number.isInteger(value) && Math.abs(value) < 1e21 && !Object.is(value, -0)
  return isWhole && !saysReal ? cellOf('number', utf8(`${value}.0`)) : floatCell(value)
}

/** The text as a cell of JSON; as text when it is not JSON. */
function jsonTextCell(text: string): Cell {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return textCell(text)
  }
  if (typeof parsed === 'string') return textCell(parsed)
  if (typeof parsed === 'boolean') return parsed ? trueCell : falseCell
  return cellOf(typeof parsed === 'number' ? 'number' : 'json', utf8(text.trim()))
}
