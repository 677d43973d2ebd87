// One table of a SQLite file as a source of cells. SQLite's columns take any value whatever they are declared as, so a
// column's type is what is declared only where all that is stored agrees. Text is read as bytes: a cell with a zero
// byte, or that is no Unicode, would else be cut or changed silently.
import type { SqliteFile, SqliteValue } from '../../base/platform-sqlite.ts'
import { utf8, utf8Text } from '../../base/bytes.ts'
import { throwIfAborted } from '../../base/errors.ts'
import { cellOf, falseCell, nullCell, textCell, trueCell } from '../../table/cell.ts'
import type { Cell, ColumnType } from '../../table/interface.ts'
import { columnsMax } from '../../table/schema.ts'
import { asDamage, cellFault, unsupported } from '../columnar/faults.ts'
import type { CellScanOptions, CellSource, SourceColumn } from '../columnar/interface.ts'
import { floatCell, intCell } from '../columnar/value-cells.ts'
import { quoted } from './names.ts'

const batchRows = 1024

export interface TableOfFile {
  readonly name: string
  readonly where: string
}

/** What a column's values are, as SQLite stores them. */
interface Stored {
  readonly integers: boolean
  readonly reals: boolean
  readonly texts: boolean
  readonly blobs: boolean
  /** All integers are 0 or 1. */
  readonly bits: boolean
}

type ColumnCells = SourceColumn & { readonly isReal: boolean; readonly isJson: boolean }

export function sqliteTable(database: SqliteFile, table: TableOfFile): CellSource {
  try {
    const declared = database
      .all(`PRAGMA table_xinfo(${quoted(table.name)})`)
      .filter(({ hidden }) => hidden !== 1)
    if (declared.length > columnsMax) throw unsupported(table.where, `'${table.name}' has too many columns`)
    const names = declared.map(({ name }) => String(name))
    const stored = storedKinds(database, table.name, names)
    const columns = declared.map(({ name, type }, i) =>
      columnOf(String(name), String(type ?? ''), stored.columns[i]!),
    )
    const key = declared
      .filter(({ pk }) => Number(pk) > 0)
      .sort((a, b) => Number(a['pk']) - Number(b['pk']))
      .map(({ name }) => String(name))
    return {
      columns: columns.map(({ name, type }) => ({ name, type })),
      key: key.length === 0 ? null : key,
      rowCount: stored.rowCount,
      cells: (options) => cellsOf(database, table, columns, options),
    }
  } catch (error) {
    throw asDamage(table.where, error)
  }
}

/** One look at the whole table, within SQLite. */
function storedKinds(
  database: SqliteFile,
  name: string,
  columns: readonly string[],
): { rowCount: number; columns: Stored[] } {
  const all: Stored[] = []
  let rowCount = 0
  // So many results fit into one statement.
  for (let at = 0; at === 0 || at < columns.length; at += 300) {
    const part = columns.slice(at, at + 300).map(quoted)
    const sums = part.map(
      (column, i) =>
        `max(typeof(${column})='integer') i${i}, max(typeof(${column})='real') r${i}, max(typeof(${column})='text') t${i}, ` +
        `max(typeof(${column})='blob') b${i}, max(typeof(${column})='integer' AND ${column} NOT IN (0,1)) w${i}`,
    )
    const [row] = database.all(`SELECT count(*) n, ${sums.join(', ')} FROM ${quoted(name)} NOT INDEXED`)
    rowCount = Number(row!['n'])
    const is = (column: string): boolean => row![column] === 1
    part.forEach((_, i) =>
      all.push({
        integers: is(`i${i}`),
        reals: is(`r${i}`),
        texts: is(`t${i}`),
        blobs: is(`b${i}`),
        bits: !is(`w${i}`),
      }),
    )
  }
  return { rowCount, columns: all }
}

function columnOf(name: string, declared: string, stored: Stored): ColumnCells {
  const wish = declared.toUpperCase()
  const { integers, reals, texts, blobs } = stored
  const isEmpty = !integers && !reals && !texts && !blobs
  const only = (kind: keyof Stored): boolean =>
    stored[kind] && [integers, reals, texts, blobs].filter(Boolean).length === 1
  const type = ((): ColumnType => {
    if (/\bJSON\b/.test(wish)) return 'json'
    if (isEmpty) return typeDeclared(wish)
    if (only('integers')) return /\bBOOL/.test(wish) && stored.bits ? 'bool' : isReal(wish) ? 'float' : 'int'
    if (!texts && !blobs) return 'float'
    if (only('blobs')) return 'bytes'
    if (only('texts') && /^(DATE|TIMESTAMP|DATETIME)\b/.test(wish))
      return wish.startsWith('DATE') && !wish.startsWith('DATETIME') ? 'date' : 'timestamp'
    return isReal(wish) && !blobs ? 'float' : 'text'
  })()
  return { name, type, isReal: type === 'float', isJson: type === 'json' }
}

/** SQLite's own rules of affinity, and what people write beside them. */
function typeDeclared(wish: string): ColumnType {
  if (/\bBOOL/.test(wish)) return 'bool'
  if (wish.includes('INT')) return 'int'
  if (isReal(wish)) return 'float'
  if (/DEC|NUMERIC/.test(wish)) return 'decimal'
  if (wish.includes('BLOB')) return 'bytes'
  if (/^(TIMESTAMP|DATETIME)\b/.test(wish)) return 'timestamp'
  return /^DATE\b/.test(wish) ? 'date' : 'text'
}

function isReal(wish: string): boolean {
  return /REAL|FLOA|DOUB/.test(wish)
}

function* cellRows(
  database: SqliteFile,
  { name, where }: TableOfFile,
  columns: readonly ColumnCells[],
): Generator<Cell[]> {
  const parts = columns.map(({ name: column }, i) => {
    const value = quoted(column)
    return `typeof(${value}) t${i}, CASE typeof(${value}) WHEN 'text' THEN CAST(${value} AS BLOB) ELSE ${value} END v${i}`
  })
  const statement = database.prepare(`SELECT ${parts.join(', ')} FROM ${quoted(name)} NOT INDEXED`)
  let rowNumber = 0
  try {
    for (const row of statement.iterate()) {
      rowNumber++
      yield columns.map((column, i) => {
        try {
          return cellOfValue(String(row[`t${i}`]), row[`v${i}`] ?? null, column)
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
  columns: readonly ColumnCells[],
  { places, signal }: CellScanOptions = {},
): AsyncGenerator<Cell[][]> {
  const wanted = places === undefined ? columns : places.map((place) => columns[place]!)
  try {
    let batch: Cell[][] = []
    for (const row of cellRows(database, table, wanted)) {
      batch.push(row)
      if (batch.length < batchRows) continue
      throwIfAborted(signal)
      yield batch
      batch = []
    }
    if (batch.length > 0) yield batch
  } catch (error) {
    throw asDamage(table.where, error)
  }
}

function cellOfValue(kind: string, value: SqliteValue, column: ColumnCells): Cell {
  if (kind === 'null' || value === null) return nullCell
  if (kind === 'integer') return integerCell(value as number | bigint, column)
  if (kind === 'real') return realCell(value as number, column)
  if (kind === 'blob') return cellOf('bytes', value as Uint8Array)
  let text: string
  try {
    text = utf8Text(value as Uint8Array)
  } catch {
    throw new Error('text is not UTF-8')
  }
  return column.isJson ? jsonTextCell(text) : textCell(text)
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

/** What is no JSON is text, as in any other column. */
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
