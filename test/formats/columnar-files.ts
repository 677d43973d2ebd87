// Parquet and SQLite files for tests: rows of cells as short texts, sources over bytes, files made by the libraries.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openSqliteFile } from '../../src/base/platform-sqlite.ts'
import { concatBytes, toHex, utf8Text } from '../../src/base/bytes.ts'
import { collect } from '../../src/base/iterables.ts'
import type { CellSource, ColumnarName } from '../../src/formats/columnar/interface.ts'
import { chosenTable, openColumnar } from '../../src/formats/columnar/open.ts'
import { readCells } from '../../src/formats/columnar/read-cells.ts'
import type { Cell, TableObject } from '../../src/table/interface.ts'
import { type Place, chunksOf, newPlace } from './round-trip.ts'

/** 'number 12', 'text ab', 'null', 'bytes 00ff' */
export function cellWords(cell: Cell): string {
  if (cell.kind === 'bytes') return `bytes ${toHex(cell.bytes)}`
  return cell.bytes.length > 0 || cell.kind === 'text' ? `${cell.kind} ${utf8Text(cell.bytes)}` : cell.kind
}

export async function withSource<T>(
  format: ColumnarName,
  bytes: Uint8Array,
  use: (source: CellSource) => Promise<T>,
  table?: string,
): Promise<T> {
  const file = await openColumnar(chunksOf(bytes, 1000), { format, where: 'data' })
  try {
    return await use(file.table(chosenTable(file, table, 'data')))
  } finally {
    await file.close()
  }
}

export async function rowsOf(format: ColumnarName, bytes: Uint8Array, table?: string): Promise<string[][]> {
  return withSource(
    format,
    bytes,
    async (source) => (await collect(source.cells())).flat().map((row) => row.map(cellWords)),
    table,
  )
}

/** By column: 'name type' and its cells. */
export async function columnsOf(format: ColumnarName, bytes: Uint8Array): Promise<Record<string, string[]>> {
  return withSource(format, bytes, async ({ columns, cells }) => {
    const rows = (await collect(cells())).flat()
    return Object.fromEntries(
      columns.map(({ name, type }, i) => [`${name} ${type}`, rows.map((row) => cellWords(row[i]!))]),
    )
  })
}

export async function readFrom(
  format: ColumnarName,
  bytes: Uint8Array,
  key: readonly string[],
  place: Place = newPlace(),
): Promise<Place & { table: TableObject }> {
  const table = await withSource(format, bytes, (source) =>
    readCells(source, { ...place, key, where: 'data' }),
  )
  return { ...place, table }
}

export async function written(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return concatBytes(await collect(parts))
}

/** The bytes of a database that these statements make. */
export async function sqliteBytes(...statements: string[]): Promise<Uint8Array> {
  const folder = mkdtempSync(path.join(tmpdir(), 'varve-'))
  try {
    const file = path.join(folder, 'made.db')
    const database = await openSqliteFile(file, 'write')
    for (const statement of statements) database.exec(statement)
    database.close()
    return new Uint8Array(readFileSync(file))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
