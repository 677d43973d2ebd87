// Puts packed rows into a table that is being filled anew, many with one statement: what a statement costs beside its rows is
// as much as a row.
import { type SqliteFile, type SqliteValue, openSqliteFile } from '../../base/platform-sqlite.ts'
import type { Column } from '../../table/interface.ts'
import type { RowsToInsert } from './bound-rows.ts'
import { quoted } from './names.ts'
import { isTextBound } from './row-values.ts'
import { settings } from './run-steps.ts'

const rowsAtOnce = 16
const parametersMax = 4096

/** For a file that is thrown away when filling it fails: no journal to take anything back. */
const fillSettings = 'PRAGMA journal_mode = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -16384'

export interface RowTarget {
  readonly table: string
  /** Those behind the key. */
  readonly columns: readonly Pick<Column, 'type'>[]
}

/** Inserts rows, all of which are new. */
export async function insertRows(file: string, target: RowTarget, rows: RowsToInsert): Promise<void> {
  const database = await openSqliteFile(file, 'write')
  try {
    database.exec(`${settings}; ${fillSettings}; BEGIN`)
    const most = Math.max(
      1,
      Math.min(rowsAtOnce, Math.floor(parametersMax / startsOf(target.columns).length)),
    )
    const whole = rows.rowCount - (rows.rowCount % most)
    insertBy(database, target, rows, { from: 0, to: whole, atOnce: most })
    insertBy(database, target, rows, { from: whole, to: rows.rowCount, atOnce: 1 })
    database.exec('COMMIT')
  } finally {
    database.close()
  }
}

function insertBy(
  database: SqliteFile,
  { table, columns }: RowTarget,
  { bytes, byteEnds, bound, oddAt, odd }: RowsToInsert,
  { from, to, atOnce }: { from: number; to: number; atOnce: number },
): void {
  if (from === to) return
  const texts = columns.map(({ type }) => (isTextBound(type) ? 'CAST(substr(?1, ?, ?) AS TEXT)' : '?'))
  const row = `(${['substr(?1, ?, ?)', ...texts].join(', ')})`
  const statement = database.prepare(
    `INSERT INTO ${quoted(table)} VALUES ${Array<string>(atOnce).fill(row).join(', ')}`,
  )
  // By parameter: whether it is where bytes begin, which SQLite counts from 1 and from where the statement's begin.
  const isStart = Array.from({ length: atOnce }, () => startsOf(columns)).flat()
  const values: SqliteValue[] = [null, ...isStart.map(() => null)]
  let at = (from * isStart.length) / atOnce
  let nextOdd = oddAt.filter((one) => one < at).length
  let nextOddAt = oddAt[nextOdd] ?? Infinity
  try {
    for (let first = from; first < to; first += atOnce) {
      const start = first === 0 ? 0 : byteEnds[first - 1]!
      values[0] = bytes.subarray(start, byteEnds[first + atOnce - 1]! + 1)
      for (let i = 0; i < isStart.length; i++, at++) {
        const value = bound[at]!
        if (at === nextOddAt) {
          values[i + 1] = odd[nextOdd++]!
          nextOddAt = oddAt[nextOdd] ?? Infinity
        } else if (isStart[i]!) values[i + 1] = Number.isNaN(value) ? null : (value | 0) - start + 1
        else values[i + 1] = Number.isNaN(value) ? null : value
      }
      statement.run(values)
    }
  } finally {
    statement.finalize()
  }
}

/** By parameter of a row, the key's first: whether it is where bytes begin; the next one is then how many they are. */
function startsOf(columns: readonly Pick<Column, 'type'>[]): boolean[] {
  return [true, false, ...columns.flatMap(({ type }) => (isTextBound(type) ? [true, false] : [false]))]
}
