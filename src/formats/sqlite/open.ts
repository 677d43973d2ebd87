// A SQLite file as its tables, each a source of cells. The file is hostile until it is proved sound: SQLite checks its
// structure first, schemas are not trusted to run functions, and only plain tables are read, no views and no virtual ones.
import { type SqliteFile, openSqliteFile } from '../../base/platform-sqlite.ts'
import type { Scratch } from '../../base/platform-scratch.ts'
import { VarveError } from '../../base/errors.ts'
import { toDamageError, damaged, unsupported } from '../columnar/faults.ts'
import type { CellSource } from '../columnar/interface.ts'
import { sqliteTable } from './table.ts'

const header = 'SQLite format 3\0'

export interface SqliteTables {
  readonly names: readonly string[]
  /** @throws VarveError VARVE_PATH_NOT_FOUND */
  table(name: string): CellSource
  close(): void
}

/**
 * The copy's bytes as SQLite may open them: in WAL mode it would look for a log beside the file, and the copy has none.
 */
export async function* withoutWal(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let at = 0
  for await (const part of source) {
    const touches = at <= 19 && at + part.length > 18
    const bytes = touches ? part.slice() : part
    for (let place = 18; touches && place <= 19; place++) {
      const index = place - at
      if (index >= 0 && index < bytes.length && bytes[index] === 2) bytes[index] = 1
    }
    yield bytes
    at += part.length
  }
}

/** Opens a copy made with `withoutWal`. @throws VarveError VARVE_CORRUPT */
export async function openSqlite(scratch: Scratch, where: string): Promise<SqliteTables> {
  const start = await scratch.read(0, 100)
  if (new TextDecoder('latin1').decode(start.subarray(0, 16)) !== header || start.length < 100)
    throw damaged(where, 'it does not begin as a SQLite file does')
  // SQLite takes bytes that are missing from the last page for zeros.
  const pageBytes = start[16]! * 256 + start[17]! === 1 ? 65_536 : start[16]! * 256 + start[17]!
  if (scratch.size % pageBytes !== 0) throw damaged(where, 'it ends in the middle of a page')
  if (start[59]! > 1) throw unsupported(where, 'its text is UTF-16, which is not read', { reason: 'utf-16' })
  let database: SqliteFile | null = null
  try {
    database = await openSqliteFile(scratch.path, 'read')
    return tablesOf(database, where)
  } catch (error) {
    database?.close()
    throw toDamageError(where, error)
  }
}

function tablesOf(database: SqliteFile, where: string): SqliteTables {
  database.exec('PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA query_only = ON')
  const [check] = database.all('PRAGMA quick_check(1)')
  const verdict = String(Object.values(check ?? {})[0])
  if (verdict !== 'ok') throw damaged(where, verdict.replace(/\s+/g, ' '))
  const names = database
    .all(`SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' ORDER BY name`)
    .map(({ name }) => String(name))
    .filter((name) => !name.toLowerCase().startsWith('sqlite_'))
  return {
    names,
    table: (name) => {
      if (!names.includes(name)) throw noTable(where, name, names)
      return sqliteTable(database, { name, where })
    },
    close: () => database.close(),
  }
}

function noTable(where: string, name: string, names: readonly string[]): VarveError {
  return new VarveError('VARVE_PATH_NOT_FOUND', `'${where}' has no table '${name}'`, {
    data: { path: where, table: name },
    hint: names.length === 0 ? 'it has no tables at all' : `it has: ${names.slice(0, 20).join(', ')}`,
  })
}
