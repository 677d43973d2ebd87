// Rows that block each other: two rows that exchange their values of a unique index, or rows that refer to each other.
// MySQL checks each row at once, so no order of such writes works. The change is split in two, in one transaction: the
// first step gives the constrained columns temporary values (NULL where that is allowed, else a value that no row has),
// the second gives them their final ones.
import { randomBytes } from 'node:crypto'
import { nullCell, cellOf, textCell, sameCell } from '../../table/cell.ts'
import { utf8 } from '../../base/bytes.ts'
import type { Cell } from '../../table/interface.ts'
import type { RowChange } from '../interface.ts'
import type { MysqlTable } from './discover.ts'
import type { MysqlColumn } from './types.ts'

const sizes: Readonly<Record<string, number>> = { tiny: 1, small: 2, medium: 3, '': 4, big: 6 }

export interface SplitChange {
  readonly first: RowChange
  readonly second: RowChange
}

/** The change in two steps, of which the first needs no other row to go first; null where no column can be set aside. */
export function splitChange(table: MysqlTable, change: RowChange): SplitChange | null {
  const { key, before, after } = change
  if (change.kind === 'update') {
    const changed = table.columns.map((_, place) => !sameCell(change.before[place]!, change.after[place]!))
    const aside = withTemporaryValues(
      table,
      change.before,
      (column, place) => changed[place]! && isConstrained(table, column),
    )
    return aside === null
      ? null
      : {
          first: { kind: 'update', key, before: change.before, after: aside },
          second: { kind: 'update', key, before: aside, after: change.after },
        }
  }
  const aside = withTemporaryValues(table, (before ?? after)!, ({ name }) => table.referringColumns.has(name))
  if (aside === null) return null
  return change.kind === 'insert'
    ? {
        first: { kind: 'insert', key, before: null, after: aside },
        second: { kind: 'update', key, before: aside, after: change.after },
      }
    : {
        first: { kind: 'update', key, before: change.before, after: aside },
        second: { kind: 'delete', key, before: aside, after: null },
      }
}

function isConstrained(table: MysqlTable, { name }: MysqlColumn): boolean {
  return table.uniqueColumns.has(name) || table.referringColumns.has(name)
}

function withTemporaryValues(
  table: MysqlTable,
  row: readonly Cell[],
  isAsked: (column: MysqlColumn, place: number) => boolean,
): Cell[] | null {
  const aside = row.map((cell, place) => {
    const column = table.columns[place]!
    if (column.generated || !isAsked(column, place)) return cell
    return column.nullable ? nullCell : (unusedCell(table, column) ?? cell)
  })
  return aside.some((cell, place) => cell !== row[place]) ? aside : null
}

/** A random value that no row should have; the unique index refuses it if one has it all the same. */
function unusedCell(
  table: MysqlTable,
  { name, family, lengthMax, isUnsigned, nativeType }: MysqlColumn,
): Cell | null {
  if (table.referringColumns.has(name)) return null
  if (family === 'int') {
    const bytes = sizes[/^(tiny|small|medium|big)?/.exec(nativeType)![1] ?? '']!
    const number = randomBytes(bytes).readUIntBE(0, bytes)
    return cellOf('number', utf8(String(isUnsigned ? number : -Math.floor(number / 2) - 1)))
  }
  const digits = Math.min(lengthMax ?? 0, 32)
  return (family === 'text' || family === 'char') && digits >= 8 && !/^(enum|set)/.test(nativeType)
    ? textCell(randomBytes(16).toString('hex').slice(0, digits))
    : null
}
