// A table as a SQLite file with that one table: columns declared by their types, the key as primary key. SQLite has no
// decimals: what no double holds goes out as text, and so do not-a-numbers, which SQLite takes for NULL.
import { type SqliteFile, type SqliteValue, openSqliteFile } from '../../base/platform-sqlite.ts'
import { scratchFile } from '../../base/platform-scratch.ts'
import { VarveError } from '../../base/errors.ts'
import { utf8 } from '../../base/bytes.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import { keyNames } from '../../table/key.ts'
import { cellText } from '../../table/cell.ts'
import type { Cell, TableObject } from '../../table/interface.ts'
import { type OutColumn, type OutType, boolOf } from '../columnar/column-fit.ts'
import { type WriteCellsOptions, jsonOfCell, planColumns, textOfCell } from '../columnar/plan-columns.ts'
import { tableCells } from '../table-cells.ts'
import { foldedName, quoted, sameNames } from './names.ts'

export async function* writeSqlite(
  nodes: NodeStore,
  table: TableObject,
  options: WriteCellsOptions,
): AsyncGenerator<Uint8Array> {
  const columns = await planColumns(nodes, table, { hasDecimals: false }, options)
  checkNames(columns, options.table)
  const scratch = await scratchFile(null)
  try {
    await writeTo(scratch.path, columns, nodes, table, options)
    yield* scratch.bytes()
  } finally {
    await scratch.close()
  }
}

async function writeTo(
  path: string,
  columns: readonly OutColumn[],
  nodes: NodeStore,
  table: TableObject,
  options: WriteCellsOptions,
): Promise<void> {
  const database = await openSqliteFile(path, 'write')
  try {
    // Nobody reads the file before it is done, and it is thrown away when it is not.
    database.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN')
    database.exec(createTable(options.table, columns, keyNames(table.schema)))
    await insertAll(database, tableCells(nodes, table, options), columns, options)
    database.exec('COMMIT')
  } catch (error) {
    if (error instanceof VarveError) throw error
    throw new VarveError('VARVE_NOT_POSSIBLE', `SQLite cannot hold the table: ${(error as Error).message}`, {
      data: { table: options.table },
      hint: 'choose another format, such as CSV or Parquet',
      cause: error,
    })
  } finally {
    database.close()
  }
}

async function insertAll(
  database: SqliteFile,
  batches: AsyncIterable<readonly Cell[][]>,
  columns: readonly OutColumn[],
  { table, onNote }: WriteCellsOptions,
): Promise<void> {
  const marks = columns.map(({ type }) => (isText(type) ? 'CAST(? AS TEXT)' : '?'))
  const insert = database.prepare(`INSERT INTO ${quoted(table)} VALUES (${marks.join(', ')})`)
  const noted = new Set<string>()
  try {
    for await (const rows of batches) {
      for (const cells of rows) insert.run(cells.map((cell, i) => valueOf(cell, columns[i]!)))
      for (const cells of onNote === undefined ? [] : rows) {
        columns.forEach(({ name, type }, i) => {
          if (type.kind !== 'float' || noted.has(name) || cells[i]!.kind !== 'text') return
          if (cellText(cells[i]!) !== 'NaN') return
          noted.add(name)
          onNote?.(`column '${name}' holds NaN, which SQLite has not: those cells are written as text`)
        })
      }
    }
  } finally {
    insert.finalize()
  }
}

function createTable(name: string, columns: readonly OutColumn[], key: readonly string[]): string {
  const definitions = columns.map((column) => {
    const required = key.includes(column.name) ? ' NOT NULL' : ''
    return `${quoted(column.name)} ${declared(column.type)}${required}`
  })
  return `CREATE TABLE ${quoted(name)} (${definitions.join(', ')}, PRIMARY KEY (${key.map(quoted).join(', ')}))`
}

function declared(type: OutType): string {
  switch (type.kind) {
    case 'int':
      return 'INTEGER'
    case 'float':
      return 'REAL'
    case 'bool':
      return 'BOOLEAN'
    case 'date':
      return 'DATE'
    case 'timestamp':
      return 'TIMESTAMP'
    case 'bytes':
      return 'BLOB'
    case 'json':
      // 'TEXT' keeps SQLite from making numbers of what looks like one.
      return 'JSON TEXT'
    default:
      return 'TEXT'
  }
}

function isText({ kind }: OutType): boolean {
  return kind === 'text' || kind === 'json' || kind === 'decimal'
}

function valueOf(cell: Cell, { type }: OutColumn): SqliteValue {
  if (cell.kind === 'absent' || cell.kind === 'null') return null
  switch (type.kind) {
    case 'int':
      return BigInt(cellText(cell))
    case 'float': {
      const value = Number(cellText(cell))
      return Number.isNaN(value) ? 'NaN' : value
    }
    case 'bool':
      return boolOf(cell) === true ? 1 : 0
    case 'bytes':
      return cell.bytes
    case 'date':
    case 'timestamp':
      return cellText(cell)
    default:
      // As bytes: a bound text would end at its first zero byte.
      return utf8(type.kind === 'json' ? jsonOfCell(cell) : textOfCell(cell))
  }
}

function checkNames(columns: readonly OutColumn[], table: string): void {
  const refused = (words: string, data: object): VarveError =>
    new VarveError('VARVE_NOT_POSSIBLE', words, {
      data: { ...data },
      hint: 'choose another name, or another format, such as CSV or Parquet',
    })
  if (foldedName(table).startsWith('sqlite_'))
    throw refused(`SQLite keeps names like '${table}' for itself`, { table })
  const twice = sameNames(columns)
  if (twice !== null)
    throw refused(`columns '${twice[0]}' and '${twice[1]}' are one column to SQLite`, { column: twice[1] })
}
