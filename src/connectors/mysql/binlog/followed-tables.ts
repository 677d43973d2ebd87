// The link's tables as the log names them: which row events are theirs, and what statements that are no row events may have
// done to them. Where the log says too little, or speaks of another shape, a table is unclear.
import { compareBytes } from '../../../base/bytes.ts'
import { columnPlaces } from '../../../table/column-places.ts'
import { cellTooLarge, nullCell } from '../../../table/cell.ts'
import type { Cell } from '../../../table/interface.ts'
import { cellBytesMax } from '../../../table/row.ts'
import type { LogChange } from '../../change-log.ts'
import type { MysqlTable } from '../discover.ts'
import { cellOfBytes } from '../types.ts'
import { ByteCursor } from './byte-cursor.ts'
import type { MappedTable, RowsEvent } from './events.ts'
import { fits, readValue } from './row-values.ts'

/** Statements that leave all rows as they are, wherever they stand in the log. SET STATEMENT and ANALYZE run another one. */
const harmless =
  /^\s*(SAVEPOINT|RELEASE|GRANT|REVOKE|FLUSH|ANALYZE( LOCAL| NO_WRITE_TO_BINLOG)? TABLES?|SET( DEFAULT)? (PASSWORD|ROLE)|(CREATE|DROP|ALTER|RENAME)( OR REPLACE)?( TEMPORARY TABLE| USER| ROLE| VIEW| EVENT| FUNCTION| PROCEDURE| SEQUENCE)|(CREATE|DROP)( OR REPLACE)?( DEFINER\s*=\s*\S+)? TRIGGER)\b/i
/** What changes the shape of tables that it names, and of no others. */
const definition = /^\s*(CREATE|ALTER|DROP|TRUNCATE|RENAME|OPTIMIZE|REPAIR)\b(?!.*\b(DATABASE|SCHEMA)\b)/is

/** Concerns a database that it names, and no other. */
const ofDatabase = /^\s*(CREATE|DROP)( OR REPLACE)? (DATABASE|SCHEMA)\b/i

export class FollowedTables {
  readonly #tables: readonly MysqlTable[]
  /** By the number that a transaction calls them. */
  readonly #mapped = new Map<number, Mapped>()

  constructor(tables: readonly MysqlTable[]) {
    this.#tables = tables
  }

  map(mapped: MappedTable): LogChange[] {
    const table = this.#tables.find(
      ({ database, name }) => database === mapped.database && name === mapped.table,
    )
    const { types } = mapped
    const isSame =
      types.length === table?.columns.length &&
      table.columns.every((column, i) => fits(column, types[i]!.type))
    if (table !== undefined && isSame) this.#mapped.set(mapped.id, { table, types })
    else this.#mapped.delete(mapped.id)
    return table === undefined || isSame ? [] : [unclear(table, 'the log speaks of other columns')]
  }

  *rows(event: RowsEvent): Generator<LogChange> {
    const mapped = this.#mapped.get(event.tableId)
    if (mapped === undefined) return
    const { table } = mapped
    if (event.width !== table.columns.length) return yield unclear(table, 'the log speaks of other columns')
    const isWhole = event.present.every((bits) => table.columns.every((_, i) => isSet(bits, i)))
    if (!isWhole) return yield unclear(table, 'the log leaves columns out')
    const cursor = new ByteCursor(event.rows, event.isCut ? cellBytesMax : Infinity)
    const keyPlaces = columnPlaces(table.columns, table.key)
    const keyOf = (row: readonly Cell[]): Cell[] => keyPlaces.map((place) => row[place]!)
    while (cursor.left > 0) {
      const row = readRow(cursor, mapped)
      if (event.kind === 'delete') yield { kind: 'delete', table: table.name, key: keyOf(row) }
      else if (event.kind === 'insert') yield { kind: 'put', table: table.name, oldKey: null, after: row }
      else {
        const after = readRow(cursor, mapped)
        const [old, key] = [keyOf(row), keyOf(after)]
        const isMoved = old.some((cell, i) => compareBytes(cell.bytes, key[i]!.bytes) !== 0)
        yield { kind: 'put', table: table.name, oldKey: isMoved ? old : null, after }
      }
    }
  }

  /** What follows from a statement in the log that is neither rows nor the beginning or end of a transaction. */
  statement(text: string): LogChange[] {
    if (harmless.test(text)) return []
    if (ofDatabase.test(text) && !this.#tables.some(({ database }) => mentions(text, database))) return []
    const short = text.trim().slice(0, 60)
    if (!definition.test(text)) return this.all(`the log has a statement in place of rows: ${short}`)
    return this.#tables
      .filter(({ name }) => mentions(text, name))
      .map((table) => unclear(table, `the log has: ${short}`))
  }

  all(reason: string): LogChange[] {
    return this.#tables.map((table) => unclear(table, reason))
  }
}

interface Mapped {
  readonly table: MysqlTable
  readonly types: MappedTable['types']
}

function readRow(cursor: ByteCursor, { table, types }: Mapped): Cell[] {
  const nulls = cursor.take((table.columns.length + 7) >> 3)
  return table.columns.map((column, i) => {
    if (isSet(nulls, i)) return nullCell
    const value = readValue(cursor, types[i]!, column)
    return typeof value === 'number' ? cellTooLarge(value) : cellOfBytes(value, column.family)
  })
}

function isSet(bits: Buffer, i: number): boolean {
  return ((bits[i >> 3]! >> (i & 7)) & 1) === 1
}

function unclear({ name }: MysqlTable, reason: string): LogChange {
  return { kind: 'unclear', table: name, reason }
}

const notAscii = /[^\0-\u007f]/

/** As a word of its own, in whatever case and quotes; other letters than ASCII's are in whatever code the writer spoke. */
function mentions(statement: string, name: string): boolean {
  if (notAscii.test(name)) return notAscii.test(statement)
  const spellings = [name, name.replaceAll('`', '``'), name.replaceAll('"', '""')].map((one) =>
    one.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'),
  )
  return new RegExp(`(?<![\\p{L}\\p{N}_$])(${spellings.join('|')})(?![\\p{L}\\p{N}_$])`, 'iu').test(statement)
}
